"""Three times as many weights as the budget has."""

BREAKS = {
    "layer-tests": [
        "few_weights",
        "little_time",
        "still_streaming",
        "more_than_weak",
        "as_good",
        "a_third_to_strong",
        "two_thirds_to_strong",
        "as_strong",
    ]
}
SAYS = {"few_weights": "14,040 weights"}


# %% layer
class MyLayer(SequenceLayer):
    def __init__(self, features):
        super().__init__()
        self.hears = nn.Linear(features, 96)
        self.recalls = nn.Linear(96, 96)
        self.says = nn.Linear(96, features)

    def initial_state(self, batch):
        return (self.says.weight.new_zeros(batch, 96),)

    def step(self, x, state):
        h = torch.tanh(self.hears(x) + self.recalls(state[0]))
        return self.says(h), (h,)

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        outputs = []
        for token in x.unbind(dim=1):
            output, state = self.step(token, state)
            outputs.append(output)
        return torch.stack(outputs, dim=1), state
