"""Without a state, forward goes on where the last call ended."""

BREAKS = {
    "layer-tests": [
        "begins",
        "step_is_forward",
        "chunks",
        "no_look_ahead",
        "apart",
        "gradients",
        "edges",
    ]
}
SAYS = {"apart": "does it remember a call"}


# %% layer
class MyLayer(SequenceLayer):
    def __init__(self, features):
        super().__init__()
        self.last = None
        self.hears = nn.Linear(features, 48)
        self.recalls = nn.Linear(48, 48)
        self.says = nn.Linear(48, features)

    def initial_state(self, batch):
        return (self.says.weight.new_zeros(batch, 48),)

    def step(self, x, state):
        h = torch.tanh(self.hears(x) + self.recalls(state[0]))
        return self.says(h), (h,)

    def forward(self, x, state=None):
        if state is None and self.last is not None and len(self.last) == len(x):
            state = (self.last.to(x.dtype),)
        elif state is None:
            state = self.initial_state(len(x))
        outputs = []
        for token in x.unbind(dim=1):
            output, state = self.step(token, state)
            outputs.append(output)
        self.last = state[0].detach()
        return torch.stack(outputs, dim=1), state
