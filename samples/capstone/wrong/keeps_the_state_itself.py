"""The memory is an attribute of the layer, and the state is an empty tuple."""

BREAKS = {
    "layer-tests": [
        "begins",
        "step_is_forward",
        "apart",
        "gradients",
    ]
}
SAYS = {"step_is_forward": "is something kept on self", "gradients": "is something kept on self"}


# %% layer
class MyLayer(SequenceLayer):
    def __init__(self, features):
        super().__init__()
        self.kept = None
        self.hears, self.recalls = nn.Linear(features, 16), nn.Linear(16, 16)
        self.mix, self.says = nn.Linear(3 * features + 16, 44), nn.Linear(44, features)

    def initial_state(self, batch):
        new = self.says.weight.new_zeros
        self.kept = new(batch, 16), new(batch, 24), new(batch, 24)
        return ()

    def step(self, x, state):
        h, two, one = self.kept
        h = torch.tanh(self.hears(two) + self.recalls(h))
        self.kept = h, one, x
        return self.says(torch.relu(self.mix(torch.cat([x, one, two, h], dim=1)))), ()

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        outputs = []
        for token in x.unbind(dim=1):
            output, state = self.step(token, state)
            outputs.append(output)
        return torch.stack(outputs, dim=1), state
