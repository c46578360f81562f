"""The bias has an axis too many."""

KIND = "wrapping"
SAYS = {"parameters": "bias of RNNCell(3, 5) has shape (1, 5)"}
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
        self.weight_ih = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-k, k))
        self.weight_hh = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-k, k))
        self.bias = nn.Parameter(torch.empty(1, hidden_size).uniform_(-k, k))

    def forward(self, x, h):
        a = x @ self.weight_ih.T + h @ self.weight_hh.T + self.bias
        return torch.tanh(a) if self.nonlinearity == "tanh" else torch.relu(a)
