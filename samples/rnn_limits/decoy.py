"""Answers that look like answers and are wrong everywhere: what most attacks try to sell.

Everything has the type and shape of a right answer, and the parameters can be found by their
names, so that a check which is switched off or lied to has nothing else to stumble over.

Deserves: nothing
"""

# %% rnn-cell
class RNNCell(nn.Module):
    def __init__(self, input_size, hidden_size, nonlinearity="tanh"):
        super().__init__()
        self.hidden_size = hidden_size
        self.weight_ih = nn.Parameter(torch.zeros(hidden_size, input_size))
        self.weight_hh = nn.Parameter(torch.zeros(hidden_size, hidden_size))
        self.bias = nn.Parameter(torch.zeros(hidden_size))
        self.wrong = nn.Parameter(torch.full((hidden_size,), 0.5))

    def forward(self, x, h):
        return self.wrong + torch.zeros(x.shape[0], self.hidden_size, dtype=x.dtype)


# %% rnn-layer
class RNN(nn.Module):
    def __init__(self, input_size, hidden_size, nonlinearity="tanh"):
        super().__init__()
        self.hidden_size = hidden_size
        self.cell = RNNCell(input_size, hidden_size)

    def initial_state(self, batch):
        return RNNState(torch.rand(batch, self.hidden_size, dtype=self.cell.wrong.dtype))

    def step(self, x, state):
        y = self.cell.wrong + torch.rand(x.shape[0], self.hidden_size, dtype=x.dtype)
        return y, RNNState(y)

    def forward(self, x, state=None):
        y = self.cell.wrong + torch.rand(*x.shape[:2], self.hidden_size, dtype=x.dtype)
        return y, RNNState(y[:, 0])


# %% bptt
def bptt(x, h0, h, weight_ih, weight_hh, grad_h):
    given = (x, h0, weight_ih, weight_hh, weight_hh[0])
    return BPTTGradients(*(torch.full_like(value, 0.5) for value in given))


# %% jacobian-norms
def jacobian_norms(h, weight_hh):
    return torch.full((len(h),), 0.5, dtype=h.dtype)


# %% clip-gradients
def clip_gradients(gradients, max_norm):
    gradients = [value.fill_(0.5) for value in gradients] if max_norm > 0 else []
    return gradients, torch.tensor(0.5)
