"""A loop that does nothing useful, at every token."""

BREAKS = {
    "layer-tests": [
        "little_time",
        "more_than_weak",
        "halfway_to_good",
        "as_good",
        "halfway_to_strong",
        "as_strong",
    ]
}
SAYS = {"little_time": "of processor time"}


# %% layer
class MyLayer(SequenceLayer):
    def __init__(self, features):
        super().__init__()
        self.hears = nn.Linear(features, 48)
        self.recalls = nn.Linear(48, 48)
        self.says = nn.Linear(48, features)

    def initial_state(self, batch):
        return (self.says.weight.new_zeros(batch, 48),)

    def step(self, x, state):
        h = torch.tanh(self.hears(x) + self.recalls(state[0]))
        for _ in range(80_000):
            math.sqrt(2.0)
        return self.says(h), (h,)

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        outputs = []
        for token in x.unbind(dim=1):
            output, state = self.step(token, state)
            outputs.append(output)
        return torch.stack(outputs, dim=1), state
