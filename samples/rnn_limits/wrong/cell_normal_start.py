"""Starting values from a normal distribution of the same size."""

SAYS = {"starting_values": "normal instead of uniform"}
BREAKS = {
    "rnn-cell-tests": ["starting_values"],
}


# %% rnn-cell
class RNNCell(nn.Module):
    def __init__(self, input_size, hidden_size, nonlinearity="tanh"):
        super().__init__()
        self.hidden_size = hidden_size
        self.nonlinearity = nonlinearity
        k = 1 / math.sqrt(hidden_size)
        self.weight_ih = nn.Parameter(k * torch.randn(hidden_size, input_size))
        self.weight_hh = nn.Parameter(k * torch.randn(hidden_size, hidden_size))
        self.bias = nn.Parameter(k * torch.randn(hidden_size))

    def forward(self, x, h):
        a = x @ self.weight_ih.T + h @ self.weight_hh.T + self.bias
        return torch.tanh(a) if self.nonlinearity == "tanh" else torch.relu(a)
