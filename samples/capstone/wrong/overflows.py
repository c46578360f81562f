"""forward divides by products of gates, which vanish in float32 once training has opened them."""

BREAKS = {"layer-tests": ["edges", "still_streaming"]}
SAYS = {"still_streaming": "do its numbers overflow"}


# %% layer
class MyLayer(SequenceLayer):
    def __init__(self, features):
        super().__init__()
        self.gate = nn.Linear(2 * features, 24)
        self.candidate = nn.Linear(2 * features, 24)
        self.mix = nn.Linear(24 + 2 * features, 30)
        self.says = nn.Linear(30, features)

    def initial_state(self, batch):
        new = self.says.bias.new_zeros
        return new(batch, 24), new(batch, self.says.out_features)

    def forward(self, x, state=None):
        memory, last = self.initial_state(len(x)) if state is None else state
        both = torch.cat([x, torch.cat([last[:, None], x[:, :-1]], 1)], 2)
        z = torch.sigmoid(self.gate(both))
        left = (1 - z).cumprod(dim=1)
        writes = z * self.candidate(both) / (left + 1e-12)
        states = left * (memory[:, None] + writes.cumsum(dim=1))
        y = self.says(F.relu(self.mix(torch.cat([states, both], dim=2))))
        return y, (states[:, -1], x[:, -1])

    def step(self, x, state):
        memory, last = state
        both = torch.cat([x, last], dim=1)
        z = torch.sigmoid(self.gate(both))
        memory = (1 - z) * memory + z * self.candidate(both)
        return self.says(F.relu(self.mix(torch.cat([memory, both], dim=1)))), (memory, x)
