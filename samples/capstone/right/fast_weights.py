"""A memory that is a matrix, written by the delta rule, behind two letters that are kept."""


# %% layer
class MyLayer(SequenceLayer):
    def __init__(self, features):
        super().__init__()
        self.features = features
        self.query, self.key = nn.Linear(features, 5), nn.Linear(features, 5)
        self.value, self.rate = nn.Linear(features, 6), nn.Linear(features, 1)
        self.net = nn.Sequential(
            nn.Linear(6 + 3 * features, 44), nn.ReLU(), nn.Linear(44, features)
        )

    def initial_state(self, batch):
        zeros = self.rate.weight.new_zeros
        return zeros(batch, 6, 5), zeros(batch, self.features), zeros(batch, self.features)

    def step(self, x, state):
        memory, two, one = state
        query, key = F.normalize(self.query(one), dim=1), F.normalize(self.key(two), dim=1)
        error = self.value(two) - (memory @ key.unsqueeze(2)).squeeze(2)
        write = torch.sigmoid(self.rate(two)) * error
        memory = memory + write.unsqueeze(2) * key.unsqueeze(1)
        found = (memory @ query.unsqueeze(2)).squeeze(2)
        return self.net(torch.cat([found, two, one, x], dim=1)), (memory, one, x)

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        outputs = []
        for token in x.unbind(dim=1):
            output, state = self.step(token, state)
            outputs.append(output)
        return torch.stack(outputs, dim=1), state
