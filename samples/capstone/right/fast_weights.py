"""A memory that is a matrix, written by the delta rule, behind a look at the token before."""


# %% layer
class MyLayer(SequenceLayer):
    def __init__(self, features):
        super().__init__()
        self.size, self.features = 12, features
        self.query, self.key, self.value = (nn.Linear(2 * features, self.size) for _ in range(3))
        self.rate = nn.Linear(2 * features, 1)
        self.net = nn.Sequential(
            nn.Linear(self.size + 2 * features, 36), nn.ReLU(), nn.Linear(36, features)
        )

    def initial_state(self, batch):
        zeros = self.rate.weight.new_zeros
        return zeros(batch, self.size, self.size), zeros(batch, self.features)

    def step(self, x, state):
        memory, before = state
        both = torch.cat([x, before], dim=1)
        query, key = (F.normalize(net(both), dim=1) for net in (self.query, self.key))
        error = self.value(both) - torch.einsum("bij,bj->bi", memory, key)
        write = torch.sigmoid(self.rate(both)) * error
        memory = memory + write.unsqueeze(2) * key.unsqueeze(1)
        found = torch.einsum("bij,bj->bi", memory, query)
        return self.net(torch.cat([found, both], dim=1)), (memory, x)

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        outputs = []
        for token in x.unbind(dim=1):
            output, state = self.step(token, state)
            outputs.append(output)
        return torch.stack(outputs, dim=1), state
