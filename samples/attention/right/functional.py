"""Right: small functions, torch.nn.functional, sequences packed one by one, recursion."""

# %% masked-softmax
F = torch.nn.functional


def as_numbers(mask, like):
    """A boolean mask as numbers that are added: 0 or the lowest there is."""
    if mask.dtype != torch.bool:
        return mask.clamp(min=torch.finfo(like.dtype).min / 4)
    return torch.zeros_like(mask, dtype=like.dtype).masked_fill(
        mask.logical_not(), torch.finfo(like.dtype).min / 4
    )


def masked_softmax(scores, mask=None):
    if mask is None:
        return F.softmax(scores, -1)
    pushes = as_numbers(mask, scores)
    forbidden = pushes <= torch.finfo(scores.dtype).min / 4
    return F.softmax(scores / 1.0 + pushes, -1).mul(forbidden.logical_not())


# %% align
def align(scores, memory, mask=None):
    weights = masked_softmax(scores, mask)
    return torch.bmm(weights[:, None, :], memory)[:, 0], weights


# %% padding-mask
def padding_mask(lengths, longest):
    return torch.stack([torch.arange(longest).lt(n) for n in lengths])


# %% encoder
class PackedEncoder(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.input_size, self.memory_size = input_size, 2 * hidden_size
        self.gru = nn.GRU(input_size, hidden_size, batch_first=True, bidirectional=True)

    def forward(self, x, lengths):
        packed = nn.utils.rnn.pack_sequence(
            [row[:n] for row, n in zip(x, lengths, strict=True)], enforce_sorted=False
        )
        states, last = self.gru(packed)
        memory, _ = nn.utils.rnn.pad_packed_sequence(
            states, batch_first=True, total_length=x.size(1)
        )
        return Source(
            memory=memory, h=torch.cat(tuple(last), -1), mask=padding_mask(lengths, x.size(1))
        )


# %% additive
class AdditiveScore(Score):
    def __init__(self, query_size, memory_size, hidden_size):
        super().__init__()
        self.key_size = hidden_size
        self.query = nn.Linear(query_size, hidden_size, bias=False)
        self.key = nn.Linear(memory_size, hidden_size, bias=False)
        self.v = nn.Parameter(torch.ones(hidden_size))

    def read(self, memory):
        return F.linear(memory, self.key.weight)

    def forward(self, query, keys):
        asked = F.linear(query, self.query.weight)
        return F.linear(torch.tanh(keys + asked[:, None]), self.v[None])[..., 0]


# %% luong
class DotScore(Score):
    def __init__(self, size):
        super().__init__()
        self.key_size = size

    def read(self, memory):
        return memory

    def forward(self, query, keys):
        return torch.bmm(keys, query[:, :, None])[:, :, 0]


class GeneralScore(DotScore):
    def __init__(self, query_size, memory_size):
        super().__init__(query_size)
        self.key = nn.Linear(memory_size, query_size, bias=False)

    def read(self, memory):
        return F.linear(memory, self.key.weight)


# %% decoder
def unrolled(layer, x, state):
    """Yield output and state after each token."""
    for x_t in x.unbind(1):
        y, _, state = layer.advance(x_t, state)
        yield y, state


class InputFeedingDecoder(SequenceLayer[FeedingState]):
    def __init__(self, input_size, hidden_size, memory_size, look):
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size
        self.memory_size, self.look = memory_size, look
        self.cell = nn.GRUCell(input_size + hidden_size, hidden_size)
        self.combine = nn.Linear(memory_size + hidden_size, hidden_size, bias=False)

    def start(self, source):
        fed = source.h.new_zeros(source.h.shape)
        return FeedingState(
            source.h, fed, source.memory, self.look.read(source.memory), source.mask
        )

    def initial_state(self, batch):
        like = next(self.cell.parameters())
        shapes = (
            (self.hidden_size,),
            (self.hidden_size,),
            (0, self.memory_size),
            (0, self.look.key_size),
        )
        return FeedingState(
            *(like.new_zeros(batch, *shape) for shape in shapes),
            torch.empty(batch, 0, dtype=torch.bool),
        )

    def advance(self, x, state):
        cell = self.cell
        given = F.linear(torch.hstack([x, state.fed]), cell.weight_ih, cell.bias_ih)
        heard = F.linear(state.h, cell.weight_hh, cell.bias_hh)
        (r1, z1, n1), (r2, z2, n2) = given.chunk(3, 1), heard.chunk(3, 1)
        z = F.sigmoid(z1 + z2)
        h = torch.lerp(F.tanh(n1 + F.sigmoid(r1 + r2) * n2), state.h, z)
        context, weights = self.look(h, *state[3:1:-1], state[4])
        y = F.tanh(F.linear(torch.hstack([context, h]), self.combine.weight))
        return y, weights, FeedingState(h, y, *state[2:])

    def step(self, x, state):
        return next(unrolled(self, x.unsqueeze(1), state))

    def forward(self, x, state=None):
        states = list(unrolled(self, x, self.initial_state(len(x)) if state is None else state))
        return torch.stack([y for y, _ in states], 1), states[-1][1]


# %% greedy
def said(model, symbol, state):
    logits, state = model(symbol, state)
    return torch.log_softmax(logits, 1), state


def greedy(model, state, longest):
    with torch.no_grad():
        log_p, state = said(model, torch.zeros(len(state[0])).long(), state)
        scores, symbols = (part.unsqueeze(1) for part in log_p.max(1))
        for _ in range(longest - 1):
            over = (symbols == END).any(1)
            if over.all():
                break
            log_p, state = said(model, symbols[:, -1], state)
            value, symbol = log_p.max(1)
            symbols = torch.cat([symbols, symbol.masked_fill(over, END).unsqueeze(1)], 1)
            scores = torch.cat([scores, value.masked_fill(over, 0.0).unsqueeze(1)], 1)
        return Written(symbols=symbols, scores=scores.sum(1))


# %% beam
def grown(model, live, state):
    heard = torch.tensor([line.symbols[-1] if line.symbols else START for line, _ in live])
    log_p, state = said(model, heard, rows_of(state, torch.tensor([row for _, row in live])))
    lines = [
        (Hypothesis([*line.symbols, symbol], line.score + float(value)), row)
        for row, (line, _) in enumerate(live)
        for symbol, value in enumerate(log_p[row])
    ]
    return lines, state


def searched(model, beam, state, width, left):
    live = [pair for pair in beam if not pair[0].ended]
    if not left or not live:
        return [line for line, _ in beam]
    lines, state = grown(model, live, state)
    lines += [pair for pair in beam if pair[0].ended]
    best = sorted(lines, key=lambda pair: -pair[0].score)[:width]
    return searched(model, best, state, width, left - 1)


def beam_search(model, state, width, longest):
    with torch.no_grad():
        return searched(model, [(Hypothesis([], 0.0), 0)], state, width, longest)
