"""Pieces with classes of their own, put together: a look back, a gated memory, a net."""


# %% layer
class Before:
    """The token, and the one before it."""

    def __call__(self, x, last):
        return torch.cat([x, torch.cat([last.unsqueeze(1), x[:, :-1]], 1)], 2), x[:, -1]


class Gated(nn.Module):
    def __init__(self, features, size):
        super().__init__()
        self.gates = nn.Linear(features, 2 * size)

    def forward(self, x, h):
        z, g = self.gates(x).chunk(2, dim=2)
        z, found = z.sigmoid(), []
        for z_t, g_t in zip(z.unbind(1), g.unbind(1), strict=True):
            h = (1 - z_t) * h + z_t * g_t
            found.append(h)
        return torch.stack(found, 1), h


class MyLayer(SequenceLayer):
    def __init__(self, features):
        super().__init__()
        self.features, self.size = features, 24
        self.first, self.second = Before(), Gated(2 * features, self.size)
        self.mlp = nn.Sequential(
            nn.Linear(2 * features + self.size, 30), nn.GELU(), nn.Linear(30, features)
        )

    def initial_state(self, batch):
        like = self.mlp[0].weight
        return like.new_zeros(batch, self.features), like.new_zeros(batch, self.size)

    def forward(self, x, state=None):
        last, h = self.initial_state(x.shape[0]) if state is None else state
        pairs, last = self.first(x, last)
        memory, h = self.second(pairs, h)
        return self.mlp(torch.cat([memory, pairs], dim=2)), (last, h)

    def step(self, x, state):
        y, state = self.forward(x[:, None, :], state)
        return y[:, 0, :], state
