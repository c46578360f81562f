"""Training without a loop over time: all decays are multiplied at once; steps are a recurrence."""


# %% layer
class MyLayer(SequenceLayer):
    def __init__(self, features):
        super().__init__()
        self.features, self.memory = features, 24
        self.gate = nn.Linear(2 * features, self.memory)
        self.candidate = nn.Linear(2 * features, self.memory)
        self.mix = nn.Linear(self.memory + 2 * features, 30)
        self.say = nn.Linear(30, features)

    def initial_state(self, batch):
        new = self.say.bias.new_zeros
        return new(batch, self.memory), new(batch, self.features)

    def forward(self, x, state=None):
        memory, last = self.initial_state(len(x)) if state is None else state
        both = torch.cat([x, torch.cat([last[:, None], x[:, :-1]], 1)], 2)
        net = self.gate(both)
        # log of (1 - z), added up: how much of each write is left at each later step
        kept = F.logsigmoid(-net).cumsum(dim=1)
        left = kept[:, :, None] - kept[:, None]
        ahead = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)[:, :, None]
        left = left.masked_fill(ahead, -math.inf).exp()
        writes = torch.sigmoid(net) * self.candidate(both)
        states = (left * writes[:, None]).sum(dim=2) + kept.exp() * memory[:, None]
        y = self.say(F.relu(self.mix(torch.cat([states, both], dim=2))))
        return y, (states[:, -1], x[:, -1])

    def step(self, x, state):
        memory, last = state
        both = torch.cat([x, last], dim=1)
        z = torch.sigmoid(self.gate(both))
        memory = (1 - z) * memory + z * self.candidate(both)
        return self.say(F.relu(self.mix(torch.cat([memory, both], dim=1)))), (memory, x)
