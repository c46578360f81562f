"""Answers of a shape that would fill any memory, at no cost to the one who sends them.

Deserves: nothing
"""

# %% prelude
import torch

GIANT = torch.zeros(1).expand(1 << 40)


# %% rnn-cell
class RNNCell(nn.Module):
    def __init__(self, input_size, hidden_size, nonlinearity="tanh"):
        super().__init__()
        self.hidden_size = hidden_size

    def state_dict(self, *args, **kwargs):
        return {str(key): GIANT for key in range(1000)}

    def forward(self, x, h):
        return torch.zeros(1, dtype=h.dtype).expand(1 << 20, 1 << 20)


# %% bptt
def bptt(x, h0, h, weight_ih, weight_hh, grad_h):
    return BPTTGradients(*[GIANT] * 5)


# %% jacobian-norms
def jacobian_norms(h, weight_hh):
    return torch.empty((0, 2**31, 2**31))


# %% clip-gradients
def clip_gradients(gradients, max_norm):
    return [torch.zeros(1)] * 1_000_000, torch.zeros([1] * 60)
