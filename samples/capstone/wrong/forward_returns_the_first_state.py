"""forward returns the state that it began with."""

BREAKS = {"layer-tests": ["chunks"]}
SAYS = {"chunks": "the state after the last token"}


# %% layer
class MyLayer(SequenceLayer):
    def __init__(self, features):
        super().__init__()
        self.hears, self.recalls = nn.Linear(features, 16), nn.Linear(16, 16)
        self.mix, self.says = nn.Linear(3 * features + 16, 44), nn.Linear(44, features)

    def initial_state(self, batch):
        new = self.says.weight.new_zeros
        return new(batch, 16), new(batch, 24), new(batch, 24)

    def step(self, x, state):
        h, two, one = state
        h = torch.tanh(self.hears(two) + self.recalls(h))
        known = torch.cat([x, one, two, h], dim=1)
        return self.says(torch.relu(self.mix(known))), (h, one, x)

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        outputs, first = [], state
        for token in x.unbind(dim=1):
            output, state = self.step(token, state)
            outputs.append(output)
        return torch.stack(outputs, dim=1), first
