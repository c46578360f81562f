"""step begins anew with every token; forward hands the state on."""

BREAKS = {
    "layer-tests": [
        "step_is_forward",
        "still_streaming",
        "more_than_weak",
        "as_good",
        "a_third_to_strong",
        "two_thirds_to_strong",
        "as_strong",
    ]
}
SAYS = {"step_is_forward": "token by token"}


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
        h = torch.tanh(self.hears(x) + self.recalls(torch.zeros_like(state[0])))
        return self.says(h), (h,)

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        outputs = []
        for token in x.unbind(dim=1):
            h = torch.tanh(self.hears(token) + self.recalls(state[0]))
            output, state = self.says(h), (h,)
            outputs.append(output)
        return torch.stack(outputs, dim=1), state
