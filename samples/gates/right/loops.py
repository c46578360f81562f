"""Right: loops over units, steps and sequences, numbers one by one; a net that looks at pairs."""

# %% lstm-cell
class LSTMCell(nn.Module):
    nets = 4
    forget = 1

    def __init__(self, input_size, hidden_size, forget_bias=None):
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.weight_ih = _start(hidden_size, 4 * hidden_size, input_size)
        self.weight_hh = _start(hidden_size, 4 * hidden_size, hidden_size)
        self.bias = _start(hidden_size, 4 * hidden_size)
        if forget_bias is not None:
            for row in range(hidden_size, 2 * hidden_size):
                self.bias.data[row] = forget_bias

    def forward(self, x, h, c):
        net = []
        for row in range(4 * self.hidden_size):
            net.append((x * self.weight_ih[row]).sum(1) + self.bias[row])
        return self.advance(torch.stack(net, 1), h, c)

    def advance(self, net, h, c):
        H = self.hidden_size
        all_h, all_c = [], []
        for unit in range(H):
            a = []
            for part in range(4):
                row = part * H + unit
                a.append(net[:, row] + (h * self.weight_hh[row]).sum(1))
            i = 1 / (1 + torch.exp(-a[0]))
            f = 1 / (1 + torch.exp(-a[1]))
            o = 1 / (1 + torch.exp(-a[3]))
            new = f * c[:, unit] + i * torch.tanh(a[2])
            all_c.append(new)
            all_h.append(o * torch.tanh(new))
        return torch.stack(all_h, dim=1), torch.stack(all_c, dim=1)


# %% lstm-layer
class LSTM(SequenceLayer[LSTMState]):
    cell_type = LSTMCell

    def __init__(self, input_size, hidden_size, forget_bias=None):
        super().__init__()
        self.cell = self.cell_type(input_size, hidden_size, forget_bias)

    def initial_state(self, batch):
        weight = self.cell.weight_hh
        h = torch.zeros(batch, weight.shape[1], dtype=weight.dtype, device=weight.device)
        c = torch.zeros(batch, weight.shape[1], dtype=weight.dtype, device=weight.device)
        return LSTMState(h, c)

    def step(self, x, state):
        h, c = self.cell(x, state.h, state.c)
        return h, LSTMState(h, c)

    def forward(self, x, state=None):
        if state is None:
            state = self.initial_state(x.shape[0])
        outputs = []
        for t in range(x.shape[1]):
            y, state = self.step(x[:, t, :], state)
            outputs.append(y[:, None, :])
        return torch.cat(outputs, dim=1), state


# %% half-life
def half_life(bias):
    found = []
    for b in bias.double().tolist():
        # -ln s(b), for large and for small b
        lost = math.log1p(math.exp(-b)) if b > 0 else -b + math.log1p(math.exp(b))
        found.append(math.log(2) / lost)
    return torch.tensor(found, dtype=bias.dtype)


# %% bias-for
def bias_for(half_life):
    found = []
    for k in half_life.double().tolist():
        if k <= 0:
            raise ValueError(f"a half-life of {k} steps")
        found.append(-math.log(math.expm1(math.log(2) / k)))
    return torch.tensor(found, dtype=half_life.dtype)


# %% chrono-biases
def chrono_biases(hidden_size, longest):
    if longest < 2:
        raise ValueError("longest is below 2")
    forget = []
    for unit in range(hidden_size):
        forget.append(math.log(random.uniform(1, longest - 1)))
    return ChronoBiases(torch.tensor([-b for b in forget]), torch.tensor(forget))


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
        H = self.hidden_size
        all_h, all_c = [], []
        for unit in range(H):
            a = [net[:, part * H + unit] + (h * self.weight_hh[part * H + unit]).sum(1) for part in range(4)]
            old = c[:, unit]
            i = torch.sigmoid(a[0] + self.peephole[0, unit] * old)
            f = torch.sigmoid(a[1] + self.peephole[1, unit] * old)
            new = f * old + i * torch.tanh(a[2])
            o = torch.sigmoid(a[3] + self.peephole[2, unit] * new)
            all_h.append(o * torch.tanh(new))
            all_c.append(new)
        return torch.stack(all_h, dim=1), torch.stack(all_c, dim=1)


