"""Every token starts from the first state."""

SAYS = {"recurrent_start_state": "not handed on"}
BREAKS = {
    "recurrent-tests": ["recurrent_whole_sequence", "recurrent_start_state", "recurrent_chunks"]
}


# %% recurrent-layer
class Recurrent(MinGRUParts):
    def step(self, x, state):
        z = torch.sigmoid(self.update(x))
        h = (1 - z) * state.h + z * self.candidate(x)
        return h, VectorState(h)

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        outputs, first = [], state
        for x_t in x.unbind(1):
            y, state = self.step(x_t, first)
            outputs.append(y)
        return torch.stack(outputs, dim=1), state
