"""weight_ih is (input, hidden), here and in the layer: nobody else's weights fit."""

KIND = "wrapping"
SAYS = {"parameters": "(3, 5)"}
BREAKS = {
    "rnn-cell-tests": ["parameters"],
}


# %% rnn-cell
class RNNCell(nn.Module):
    def __init__(self, input_size, hidden_size, nonlinearity="tanh"):
        super().__init__()
        self.hidden_size = hidden_size
        self.nonlinearity = nonlinearity
        k = 1 / math.sqrt(hidden_size)
        self.weight_ih = nn.Parameter(torch.empty(input_size, hidden_size).uniform_(-k, k))
        self.weight_hh = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-k, k))
        self.bias = nn.Parameter(torch.empty(hidden_size).uniform_(-k, k))

    def forward(self, x, h):
        a = x @ self.weight_ih + h @ self.weight_hh.T + self.bias
        return torch.tanh(a) if self.nonlinearity == "tanh" else torch.relu(a)
