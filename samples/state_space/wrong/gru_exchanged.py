"""z and 1 - z are exchanged."""

SAYS = {"recurrent_one_step": "exchanged"}
BREAKS = {"recurrent-tests": ["recurrent_one_step"]}


# %% recurrent-layer
class Recurrent(MinGRUParts):
    def step(self, x, state):
        z = torch.sigmoid(self.update(x))
        h = z * state.h + (1 - z) * self.candidate(x)
        return h, VectorState(h)

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        outputs = []
        for x_t in x.unbind(1):
            y, state = self.step(x_t, state)
            outputs.append(y)
        return torch.stack(outputs, dim=1), state
