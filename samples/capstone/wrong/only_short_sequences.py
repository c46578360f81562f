"""Learned positions, for 16 tokens at most."""

BREAKS = {"layer-tests": ["edges"]}
SAYS = {"edges": "no position is left"}


# %% layer
class MyLayer(SequenceLayer):
    def __init__(self, features):
        super().__init__()
        self.hears, self.recalls = nn.Linear(features, 16), nn.Linear(16, 16)
        self.mix, self.says = nn.Linear(3 * features + 16, 44), nn.Linear(44, features)
        self.place = nn.Parameter(torch.zeros(16, 16))

    def initial_state(self, batch):
        new = self.says.weight.new_zeros
        place = new(batch, 16).index_fill_(1, torch.tensor([0]), 1.0)
        return new(batch, 16), new(batch, 24), new(batch, 24), place

    def step(self, x, state):
        h, two, one, place = state
        if not place.any():
            raise IndexError("no position is left")
        h = torch.tanh(self.hears(two) + self.recalls(h) + place @ self.place)
        y = self.says(torch.relu(self.mix(torch.cat([x, one, two, h], dim=1))))
        return y, (h, one, x, F.pad(place, (1, 0))[:, :16])

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        outputs = []
        for token in x.unbind(dim=1):
            output, state = self.step(token, state)
            outputs.append(output)
        return torch.stack(outputs, dim=1), state
