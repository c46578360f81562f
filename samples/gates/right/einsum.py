"""Right: einsum, permutation matrices, one tensor for all gates."""

# %% lstm-cell
class LSTMCell(nn.Module):
    nets, forget = 4, 1

    def __init__(self, input_size, hidden_size, forget_bias=None):
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size
        self.weight_ih = _start(hidden_size, 4 * hidden_size, input_size)
        self.weight_hh = _start(hidden_size, 4 * hidden_size, hidden_size)
        start = torch.empty(4, hidden_size).uniform_(-1, 1) / math.sqrt(hidden_size)
        if forget_bias is not None:
            start[self.forget] = forget_bias
        self.bias = nn.Parameter(start.flatten())

    def forward(self, x, h, c):
        return self.advance(torch.einsum("bi,ni->bn", x, self.weight_ih) + self.bias, h, c)

    def advance(self, net, h, c):
        net = net + torch.einsum("bh,nh->bn", h, self.weight_hh)
        i, f, g, o = torch.einsum("bgh->gbh", net.unflatten(1, (4, -1)))
        kept = torch.einsum("bh,bh->bh", f.sigmoid(), c)
        c = kept + torch.einsum("bh,bh->bh", i.sigmoid(), g.tanh())
        return torch.einsum("bh,bh->bh", o.sigmoid(), c.tanh()), c


# %% lstm-layer
class LSTM(SequenceLayer[LSTMState]):
    cell_type = LSTMCell

    def __init__(self, input_size, hidden_size, forget_bias=None):
        super().__init__()
        self.cell = self.cell_type(input_size, hidden_size, forget_bias)

    def initial_state(self, batch):
        zeros = torch.zeros(2, batch, self.cell.hidden_size).to(self.cell.weight_hh)
        return LSTMState(*zeros)

    def step(self, x, state):
        y, state = self.forward(x[:, None], state)
        return y[:, 0], state

    def forward(self, x, state=None):
        h, c = self.initial_state(x.shape[0]) if state is None else state
        nets = torch.einsum("bti,ni->tbn", x, self.cell.weight_ih) + self.cell.bias
        y = []
        for net in nets:
            h, c = self.cell.advance(net, h, c)
            y += [h]
        return torch.einsum("tbh->bth", torch.stack(y)), LSTMState(h, c)


# %% half-life
def half_life(bias):
    return math.log(0.5) / -torch.logaddexp(torch.zeros_like(bias), -bias)


# %% bias-for
def bias_for(half_life):
    if half_life.numel() and half_life.min() <= 0:
        raise ValueError("every half-life must be above 0 steps")
    per_step = math.log(2) / half_life
    return -(torch.sinh(per_step / 2) * 2).log() - per_step / 2


# %% chrono-biases
def chrono_biases(hidden_size, longest):
    if longest < 2:
        raise ValueError("longest must be at least 2")
    u = 1 + (longest - 2) * torch.rand(hidden_size)
    return ChronoBiases(input=-torch.log(u), forget=torch.log(u))


# %% gru
class GRU(SequenceLayer[GRUState]):
    def __init__(self, input_size, hidden_size, reset="after"):
        super().__init__()
        self.hidden_size, self.reset = hidden_size, reset
        self.weight_ih = _start(hidden_size, 3 * hidden_size, input_size)
        self.weight_hh = _start(hidden_size, 3 * hidden_size, hidden_size)
        self.bias = _start(hidden_size, 3 * hidden_size)
        if reset == "after":
            self.bias_h = _start(hidden_size, hidden_size)

    def initial_state(self, batch):
        return GRUState(torch.zeros(batch, self.hidden_size).to(self.weight_hh))

    def step(self, x, state):
        y, state = self.forward(x[:, None], state)
        return y[:, 0], state

    def forward(self, x, state=None):
        h = self.initial_state(x.shape[0]).h if state is None else state.h
        nets = torch.einsum("bti,ni->tbn", x, self.weight_ih) + self.bias
        y = []
        for net in nets:
            h = self._advance(net, h)
            y += [h]
        return torch.einsum("tbh->bth", torch.stack(y)), GRUState(h)

    def _advance(self, net, h):
        U = self.weight_hh.unflatten(0, (3, -1))
        net = net.unflatten(1, (3, -1))
        r, z = torch.sigmoid(net[:, :2] + torch.einsum("bh,gkh->bgk", h, U[:2])).unbind(1)
        if self.reset == "after":
            inner = r * (torch.einsum("bh,kh->bk", h, U[2]) + self.bias_h)
        else:
            inner = torch.einsum("bh,bh,kh->bk", r, h, U[2])
        n = torch.tanh(net[:, 2] + inner)
        return n + z * (h - n)


