"""The state begins with ones."""

SAYS = {"recurrent_initial_state": "ones"}
BREAKS = {"recurrent-tests": ["recurrent_initial_state"]}


# %% recurrent-layer
class Recurrent(MinGRUParts):
    def initial_state(self, batch):
        return VectorState(self.update.weight.new_ones(batch, self.hidden))

    def step(self, x, state):
        z = torch.sigmoid(self.update(x))
        h = (1 - z) * state.h + z * self.candidate(x)
        return h, VectorState(h)

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        outputs = []
        for x_t in x.unbind(1):
            y, state = self.step(x_t, state)
            outputs.append(y)
        return torch.stack(outputs, dim=1), state
