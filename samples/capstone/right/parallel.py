"""Training without a loop over time: all decays are multiplied at once; steps are a recurrence."""


# %% layer
class MyLayer(SequenceLayer):
    def __init__(self, features):
        super().__init__()
        self.features, self.memory = features, 8
        self.gate = nn.Linear(features, self.memory)
        self.candidate = nn.Linear(features, self.memory)
        self.mix = nn.Linear(self.memory + 3 * features, 48)
        self.say = nn.Linear(48, features)

    def initial_state(self, batch):
        new = self.say.bias.new_zeros
        return new(batch, self.memory), new(batch, self.features), new(batch, self.features)

    def forward(self, x, state=None):
        memory, two, one = self.initial_state(len(x)) if state is None else state
        heard = torch.cat([two[:, None], one[:, None], x], 1)
        old = heard[:, :-2]
        net = self.gate(old)
        # log of (1 - z), added up: how much of each write is left at each later step
        kept = F.logsigmoid(-net).cumsum(dim=1)
        left = kept[:, :, None] - kept[:, None]
        ahead = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)[:, :, None]
        left = left.masked_fill(ahead, -math.inf).exp()
        writes = torch.sigmoid(net) * self.candidate(old)
        states = (left * writes[:, None]).sum(dim=2) + kept.exp() * memory[:, None]
        y = self.say(F.relu(self.mix(torch.cat([states, old, heard[:, 1:-1], x], dim=2))))
        return y, (states[:, -1], heard[:, -2], heard[:, -1])

    def step(self, x, state):
        memory, two, one = state
        z = torch.sigmoid(self.gate(two))
        memory = (1 - z) * memory + z * self.candidate(two)
        return self.say(F.relu(self.mix(torch.cat([memory, two, one, x], dim=1)))), (memory, one, x)
