"""Right: modules inside modules, extra buffers, other places for the layers."""

# %% lstm-cell
class Gate(nn.Module):
    """One of the four, as a view of the cell's rows."""

    def __init__(self, place, squash):
        super().__init__()
        self.place, self.squash = place, squash

    def forward(self, net):
        return self.squash(net.unflatten(-1, (4, -1))[..., self.place, :])


class LSTMCell(nn.Module):
    nets = 4
    forget = 1

    def __init__(self, input_size, hidden_size, forget_bias=None):
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size
        self.weight_ih = _start(hidden_size, 4 * hidden_size, input_size)
        self.weight_hh = _start(hidden_size, 4 * hidden_size, hidden_size)
        self.bias = _start(hidden_size, 4 * hidden_size)
        self.register_buffer("count", torch.tensor(4.0), persistent=False)
        self.write, self.keep = Gate(0, nn.Sigmoid()), Gate(1, nn.Sigmoid())
        self.new, self.read = Gate(2, nn.Tanh()), Gate(3, nn.Sigmoid())
        if forget_bias is not None:
            nn.init.constant_(self.bias[hidden_size : 2 * hidden_size], float(forget_bias))

    def forward(self, x, h, c):
        return self.advance(x @ self.weight_ih.T + self.bias, h, c)

    def advance(self, net, h, c):
        net = net + h @ self.weight_hh.T
        c = self.keep(net) * c + self.write(net) * self.new(net)
        return self.read(net) * torch.tanh(c), c


# %% lstm-layer
class LSTM(SequenceLayer[LSTMState]):
    cell_type = LSTMCell

    def __init__(self, input_size, hidden_size, forget_bias=None):
        super().__init__()
        self.inner = nn.ModuleDict({"cell": self.cell_type(input_size, hidden_size, forget_bias)})
        self.dropout = nn.Dropout(0.0)
        self.register_buffer("calls", torch.zeros(1))

    @property
    def cell(self):
        return self.inner["cell"]

    @cell.setter
    def cell(self, other):
        self.inner["cell"] = other

    def __setattr__(self, name, value):
        if name == "cell":
            self.inner["cell"] = value
        else:
            super().__setattr__(name, value)

    def initial_state(self, batch):
        zeros = self.cell.weight_hh.new_zeros(batch, self.cell.hidden_size)
        return LSTMState(zeros, zeros.clone())

    def step(self, x, state):
        h, c = self.cell(x, *state)
        return h, LSTMState(h, c)

    def forward(self, x, state=None):
        return unroll(self, x, state)


def unroll(layer, x, state):
    state = layer.initial_state(x.shape[0]) if state is None else state
    outputs = []
    for x_t in x.unbind(dim=1):
        y_t, state = layer.step(x_t, state)
        outputs.append(y_t)
    return torch.stack(outputs, dim=1), state


# %% half-life
class HalfLife(nn.Module):
    def __init__(self):
        super().__init__()
        self.log_gate = nn.LogSigmoid()

    def forward(self, bias):
        return self.log_gate(bias).reciprocal().mul(-math.log(2))


half_life = HalfLife()


# %% bias-for
def bias_for(half_life):
    if not bool((half_life > 0).all()):
        raise ValueError("half-lives must be above 0")
    return -torch.log(torch.expm1(math.log(2) / half_life))


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
        self.input_size, self.hidden_size, self.reset = input_size, hidden_size, reset
        self.weight_ih = _start(hidden_size, 3 * hidden_size, input_size)
        self.weight_hh = _start(hidden_size, 3 * hidden_size, hidden_size)
        self.bias = _start(hidden_size, 3 * hidden_size)
        self.bias_h = _start(hidden_size, hidden_size) if reset == "after" else None
        self.gate, self.squash = nn.Sigmoid(), nn.Tanh()
        self.register_buffer("one", torch.ones(()), persistent=False)

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
        in_r, in_z, in_n = net.chunk(3, dim=1)
        U_r, U_z, U_n = self.weight_hh.chunk(3)
        r = self.gate(in_r + h @ U_r.T)
        z = self.gate(in_z + h @ U_z.T)
        if self.reset == "before":
            n = self.squash(in_n + (r * h) @ U_n.T)
        else:
            n = self.squash(in_n + r * (h @ U_n.T + self.bias_h))
        return (self.one - z) * n + z * h


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
    t = torch.arange(x.shape[1])
    end = lengths.unsqueeze(1)
    places = torch.where(t < end, end - 1 - t, t)
    return x[torch.arange(len(x)).unsqueeze(1), places]


# %% last-valid
def last_valid(y, lengths):
    return y[torch.arange(len(y)), lengths - 1]


# %% bidirectional
class Direction(nn.Module):
    """A layer, and whether the sequences are turned round for it."""

    def __init__(self, is_back):
        super().__init__()
        self.is_back = is_back

    def forward(self, layer, x, lengths):
        y, state = layer(reverse(x, lengths) if self.is_back else x)
        return (reverse(y, lengths) if self.is_back else y), last_valid(y, lengths), state


class Bidirectional(SequenceLayer[BidirectionalState]):
    def __init__(self, ahead, back):
        super().__init__()
        self.ahead, self.back = ahead, back
        self.directions = nn.ModuleList([Direction(False), Direction(True)])

    def read(self, x, lengths):
        if lengths is None:
            lengths = torch.full((len(x),), x.shape[1])
        pairs = zip(self.directions, (self.ahead, self.back))
        return list(zip(*(direction(layer, x, lengths) for direction, layer in pairs)))

    def forward(self, x, state=None, lengths=None):
        outputs, _, states = self.read(x, lengths)
        return torch.cat(outputs, dim=-1), BidirectionalState(*states)

    def summary(self, x, lengths):
        return torch.cat(self.read(x, lengths)[1], dim=-1)


# %% bidirectional-stack
class BidirectionalStack(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.below = nn.ModuleList(layers[:-1])
        self.top = layers[-1]

    def forward(self, x, lengths):
        for layer in self.below:
            x, _ = layer(x, lengths=lengths)
        return self.top(x, lengths=lengths)[0]

    def summary(self, x, lengths):
        for layer in self.below:
            x, _ = layer(x, lengths=lengths)
        return self.top.summary(x, lengths)


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
    mode = model.training
    model.eval()
    with torch.no_grad():
        answers = model(x, lengths).argmax(dim=1)
    model.train(mode)
    return (answers == labels).double().mean().item()


# %% train-classifier
class Reader(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.letters = nn.Linear(27, 8, bias=False)
        self.layer = GRU(8, width)
        self.drop = nn.Dropout(0.1)
        self.answer = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 2))

    def forward(self, x, lengths):
        y, _ = self.layer(self.letters(x))
        return self.answer(self.drop(last_valid(y, lengths)))


def train_classifier(x, lengths, labels):
    net = Reader(24)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    for _ in range(14):
        train_epoch(net, optimizer, x, lengths, labels, 50)
    return net
