"""A selective diagonal state space model: the input sets how long each number is kept."""


# %% layer
class MyLayer(SequenceLayer):
    def __init__(self, features: int) -> None:
        super().__init__()
        self.sizes = 30, features
        self.into = nn.Linear(2 * features, 30)
        self.duration = nn.Linear(2 * features, 30)
        self.speed = nn.Parameter(torch.linspace(-1.0, 3.0, 30))
        self.mix = nn.Linear(30 + 2 * features, 28)
        self.out = nn.Linear(28, features)

    def initial_state(self, batch):
        return tuple(self.speed.new_zeros(batch, size) for size in self.sizes)

    def forward(self, x, state=None):
        h, last = state or self.initial_state(x.shape[0])
        both = torch.cat([x, torch.cat([last.unsqueeze(1), x], dim=1)[:, :-1]], dim=-1)
        keep = torch.exp(-F.softplus(self.duration(both)) * F.softplus(self.speed))
        new = (1 - keep) * self.into(both)
        states = []
        for a, b in zip(keep.unbind(1), new.unbind(1), strict=True):
            h = a * h + b
            states.append(h)
        y = self.mix(torch.cat([torch.stack(states, 1), both], dim=-1))
        return self.out(F.relu(y)), (h, x[:, -1])

    def step(self, x, state):
        y, state = self(x.unsqueeze(1), state)
        return y.squeeze(1), state
