"""Right: everything at once, a sort for a reversal, a data loader, a stack of two layers."""

# %% lstm-cell
class LSTMCell(nn.Module):
    nets = 4
    forget = 1

    def __init__(self, input_size, hidden_size, forget_bias=None):
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size
        bound = 1 / math.sqrt(hidden_size)
        both = torch.empty(4 * hidden_size, input_size + hidden_size).uniform_(-bound, bound)
        self.weight_ih = nn.Parameter(both[:, :input_size].clone())
        self.weight_hh = nn.Parameter(both[:, input_size:].clone())
        self.bias = nn.Parameter(2 * bound * (torch.rand(4 * hidden_size) - 0.5))
        if forget_bias is not None:
            self.bias = nn.Parameter(torch.where(torch.arange(4 * hidden_size) // hidden_size == 1, float(forget_bias), self.bias.detach()))

    def forward(self, x, h, c):
        return self.advance(torch.addmm(self.bias, x, self.weight_ih.t()), h, c)

    def advance(self, net, h, c):
        net = torch.addmm(net, h, self.weight_hh.t())
        H = self.hidden_size
        gates = torch.sigmoid(net)
        c = torch.addcmul(gates[:, H : 2 * H] * c, gates[:, :H], torch.tanh(net[:, 2 * H : 3 * H]))
        return gates[:, 3 * H :] * torch.tanh(c), c


# %% lstm-layer
class LSTM(SequenceLayer[LSTMState]):
    """Its own weights, not a cell's; one tensor for all outputs."""

    def __init__(self, input_size, hidden_size, forget_bias=None):
        super().__init__()
        self.hidden_size = hidden_size
        cell = LSTMCell(input_size, hidden_size, forget_bias)
        self.weight_ih, self.weight_hh, self.bias = cell.weight_ih, cell.weight_hh, cell.bias

    def initial_state(self, batch):
        return LSTMState(*self.bias.new_zeros(2, batch, self.hidden_size).unbind())

    def step(self, x, state):
        i, f, g, o = (x @ self.weight_ih.mT + state.h @ self.weight_hh.mT + self.bias).split(self.hidden_size, 1)
        c = f.sigmoid() * state.c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        return h, LSTMState(h, c)

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        y = x.new_empty(0, len(x), self.hidden_size)
        for x_t in x.transpose(0, 1):
            _, state = self.step(x_t, state)
            y = torch.cat([y, state.h.unsqueeze(0)])
        return y.transpose(0, 1), state


# %% half-life
def half_life(bias):
    return -math.log(2) / torch.nn.functional.logsigmoid(bias)


# %% bias-for
def bias_for(half_life):
    if not bool((half_life > 0).all()):
        raise ValueError("half-lives must be above 0")
    return -torch.log(torch.expm1(math.log(2) / half_life))


# %% chrono-biases
def chrono_biases(hidden_size, longest):
    if longest < 2:
        raise ValueError(f"longest must be at least 2 steps, got {longest}")
    u = torch.distributions.Uniform(1.0, max(longest - 1.0, 1.0 + 1e-12), validate_args=False).sample((hidden_size,))
    return ChronoBiases(forget=u.log(), input=u.reciprocal().log())


# %% gru
class GRU(SequenceLayer[GRUState]):
    def __init__(self, input_size, hidden_size, reset="after"):
        super().__init__()
        self.input_size, self.hidden_size, self.reset = input_size, hidden_size, reset
        self.weight_ih = _start(hidden_size, 3 * hidden_size, input_size)
        self.weight_hh = _start(hidden_size, 3 * hidden_size, hidden_size)
        self.bias = _start(hidden_size, 3 * hidden_size)
        self.bias_h = _start(hidden_size, hidden_size) if reset == "after" else None

    def initial_state(self, batch):
        return GRUState(self.weight_hh.new_zeros(batch, self.hidden_size))

    def step(self, x, state):
        h = self._advance(x @ self.weight_ih.T + self.bias, state.h)
        return h, GRUState(h)

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        outputs = []
        for x_t in x.unbind(1):
            y, state = self.step(x_t, state)
            outputs.append(y)
        return torch.stack(outputs, dim=1), state

    def _advance(self, net, h):
        H = self.hidden_size
        in_n, U_n = net[:, 2 * H :], self.weight_hh[2 * H :]
        gates = torch.special.expit(torch.addmm(net[:, : 2 * H], h, self.weight_hh[: 2 * H].mT))
        r, z = gates[:, :H], gates[:, H:]
        if self.reset == "before":
            n = torch.tanh(in_n + (r * h) @ U_n.T)
        else:
            n = torch.tanh(in_n + r * (h @ U_n.T + self.bias_h))
        return torch.where(z > 0.5, h + (1 - z) * (n - h), n + z * (h - n))


# %% peephole
class PeepholeLSTMCell(LSTMCell):
    def __init__(self, input_size, hidden_size, forget_bias=None):
        super().__init__(input_size, hidden_size, forget_bias)
        self.peephole = _start(hidden_size, 3, hidden_size)

    def advance(self, net, h, c):
        i, f, g, o = (net + h @ self.weight_hh.T).chunk(4, dim=1)
        p_i, p_f, p_o = self.peephole
        i = torch.sigmoid(i + p_i * c)
        f = torch.sigmoid(f + p_f * c)
        c = f * c + i * torch.tanh(g)
        o = torch.sigmoid(o + p_o * c)
        return o * torch.tanh(c), c


# %% reverse
def reverse(x, lengths):
    """Sort the tokens: those within the length by falling place, the others as they stand."""
    t = torch.arange(x.shape[1]).expand(len(x), -1)
    key = torch.where(t < lengths[:, None], -t, t)
    order = key.argsort(dim=1)
    return x[torch.arange(len(x))[:, None], order]


# %% last-valid
def last_valid(y, lengths):
    flat = torch.arange(len(y)) * y.shape[1] + lengths - 1
    return y.flatten(0, 1).index_select(0, flat)


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
        y, _ = self(x, lengths=lengths)
        width = self.ahead(x[:, :1])[0].shape[2]
        return torch.cat([last_valid(y, lengths)[:, :width], y[:, 0, width:]], dim=1)


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
    data = torch.utils.data.TensorDataset(x, lengths, labels)
    loader = torch.utils.data.DataLoader(data, batch_size=batch_size, shuffle=True)
    measure = nn.CrossEntropyLoss()
    total, count = torch.zeros((), dtype=torch.float64), 0
    for some, n, wanted in loader:
        model.zero_grad()
        optimizer.zero_grad()
        loss = measure(model(some, n), wanted)
        loss.backward()
        optimizer.step()
        total += loss.detach().double() * len(some)
        count += len(some)
    return (total / count).item()


# %% accuracy
def accuracy(model, x, lengths, labels):
    mode = model.training
    model.eval()
    with torch.no_grad():
        answers = model(x, lengths).argmax(dim=1)
    model.train(mode)
    return (answers == labels).double().mean().item()


# %% train-classifier
class TwoLayers(nn.Module):
    """A stack read from both ends, and a read-out of its own."""

    def __init__(self, inputs, width):
        super().__init__()
        pairs = [Bidirectional(GRU(n, width), GRU(n, width)) for n in (inputs, 2 * width)]
        self.stack = BidirectionalStack(pairs)
        self.answer = nn.Linear(2 * width, 2)

    def forward(self, x, lengths):
        return self.answer(self.stack.summary(x, lengths))


def train_classifier(x, lengths, labels):
    net = TwoLayers(x.shape[2], 10)
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.02)
    for _ in range(4):
        train_epoch(net, optimizer, x, lengths, labels, 50)
    return net
