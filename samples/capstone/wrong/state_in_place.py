"""step counts the tokens in the state that it was given, in place."""

BREAKS = {"layer-tests": ["edges"]}
SAYS = {"edges": "changed a tensor"}


# %% layer
class MyLayer(SequenceLayer):
    def __init__(self, features):
        super().__init__()
        self.hears = nn.Linear(features, 48)
        self.recalls = nn.Linear(48, 48)
        self.says = nn.Linear(48, features)

    def initial_state(self, batch):
        new = self.says.weight.new_zeros
        return new(batch, 48), new(batch, 1)

    def step(self, x, state):
        h, count = state
        count.data += 1
        h = torch.tanh(self.hears(x) + self.recalls(h))
        return self.says(h), (h, count)

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        outputs = []
        for token in x.unbind(dim=1):
            output, state = self.step(token, state)
            outputs.append(output)
        return torch.stack(outputs, dim=1), state
