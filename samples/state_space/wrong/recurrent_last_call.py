"""forward remembers the last call."""

KIND = "wrapping"
SAYS = {"recurrent_apart": "forward begins at initial_state again"}
BREAKS = {"recurrent-tests": ["recurrent_apart"]}


# %% recurrent-layer
class Recurrent(MinGRUParts):
    def step(self, x, state):
        z = torch.sigmoid(self.update(x))
        h = (1 - z) * state.h + z * self.candidate(x)
        return h, VectorState(h)

    def forward(self, x, state=None):
        if state is None:
            kept = getattr(self, "kept", None)
            fits = kept is not None and len(kept.h) == len(x) and kept.h.dtype == x.dtype
            state = kept if fits else self.initial_state(len(x))
        outputs = []
        for x_t in x.unbind(1):
            y, state = self.step(x_t, state)
            outputs.append(y)
        self.kept = VectorState(state.h.detach())
        return torch.stack(outputs, dim=1), state
