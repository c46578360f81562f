"""Every answer is "not a number": no comparison with it is ever true, or false.

Deserves: nothing
"""


# %% rnn-cell
class RNNCell(nn.Module):
    def __init__(self, input_size, hidden_size, nonlinearity="tanh"):
        super().__init__()
        self.hidden_size = hidden_size
        self.bias = nn.Parameter(torch.full((hidden_size,), float("nan")))

    def forward(self, x, h):
        return (h + self.bias) * float("nan")


# %% bptt
def bptt(x, h0, h, weight_ih, weight_hh, grad_h):
    given = (x, h0, weight_ih, weight_hh, weight_hh[0])
    return BPTTGradients(*(value * float("nan") for value in given))


# %% jacobian-norms
def jacobian_norms(h, weight_hh):
    return h.sum(1) * float("nan")


# %% clip-gradients
def clip_gradients(gradients, max_norm):
    return [value * float("nan") for value in gradients], torch.tensor(float("nan"))
