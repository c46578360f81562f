"""Right: plain code that follows the text line by line."""

# %% lstm-cell
class LSTMCell(nn.Module):
    nets = 4
    forget = 1

    def __init__(self, input_size, hidden_size, forget_bias=None):
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size
        self.weight_ih = _start(hidden_size, 4 * hidden_size, input_size)
        self.weight_hh = _start(hidden_size, 4 * hidden_size, hidden_size)
        self.bias = _start(hidden_size, 4 * hidden_size)
        if forget_bias is not None:
            self.bias.data[hidden_size : 2 * hidden_size] = forget_bias

    def forward(self, x, h, c):
        return self.advance(x @ self.weight_ih.T + self.bias, h, c)

    def advance(self, net, h, c):
        i, f, g, o = (net + h @ self.weight_hh.T).chunk(4, dim=1)
        i, f, o = torch.sigmoid(i), torch.sigmoid(f), torch.sigmoid(o)
        g = torch.tanh(g)
        c = f * c + i * g
        h = o * torch.tanh(c)
        return h, c


# %% lstm-layer
class LSTM(SequenceLayer[LSTMState]):
    cell_type = LSTMCell

    def __init__(self, input_size, hidden_size, forget_bias=None):
        super().__init__()
        self.cell = self.cell_type(input_size, hidden_size, forget_bias)

    def initial_state(self, batch):
        weight = self.cell.weight_hh
        return LSTMState(weight.new_zeros(batch, weight.shape[1]), weight.new_zeros(batch, weight.shape[1]))

    def step(self, x, state):
        h, c = self.cell(x, state.h, state.c)
        return h, LSTMState(h, c)

    def forward(self, x, state=None):
        if state is None:
            state = self.initial_state(len(x))
        outputs = []
        for x_t in x.unbind(1):
            y, state = self.step(x_t, state)
            outputs.append(y)
        return torch.stack(outputs, dim=1), state


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
        r = torch.sigmoid(in_r + h @ U_r.T)
        z = torch.sigmoid(in_z + h @ U_z.T)
        if self.reset == "before":
            n = torch.tanh(in_n + (r * h) @ U_n.T)
        else:
            n = torch.tanh(in_n + r * (h @ U_n.T + self.bias_h))
        return (1 - z) * n + z * h


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
    mode = model.training
    model.eval()
    with torch.no_grad():
        answers = model(x, lengths).argmax(dim=1)
    model.train(mode)
    return (answers == labels).double().mean().item()


# %% train-classifier
def train_classifier(x, lengths, labels):
    net = SequenceClassifier(GRU(x.shape[-1], 24), 24, 2)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    for epoch in range(8):
        train_epoch(net, optimizer, x, lengths, labels, 50)
    return net
