"""A selective diagonal state space model: the input sets how long each number is kept."""


# %% layer
class MyLayer(SequenceLayer):
    def __init__(self, features: int) -> None:
        super().__init__()
        self.sizes = 16, features, features
        self.into, self.duration = nn.Linear(features, 16), nn.Linear(features, 16)
        self.speed = nn.Parameter(torch.linspace(-1.0, 1.0, 16))
        self.mix = nn.Linear(16 + 3 * features, 44)
        self.out = nn.Linear(44, features)

    def initial_state(self, batch):
        return tuple(self.speed.new_zeros(batch, size) for size in self.sizes)

    def forward(self, x, state=None):
        h, two, one = state or self.initial_state(x.shape[0])
        heard = torch.cat([two.unsqueeze(1), one.unsqueeze(1), x], dim=1)
        old = heard[:, :-2]
        keep = torch.exp(-F.softplus(self.duration(old)) * torch.exp(self.speed))
        new = (1 - keep) * self.into(old)
        states = []
        for a, b in zip(keep.unbind(1), new.unbind(1), strict=True):
            h = a * h + b
            states.append(h)
        y = self.mix(torch.cat([x, heard[:, 1:-1], old, torch.stack(states, 1)], dim=-1))
        return self.out(F.relu(y)), (h, heard[:, -2], heard[:, -1])

    def step(self, x, state):
        y, state = self(x.unsqueeze(1), state)
        return y.squeeze(1), state
