"""A kind of its own."""

KIND = "grave"
SAYS = {"recurrent_one_step": "kind"}
BREAKS = {
    "recurrent-tests": [
        "recurrent_initial_state",
        "recurrent_one_step",
        "recurrent_whole_sequence",
        "recurrent_start_state",
        "recurrent_chunks",
        "recurrent_apart",
        "recurrent_layer_gradients",
        "recurrent_layer_edges",
    ]
}


# %% recurrent-layer
class Recurrent(MinGRUParts):
    kind = "GRU"

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
