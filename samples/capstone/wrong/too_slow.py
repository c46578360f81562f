"""A loop that does nothing useful, at every batch of training."""

BREAKS = {
    "layer-tests": [
        "little_time",
        "more_than_weak",
        "as_good",
        "a_third_to_strong",
        "two_thirds_to_strong",
        "as_strong",
    ]
}
SAYS = {"little_time": "of processor time"}


# %% layer
class MyLayer(SequenceLayer):
    def __init__(self, features):
        super().__init__()
        self.hears, self.recalls = nn.Linear(features, 16), nn.Linear(16, 16)
        self.mix, self.says = nn.Linear(3 * features + 16, 44), nn.Linear(44, features)

    def initial_state(self, batch):
        new = self.says.weight.new_zeros
        return new(batch, 16), new(batch, 24), new(batch, 24)

    def step(self, x, state):
        h, two, one = state
        h = torch.tanh(self.hears(two) + self.recalls(h))
        known = torch.cat([x, one, two, h], dim=1)
        return self.says(torch.relu(self.mix(known))), (h, one, x)

    def forward(self, x, state=None):
        end = time.process_time() + 0.04 * (len(x) == 48)  # a batch of training
        while time.process_time() < end:
            math.sqrt(2.0)
        state = self.initial_state(len(x)) if state is None else state
        outputs = []
        for token in x.unbind(dim=1):
            output, state = self.step(token, state)
            outputs.append(output)
        return torch.stack(outputs, dim=1), state
