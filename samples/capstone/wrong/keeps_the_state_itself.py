"""The memory is an attribute of the layer, and the state is an empty tuple."""

BREAKS = {
    "layer-tests": [
        "begins",
        "step_is_forward",
        "apart",
        "gradients",
    ]
}
SAYS = {"step_is_forward": "go on from the state it is given"}


# %% layer
class MyLayer(SequenceLayer):
    def __init__(self, features):
        super().__init__()
        self.h = None
        self.hears = nn.Linear(features, 48)
        self.recalls = nn.Linear(48, 48)
        self.says = nn.Linear(48, features)

    def initial_state(self, batch):
        self.h = self.says.weight.new_zeros(batch, 48)
        return ()

    def step(self, x, state):
        self.h = torch.tanh(self.hears(x) + self.recalls(self.h))
        return self.says(self.h), ()

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        outputs = []
        for token in x.unbind(dim=1):
            output, state = self.step(token, state)
            outputs.append(output)
        return torch.stack(outputs, dim=1), state