# %% peephole
class PeepholeLSTMCell(LSTMCell):
    def __init__(self, input_size, hidden_size, forget_bias=None):
        super().__init__(input_size, hidden_size, forget_bias)
        self.peephole = _start(hidden_size, 3, hidden_size)

    def advance(self, net, h, c):
        net = net + torch.einsum("bh,nh->bn", h, self.weight_hh)
        i, f, g, o = torch.einsum("bgh->gbh", net.unflatten(1, (4, -1)))
        seen = torch.einsum("gh,bh->gbh", self.peephole[:2], c)
        i, f = torch.sigmoid(torch.stack([i, f]) + seen)
        new = f * c + i * g.tanh()
        return new.tanh() * (o + self.peephole[2] * new).sigmoid(), new


# %% reverse
def reverse(x, lengths):
    """A permutation matrix for each sequence."""
    t = torch.arange(x.shape[1])
    n = lengths[:, None, None]
    to, source = t[None, :, None], t[None, None, :]
    within = (to < n) & (source == n - 1 - to)
    behind = (to >= n) & (source == to)
    return torch.einsum("bts,bsd->btd", (within | behind).to(x), x)


# %% last-valid
def last_valid(y, lengths):
    chosen = torch.nn.functional.one_hot(lengths - 1, y.shape[1]).to(y)
    return torch.einsum("bt,btd->bd", chosen, y)


# %% bidirectional
class Bidirectional(SequenceLayer[BidirectionalState]):
    def __init__(self, ahead, back):
        super().__init__()
        self.ahead, self.back = ahead, back

    def initial_state(self, batch):
        return BidirectionalState(self.ahead.initial_state(batch), self.back.initial_state(batch))

    def forward(self, x, state=None, lengths=None):
        if lengths is None:
            lengths = torch.full((len(x),), x.shape[1])
        ahead, ahead_state = self.ahead(x)
        back, back_state = self.back(reverse(x, lengths))
        y = torch.cat([ahead, reverse(back, lengths)], dim=2)
        return y, BidirectionalState(ahead_state, back_state)

    def summary(self, x, lengths):
        ahead, _ = self.ahead(x)
        back, _ = self.back(reverse(x, lengths))
        return torch.cat([last_valid(ahead, lengths), last_valid(back, lengths)], dim=1)


# %% bidirectional-stack
class BidirectionalStack(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x, lengths):
        for layer in self.layers:
            x, _ = layer(x, lengths=lengths)
        return x

    def summary(self, x, lengths):
        for layer in self.layers[:-1]:
            x, _ = layer(x, lengths=lengths)
        return self.layers[-1].summary(x, lengths)


# %% train-epoch
def train_epoch(model, optimizer, x, lengths, labels, batch_size):
    total = 0.0
    for batch in torch.randperm(len(x)).split(batch_size):
        logits = model(x[batch], lengths[batch])
        loss = nn.functional.cross_entropy(logits, labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(batch)
    return total / len(x)


# %% accuracy
def accuracy(model, x, lengths, labels):
    modes = {module: module.training for module in model.modules()}
    with torch.no_grad():
        logits = model.eval()(x, lengths)
    for module, mode in modes.items():
        module.training = mode
    return float((logits.argmax(-1) == labels).sum()) / len(labels)


# %% train-classifier
class Triples(nn.Module):
    """Every three letters that stand side by side: a convolution, and what is loudest in a line."""

    def __init__(self, width):
        super().__init__()
        self.looks = nn.Conv1d(27, width, 3)
        self.answer = nn.Linear(width, 2)

    def forward(self, x, lengths):
        heard = torch.relu(self.looks(torch.einsum("btd->bdt", x)))
        within = torch.arange(heard.shape[2]) < (lengths - 2).unsqueeze(1)
        return self.answer(torch.einsum("bdt,bt->bd", heard, within.to(x)) / 10)


def train_classifier(x, lengths, labels):
    net = Triples(32)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    for _ in range(12):
        train_epoch(net, optimizer, x, lengths, labels, batch_size=50)
    return net.eval()
