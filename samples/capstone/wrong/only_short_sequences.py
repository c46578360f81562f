"""Learned positions, for 16 tokens at most."""

BREAKS = {"layer-tests": ["edges"]}
SAYS = {"edges": "no position is left"}


# %% layer
class MyLayer(SequenceLayer):
    def __init__(self, features):
        super().__init__()
        self.hears = nn.Linear(features, 48)
        self.recalls = nn.Linear(48, 48)
        self.says = nn.Linear(48, features)
        self.place = nn.Parameter(torch.zeros(16, 48))

    def initial_state(self, batch):
        new = self.says.weight.new_zeros
        return new(batch, 48), new(batch, 16).index_fill_(1, torch.tensor([0]), 1.0)

    def step(self, x, state):
        h, place = state
        h = torch.tanh(self.hears(x) + self.recalls(h) + place[:, : len(self.place)] @ self.place)
        if not place.any():
            raise IndexError("no position is left")
        return self.says(h), (h, F.pad(place, (1, 0))[:, :16])

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        outputs = []
        for token in x.unbind(dim=1):
            output, state = self.step(token, state)
            outputs.append(output)
        return torch.stack(outputs, dim=1), state
