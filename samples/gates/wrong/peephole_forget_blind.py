"""The forget gate has no peephole."""

SAYS = {"before_the_cells": "forget gate does not see"}
BREAKS = {
    "peephole-tests": ["before_the_cells"],
}


# %% peephole
class PeepholeLSTMCell(LSTMCell):
    def __init__(self, input_size, hidden_size, forget_bias=None):
        super().__init__(input_size, hidden_size, forget_bias)
        self.peephole = _start(hidden_size, 3, hidden_size)

    def advance(self, net, h, c):
        i, f, g, o = (net + h @ self.weight_hh.T).chunk(4, dim=1)
        p_i, p_f, p_o = self.peephole
        i = torch.sigmoid(i + p_i * c)
        f = torch.sigmoid(f)
        c = f * c + i * torch.tanh(g)
        o = torch.sigmoid(o + p_o * c)
        return o * torch.tanh(c), c
