"""One sequence loses its axis."""

KIND = "wrapping"
SAYS = {"recurrent_layer_edges": "shape"}
BREAKS = {"recurrent-tests": ["recurrent_layer_edges"]}


# %% recurrent-layer
class Recurrent(MinGRUParts):
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
        return torch.stack(outputs, dim=1).squeeze(0), state
