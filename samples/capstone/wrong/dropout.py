"""Dropout that never stops: every answer is another one."""

BREAKS = {
    "layer-tests": [
        "begins",
        "step_is_forward",
        "chunks",
        "no_look_ahead",
        "apart",
        "gradients",
        "edges",
        "still_streaming",
    ]
}
SAYS = {"step_is_forward": "is there randomness"}


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
        return self.says(torch.relu(self.mix(F.dropout(known, 0.01)))), (h, one, x)

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        outputs = []
        for token in x.unbind(dim=1):
            output, state = self.step(token, state)
            outputs.append(output)
        return torch.stack(outputs, dim=1), state
