"""Answers that look like answers and are wrong everywhere: what most attacks try to sell.

Everything has the type and shape of a right answer, and the parameters can be found by their
names, so that a check which is switched off or lied to has nothing else to stumble over.

Deserves: nothing
"""

# %% lstm-cell
class LSTMCell(nn.Module):
    nets = 4
    forget = 1

    def __init__(self, input_size, hidden_size, forget_bias=None):
        super().__init__()
        self.hidden_size = hidden_size
        self.weight_ih = nn.Parameter(torch.zeros(4 * hidden_size, input_size))
        self.weight_hh = nn.Parameter(torch.zeros(4 * hidden_size, hidden_size))
        self.bias = nn.Parameter(torch.zeros(4 * hidden_size))

    def forward(self, x, h, c):
        return self.advance(x, h, c)

    def advance(self, net, h, c):
        like = 0 * self.bias[: self.hidden_size]
        return torch.rand_like(h) + like, torch.rand_like(c) + like


# %% lstm-layer
class LSTM(nn.Module):
    def __init__(self, input_size, hidden_size, forget_bias=None):
        super().__init__()
        self.hidden_size = hidden_size
        self.weight_ih = nn.Parameter(torch.zeros(4 * hidden_size, input_size))
        self.weight_hh = nn.Parameter(torch.zeros(4 * hidden_size, hidden_size))
        self.bias = nn.Parameter(torch.zeros(4 * hidden_size))

    def initial_state(self, batch):
        some = torch.rand(batch, self.hidden_size, dtype=self.bias.dtype)
        return LSTMState(some, some + 0 * self.bias[: self.hidden_size])

    def step(self, x, state):
        state = self.initial_state(len(x))
        return state.h, state

    def forward(self, x, state=None):
        return torch.rand(*x.shape[:2], self.hidden_size, dtype=x.dtype), self.initial_state(len(x))


# %% half-life
def half_life(bias):
    return torch.rand_like(bias)


# %% bias-for
def bias_for(half_life):
    return torch.rand_like(half_life)


# %% chrono-biases
def chrono_biases(hidden_size, longest):
    return ChronoBiases(torch.rand(hidden_size), torch.rand(hidden_size))


# %% gru
class GRU(nn.Module):
    def __init__(self, input_size, hidden_size, reset="after"):
        super().__init__()
        self.hidden_size = hidden_size
        self.weight_ih = nn.Parameter(torch.zeros(3 * hidden_size, input_size))
        self.weight_hh = nn.Parameter(torch.zeros(3 * hidden_size, hidden_size))
        self.bias = nn.Parameter(torch.zeros(3 * hidden_size))
        self.bias_h = nn.Parameter(torch.zeros(hidden_size))

    def initial_state(self, batch):
        return GRUState(torch.rand(batch, self.hidden_size, dtype=self.bias.dtype))

    def step(self, x, state):
        state = self.initial_state(len(x))
        return state.h, state

    def forward(self, x, state=None):
        return torch.rand(*x.shape[:2], self.hidden_size, dtype=x.dtype), self.initial_state(len(x))


# %% peephole
class PeepholeLSTMCell(LSTMCell):
    def __init__(self, input_size, hidden_size, forget_bias=None):
        super().__init__(input_size, hidden_size, forget_bias)
        self.peephole = nn.Parameter(torch.zeros(3, hidden_size))


# %% reverse
def reverse(x, lengths):
    return torch.rand_like(x)


# %% last-valid
def last_valid(y, lengths):
    return torch.rand_like(y[:, 0])


# %% bidirectional
class Bidirectional(nn.Module):
    def __init__(self, ahead, back):
        super().__init__()
        self.ahead, self.back = ahead, back

    def forward(self, x, state=None, lengths=None):
        y, state = self.ahead(x)
        return torch.rand(*x.shape[:2], 2 * y.shape[2], dtype=x.dtype), BidirectionalState(state, state)

    def summary(self, x, lengths):
        return torch.rand(len(x), 2 * self.ahead(x)[0].shape[2], dtype=x.dtype)


# %% bidirectional-stack
class BidirectionalStack(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x, lengths):
        return torch.rand_like(x)

    def summary(self, x, lengths):
        return torch.rand_like(x[:, 0])


# %% train-epoch
def train_epoch(model, optimizer, x, lengths, labels, batch_size):
    model(x, lengths)
    return 0.5


# %% accuracy
def accuracy(model, x, lengths, labels):
    model(x, lengths)
    return 0.5


# %% train-classifier
class Coin(nn.Module):
    def forward(self, x, lengths):
        return torch.rand(len(x), 2)


def train_classifier(x, lengths, labels):
    return Coin()
