"""Right: helper functions, torch.nn.functional, generators."""

# %% lstm-cell
import torch.nn.functional as F


def lstm_step(net, c):
    """h(t) and c(t) from all net inputs and c(t-1)."""
    i, f, g, o = net.tensor_split(4, dim=-1)
    c = F.sigmoid(f).mul(c).addcmul(F.sigmoid(i), F.tanh(g))
    return F.sigmoid(o).mul(F.tanh(c)), c


class LSTMCell(nn.Module):
    nets = 4
    forget = 1

    def __init__(self, input_size, hidden_size, forget_bias=None):
        super().__init__()
        bound = hidden_size**-0.5
        self.input_size, self.hidden_size = input_size, hidden_size
        for name, *shape in (("weight_ih", 4 * hidden_size, input_size), ("weight_hh", 4 * hidden_size, hidden_size), ("bias", 4 * hidden_size)):
            setattr(self, name, nn.Parameter(nn.init.uniform_(torch.empty(shape), -bound, bound)))
        if forget_bias is not None:
            with torch.no_grad():
                self.bias.narrow(0, hidden_size, hidden_size).fill_(forget_bias)

    def forward(self, x, h, c):
        return self.advance(F.linear(x, self.weight_ih, self.bias), h, c)

    def advance(self, net, h, c):
        return lstm_step(net + F.linear(h, self.weight_hh), c)


# %% lstm-layer
def run(cell, x, state):
    """Yield the states, one after each token."""
    for x_t in x.unbind(1):
        state = LSTMState(*cell(x_t, *state))
        yield state


class LSTM(SequenceLayer[LSTMState]):
    cell_type = LSTMCell

    def __init__(self, input_size, hidden_size, forget_bias=None):
        super().__init__()
        self.cell = self.cell_type(input_size, hidden_size, forget_bias)

    def initial_state(self, batch):
        new = self.cell.bias.new_zeros
        return LSTMState(h=new((batch, self.cell.hidden_size)), c=new((batch, self.cell.hidden_size)))

    def step(self, x, state):
        state = next(run(self.cell, x.unsqueeze(1), state))
        return state.h, state

    def forward(self, x, state=None):
        states = list(run(self.cell, x, state or self.initial_state(x.size(0))))
        return torch.stack([state.h for state in states], 1), states[-1]


# %% half-life
def half_life(bias):
    """softplus(-b) is -ln s(b)."""
    return math.log(2) / F.softplus(-bias)


# %% bias-for
def bias_for(half_life):
    if not (half_life > 0).all():
        raise ValueError(f"half-lives must be above 0, got {half_life.min():g}")
    forgets = -torch.expm1(-math.log(2) / half_life)
    return -math.log(2) / half_life - forgets.log()


# %% chrono-biases
def chrono_biases(hidden_size, longest):
    if not longest >= 2:
        raise ValueError(longest)
    forget = torch.rand(hidden_size).mul(longest - 2).log1p()
    return ChronoBiases(forget.neg(), forget)


# %% gru
def gru_step(net, h, weight, bias_h):
    H = h.shape[-1]
    if bias_h is None:
        r, z = F.sigmoid(net[..., : 2 * H] + F.linear(h, weight[: 2 * H])).split(H, -1)
        n = F.tanh(net[..., 2 * H :] + F.linear(r * h, weight[2 * H :]))
    else:
        old = F.linear(h, weight)
        r, z = F.sigmoid(net[..., : 2 * H] + old[..., : 2 * H]).split(H, -1)
        n = F.tanh(net[..., 2 * H :] + r * (old[..., 2 * H :] + bias_h))
    return torch.lerp(n, h, z)


class GRU(SequenceLayer[GRUState]):
    def __init__(self, input_size, hidden_size, reset="after"):
        super().__init__()
        if reset not in ("before", "after"):
            raise ValueError(reset)
        self.reset = reset
        self.weight_ih = _start(hidden_size, 3 * hidden_size, input_size)
        self.weight_hh = _start(hidden_size, 3 * hidden_size, hidden_size)
        self.bias = _start(hidden_size, 3 * hidden_size)
        self.bias_h = _start(hidden_size, hidden_size) if reset == "after" else None

    def initial_state(self, batch):
        return GRUState(self.weight_hh.new_zeros(batch, self.weight_hh.shape[1]))

    def _advance(self, net, h):
        return gru_step(net, h, self.weight_hh, self.bias_h)

    def step(self, x, state):
        h = self._advance(F.linear(x, self.weight_ih, self.bias), state.h)
        return h, GRUState(h)

    def forward(self, x, state=None):
        h = (state or self.initial_state(x.size(0))).h
        outputs = [h := self._advance(net, h) for net in F.linear(x, self.weight_ih, self.bias).unbind(1)]
        return torch.stack(outputs, 1), GRUState(h)