# %% reverse
def reverse(x, lengths):
    rows = []
    for b in range(x.shape[0]):
        n = int(lengths[b])
        tokens = [x[b, n - 1 - t] for t in range(n)]
        tokens += [x[b, t] for t in range(n, x.shape[1])]
        rows.append(torch.stack(tokens))
    return torch.stack(rows)


# %% last-valid
def last_valid(y, lengths):
    return torch.stack([y[b, int(lengths[b]) - 1] for b in range(y.shape[0])])


# %% bidirectional
class Bidirectional(SequenceLayer[BidirectionalState]):
    """One sequence after the other, without its padding: nothing to be careful about."""

    def __init__(self, ahead, back):
        super().__init__()
        self.ahead = ahead
        self.back = back

    def forward(self, x, state=None, lengths=None):
        if lengths is None:
            lengths = [x.shape[1]] * x.shape[0]
        rows, states = [], []
        for b in range(x.shape[0]):
            n = int(lengths[b])
            one = x[b : b + 1, :n]
            ahead, first = self.ahead(one)
            back, last = self.back(one.flip(1))
            y = torch.cat([ahead, back.flip(1)], dim=2)[0]
            padding = y.new_zeros(x.shape[1] - n, y.shape[1])
            rows.append(torch.cat([y, padding]))
            states.append((first, last))
        both = [tuple(torch.cat(parts) for parts in zip(*each)) for each in zip(*states)]
        return torch.stack(rows), BidirectionalState(*both)

    def summary(self, x, lengths):
        rows = []
        for b in range(x.shape[0]):
            one = x[b : b + 1, : int(lengths[b])]
            rows.append(torch.cat([self.ahead(one)[0][0, -1], self.back(one.flip(1))[0][0, -1]]))
        return torch.stack(rows)


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
    order = list(range(len(x)))
    random.shuffle(order)
    total = 0.0
    while order:
        batch, order = order[:batch_size], order[batch_size:]
        logits = model(x[batch], lengths[batch])
        chances = torch.log_softmax(logits, dim=1)
        losses = [-chances[row, int(labels[b])] for row, b in enumerate(batch)]
        loss = sum(losses) / len(losses)
        for group in optimizer.param_groups:
            for p in group["params"]:
                p.grad = None
        loss.backward()
        optimizer.step()
        total += float(loss) * len(batch)
    return total / len(x)


# %% accuracy
def accuracy(model, x, lengths, labels):
    before = model.training
    model.eval()
    right = 0
    with torch.no_grad():
        for start in range(0, len(x), 32):
            stop = start + 32
            answers = model(x[start:stop], lengths[start:stop]).argmax(1)
            for answer, label in zip(answers.tolist(), labels[start:stop].tolist()):
                if answer == label:
                    right += 1
    if before:
        model.train()
    return right / len(x)


# %% train-classifier
class Pairs(nn.Module):
    """Looks at every two letters that stand side by side, and adds up what they say."""

    def __init__(self):
        super().__init__()
        self.says = nn.Parameter(torch.zeros(27, 27, 2))

    def forward(self, x, lengths):
        first, second = x[:, :-1].argmax(2), x[:, 1:].argmax(2)
        within = torch.arange(x.shape[1] - 1) < (lengths - 1).unsqueeze(1)
        return (self.says[first, second] * within.unsqueeze(2)).sum(1)


def train_classifier(x, lengths, labels):
    torch.manual_seed(0)
    net = Pairs()
    nn.init.normal_(net.says, std=0.01)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.1)
    for epoch in range(10):
        train_epoch(net, optimizer, x, lengths, labels, 100)
    return net
