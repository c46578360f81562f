"""The cell squeezes axes of length one away."""

SAYS = {"cell_edges": "has shape"}
BREAKS = {
    "lstm-cell-tests": ["cell_edges"],
}


# %% lstm-cell
class LSTMCell(nn.Module):
    nets = 4
    forget = 1

    def __init__(self, input_size, hidden_size, forget_bias=None):
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size
        self.weight_ih = _start(hidden_size, 4 * hidden_size, input_size)
        self.weight_hh = _start(hidden_size, 4 * hidden_size, hidden_size)
        self.bias = _start(hidden_size, 4 * hidden_size)
        if forget_bias is not None:
            self.bias.data[hidden_size : 2 * hidden_size] = forget_bias

    def forward(self, x, h, c):
        return self.advance(x @ self.weight_ih.T + self.bias, h, c)

    def advance(self, net, h, c):
        i, f, g, o = (net + h @ self.weight_hh.T).chunk(4, dim=1)
        i, f, o = torch.sigmoid(i), torch.sigmoid(f), torch.sigmoid(o)
        g = torch.tanh(g)
        c = f * c + i * g
        h = o * torch.tanh(c)
        return h.squeeze(), c.squeeze()