# %% peephole
class PeepholeLSTMCell(LSTMCell):
    def __init__(self, input_size, hidden_size, forget_bias=None):
        super().__init__(input_size, hidden_size, forget_bias)
        self.peephole = _start(hidden_size, 3, hidden_size)

    def advance(self, net, h, c):
        net = F.linear(h, self.weight_hh) + net
        early = F.sigmoid(net[:, : 2 * h.shape[1]] + self.peephole[:2].reshape(-1) * c.repeat(1, 2))
        i, f = early.tensor_split(2, -1)
        g, o = net[:, 2 * h.shape[1] :].tensor_split(2, -1)
        c = torch.addcmul(f * c, i, F.tanh(g))
        return F.sigmoid(torch.addcmul(o, self.peephole[2], c)) * F.tanh(c), c


# %% reverse
def reverse(x, lengths):
    """Flip the whole rows, then roll each so that it begins with its last token."""
    time = torch.arange(x.size(1))
    flipped = (lengths[:, None] - 1 - time).remainder(x.size(1))
    places = time.expand_as(flipped).where(time >= lengths[:, None], flipped)
    return torch.take_along_dim(x, places.unsqueeze(-1), 1)


# %% last-valid
def last_valid(y, lengths):
    places = (lengths - 1)[:, None, None].expand(-1, 1, y.size(2))
    return y.gather(1, places).select(1, 0)


# %% bidirectional
class Bidirectional(SequenceLayer[BidirectionalState]):
    def __init__(self, ahead, back):
        super().__init__()
        self.ahead, self.back = ahead, back

    def initial_state(self, batch):
        return BidirectionalState(*(layer.initial_state(batch) for layer in (self.ahead, self.back)))

    def both(self, x, lengths):
        return self.ahead(x), self.back(reverse(x, lengths))

    def forward(self, x, state=None, lengths=None):
        lengths = x.new_full((x.size(0),), x.size(1)).long() if lengths is None else lengths
        (ahead, first), (back, last) = self.both(x, lengths)
        return torch.cat((ahead, reverse(back, lengths)), -1), BidirectionalState(first, last)

    def summary(self, x, lengths):
        return torch.hstack([last_valid(y, lengths) for y, _ in self.both(x, lengths)])


# %% bidirectional-stack
from functools import reduce


class BidirectionalStack(nn.Module):
    def __init__(self, layers):
        super().__init__()
        if not layers:
            raise ValueError("no layers")
        self.layers = nn.ModuleList(layers)

    def up_to(self, top, x, lengths):
        return reduce(lambda y, layer: layer(y, lengths=lengths)[0], self.layers[:top], x)

    def forward(self, x, lengths):
        return self.up_to(len(self.layers), x, lengths)

    def summary(self, x, lengths):
        return self.layers[-1].summary(self.up_to(-1, x, lengths), lengths)


# %% train-epoch
def batches_of(size, *tensors):
    order = torch.randperm(tensors[0].shape[0])
    for start in range(0, len(order), size):
        yield tuple(tensor[order[start : start + size]] for tensor in tensors)


def train_epoch(model, optimizer, x, lengths, labels, batch_size):
    losses = []
    for some, n, wanted in batches_of(batch_size, x, lengths, labels):
        optimizer.zero_grad(set_to_none=True)
        each = F.nll_loss(F.log_softmax(model(some, n), -1), wanted, reduction="none")
        each.mean().backward()
        optimizer.step()
        losses += each.tolist()
    return math.fsum(losses) / len(losses)


# %% accuracy
@torch.inference_mode()
def accuracy(model, x, lengths, labels):
    mode = model.training
    right = torch.eq(model.train(False)(x, lengths).max(-1).indices, labels)
    model.train(mode)
    return right.sum().item() / right.numel()


# %% train-classifier
def train_classifier(x, lengths, labels):
    """An LSTM takes a little longer than a GRU."""
    net = SequenceClassifier(LSTM(x.shape[-1], 24, forget_bias=1.0), 24, 2)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    for _ in range(12):
        if train_epoch(net, optimizer, x, lengths, labels, 50) < 0.05:
            break
    return net
