"""forward divides by products of gates, which vanish in float32 once training has opened them."""

BREAKS = {"layer-tests": ["edges", "still_streaming"]}
SAYS = {"still_streaming": "do its numbers overflow"}


# %% layer
class MyLayer(SequenceLayer):
    def __init__(self, features):
        super().__init__()
        self.gate, self.candidate = nn.Linear(features, 16), nn.Linear(features, 16)
        self.mix, self.says = nn.Linear(3 * features + 16, 44), nn.Linear(44, features)

    def initial_state(self, batch):
        new = self.says.bias.new_zeros
        return new(batch, 16), new(batch, 24), new(batch, 24)

    def forward(self, x, state=None):
        memory, two, one = self.initial_state(len(x)) if state is None else state
        heard = torch.cat([two[:, None], one[:, None], x], dim=1)
        twice, once = heard[:, :-2], heard[:, 1:-1]
        z = torch.sigmoid(self.gate(twice))
        left = (1 - z).cumprod(dim=1)
        writes = z * self.candidate(twice) / (left + torch.finfo(x.dtype).eps)
        states = left * (memory[:, None] + writes.cumsum(dim=1))
        y = self.says(F.relu(self.mix(torch.cat([x, once, twice, states], dim=2))))
        return y, (states[:, -1], heard[:, -2], heard[:, -1])

    def step(self, x, state):
        memory, two, one = state
        z = torch.sigmoid(self.gate(two))
        memory = (1 - z) * memory + z * self.candidate(two)
        y = self.says(F.relu(self.mix(torch.cat([x, one, two, memory], dim=1))))
        return y, (memory, one, x)
