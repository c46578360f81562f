"""update and candidate are exchanged."""

SAYS = {"recurrent_one_step": "update and candidate"}
BREAKS = {"recurrent-tests": ["recurrent_one_step"]}


# %% recurrent-layer
class Recurrent(MinGRUParts):
    def step(self, x, state):
        z = torch.sigmoid(self.candidate(x))
        h = (1 - z) * state.h + z * self.update(x)
        return h, VectorState(h)

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        outputs = []
        for x_t in x.unbind(1):
            y, state = self.step(x_t, state)
            outputs.append(y)
        return torch.stack(outputs, dim=1), state
