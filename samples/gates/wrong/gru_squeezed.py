"""The GRU squeezes axes of length one away."""

SAYS = {"gru_edges": "squeezed"}
BREAKS = {
    "gru-tests": ["gru_edges"],
}


# %% gru
class GRU(SequenceLayer[GRUState]):
    def __init__(self, input_size, hidden_size, reset="after"):
        super().__init__()
        self.input_size, self.hidden_size, self.reset = input_size, hidden_size, reset
        self.weight_ih = _start(hidden_size, 3 * hidden_size, input_size)
        self.weight_hh = _start(hidden_size, 3 * hidden_size, hidden_size)
        self.bias = _start(hidden_size, 3 * hidden_size)
        self.bias_h = _start(hidden_size, hidden_size) if reset == "after" else None

    def initial_state(self, batch):
        return GRUState(self.weight_hh.new_zeros(batch, self.hidden_size))

    def step(self, x, state):
        h = self._advance(x @ self.weight_ih.T + self.bias, state.h)
        return h, GRUState(h)

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        outputs = []
        for x_t in x.unbind(1):
            y, state = self.step(x_t, state)
            outputs.append(y)
        return torch.stack(outputs, dim=1).squeeze(1), state

    def _advance(self, net, h):
        in_r, in_z, in_n = net.chunk(3, dim=1)
        U_r, U_z, U_n = self.weight_hh.chunk(3)
        r = torch.sigmoid(in_r + h @ U_r.T)
        z = torch.sigmoid(in_z + h @ U_z.T)
        if self.reset == "before":
            n = torch.tanh(in_n + (r * h) @ U_n.T)
        else:
            n = torch.tanh(in_n + r * (h @ U_n.T + self.bias_h))
        return (1 - z) * n + z * h
