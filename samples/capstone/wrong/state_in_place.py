"""step writes into the state that it was given."""

BREAKS = {
    "layer-tests": [
        "gradients",
        "edges",
        "few_weights",
        "little_time",
        "still_streaming",
        "more_than_weak",
        "halfway_to_good",
        "as_good",
        "halfway_to_strong",
        "as_strong",
    ]
}
SAYS = {"edges": "changed a tensor"}


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
        (h,) = state
        new = torch.tanh(self.hears(x) + self.recalls(h))
        with torch.no_grad():
            h.data.copy_(new)
        return self.says(new), (new,)

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        outputs = []
        for token in x.unbind(dim=1):
            output, state = self.step(token, state)
            outputs.append(output)
        return torch.stack(outputs, dim=1), state
