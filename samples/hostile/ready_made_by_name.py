"""Wraps PyTorch's own RNNCell and RNN, by name.

Deserves: nothing
"""


# %% rnn-cell
class RNNCell(nn.RNNCell):
    pass


# %% rnn-layer
class RNN(nn.Module):
    def __init__(self, input_size, hidden_size, nonlinearity="tanh"):
        super().__init__()
        self.net = nn.RNN(input_size, hidden_size, nonlinearity=nonlinearity, batch_first=True)

    def initial_state(self, batch):
        return RNNState(self.net.weight_hh_l0.new_zeros(batch, self.net.hidden_size))

    def step(self, x, state):
        y, state = self.forward(x.unsqueeze(1), state)
        return y[:, 0], state

    def forward(self, x, state=None):
        h = (self.initial_state(x.shape[0]) if state is None else state).h
        y, h = self.net(x, h.unsqueeze(0))
        return y, RNNState(h[0])
