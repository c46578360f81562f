"""f around W x + b and around U h, and then the sum."""

SAYS = {"together": "applied to W x + b and to U h apart"}
BREAKS = {
    "rnn-cell-tests": ["together", "cell_gradients"],
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
        self.bias = nn.Parameter(torch.empty(hidden_size).uniform_(-k, k))

    def forward(self, x, h):
        f = torch.tanh if self.nonlinearity == "tanh" else torch.relu
        return f(x @ self.weight_ih.T + self.bias) + f(h @ self.weight_hh.T)
