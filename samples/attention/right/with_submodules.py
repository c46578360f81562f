"""Right: helper modules and buffers of the student's own, classes for the two searches."""


# %% masked-softmax
class Masking:
    """What may be attended to, and what is added to the scores."""

    def __init__(self, mask, scores):
        boolean = mask.dtype == torch.bool
        self.free = mask.clone() if boolean else mask.isfinite()
        self.push = scores.new_zeros(()) if boolean else mask.masked_fill(~self.free, 0.0)


def masked_softmax(scores, mask=None):
    if mask is None:
        return nn.Softmax(dim=-1)(scores)
    masking = Masking(mask, scores)
    forbidden = ~masking.free.expand_as(scores)
    nothing = forbidden.all(dim=-1, keepdim=True)
    scores = (scores + masking.push).masked_fill(forbidden & ~nothing, -math.inf)
    return nn.Softmax(dim=-1)(scores).masked_fill(nothing, 0.0)


# %% align
class Mean(nn.Module):
    def forward(self, weights, memory):
        return torch.matmul(weights.unsqueeze(-2), memory).squeeze(-2)


def align(scores, memory, mask=None):
    weights = masked_softmax(scores, mask)
    return Mean()(weights, memory), weights


# %% padding-mask
def padding_mask(lengths, longest):
    table = torch.ones(longest, longest, dtype=torch.bool).tril()
    return table[lengths - 1]


# %% encoder
class PackedEncoder(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.input_size, self.memory_size = input_size, 2 * hidden_size
        self.gru = nn.GRU(input_size, hidden_size, batch_first=True, bidirectional=True)
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x, lengths):
        self.calls += 1
        mask = padding_mask(lengths, x.shape[1])
        packed = nn.utils.rnn.pack_padded_sequence(
            x, lengths, batch_first=True, enforce_sorted=False
        )
        states, last = self.gru(packed)
        memory = x.new_zeros(*x.shape[:2], self.memory_size)
        found, _ = nn.utils.rnn.pad_packed_sequence(states, batch_first=True)
        memory = torch.cat([found, memory[:, found.shape[1] :]], dim=1)
        return Source(memory, torch.hstack([last[0], last[1]]), mask)


# %% additive
class AdditiveScore(Score):
    def __init__(self, query_size, memory_size, hidden_size):
        super().__init__()
        self.key_size = hidden_size
        self.query = nn.Linear(query_size, hidden_size, bias=False)
        self.key = nn.Linear(memory_size, hidden_size, bias=False)
        self.v = nn.Parameter(torch.randn(hidden_size) * hidden_size**-0.5)
        self.squash = nn.Tanh()
        self.register_buffer("asked", torch.zeros(()))

    def read(self, memory):
        return self.key(memory)

    def forward(self, query, keys):
        wide = self.query(query).unsqueeze(1).expand(-1, keys.shape[1], -1)
        return torch.matmul(self.squash(wide + keys), self.v)


# %% luong
class DotScore(Score):
    def __init__(self, size):
        super().__init__()
        self.key_size = size
        self.nothing = nn.Identity()

    def read(self, memory):
        return self.nothing(memory)

    def forward(self, query, keys):
        return torch.matmul(keys, query.unsqueeze(2)).squeeze(2)


class GeneralScore(DotScore):
    def __init__(self, query_size, memory_size):
        super().__init__(query_size)
        self.key = nn.Linear(memory_size, query_size, bias=False)

    def read(self, memory):
        return super().read(self.key(memory))


# %% decoder
class InputFeedingDecoder(SequenceLayer[FeedingState]):
    def __init__(self, input_size, hidden_size, memory_size, look):
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size
        self.memory_size, self.look = memory_size, look
        self.cell = nn.GRUCell(input_size + hidden_size, hidden_size)
        self.combine = nn.Linear(memory_size + hidden_size, hidden_size, bias=False)
        self.dropout = nn.Dropout(0.0)

    def start(self, source):
        state = FeedingState(source.h, torch.zeros_like(source.h), source.memory, None, source.mask)
        return state._replace(keys=self.look.read(state.memory))

    def initial_state(self, batch):
        h = torch.zeros(batch, self.hidden_size).to(self.combine.weight)
        memory = h.new_zeros(batch, 0, self.memory_size)
        keys = h.new_zeros(batch, 0, self.look.key_size)
        return FeedingState(h, h.clone(), memory, keys, torch.ones(batch, 0, dtype=torch.bool))

    def advance(self, x, state):
        h = self.cell(self.dropout(torch.cat([x, state.fed], dim=-1)), state.h)
        context, weights = self.look(h, state.keys, state.memory, state.mask)
        y = torch.tanh(self.combine(torch.cat([context, h], dim=-1)))
        return (
            y,
            weights,
            FeedingState(h=h, fed=y, memory=state.memory, keys=state.keys, mask=state.mask),
        )

    def step(self, x, state):
        y, weights, state = self.advance(x, state)
        self.looked = weights.detach()
        return y, state

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        outputs = x.new_zeros(x.shape[1], len(x), self.hidden_size).unbind(0)
        outputs = list(outputs)
        for place, x_t in enumerate(x.unbind(1)):
            outputs[place], state = self.step(x_t, state)
        return torch.stack(outputs).transpose(0, 1), state


# %% greedy
class Writer:
    """Rows that are written, each until its END."""

    def __init__(self, rows):
        self.texts = [[] for _ in range(rows)]
        self.scores = [0.0] * rows

    def open(self):
        return [END not in text for text in self.texts]

    def heard(self):
        return torch.tensor([text[-1] if text else START for text in self.texts])

    def add(self, logits):
        values, symbols = logits.log_softmax(dim=1).max(dim=1)
        for row, is_open in enumerate(self.open()):
            self.texts[row].append(int(symbols[row]) if is_open else END)
            if is_open:
                self.scores[row] = self.scores[row] + values[row]


def greedy(model, state, longest):
    writer = Writer(len(state[0]))
    with torch.no_grad():
        while any(writer.open()) and len(writer.texts[0]) < longest:
            logits, state = model(writer.heard(), state)
            writer.add(logits)
    return Written(torch.tensor(writer.texts), torch.stack(writer.scores))


# %% beam
class Beam:
    def __init__(self, model, state, width):
        self.model, self.state, self.width = model, state, width
        self.lines = [Hypothesis([], 0.0)]

    @property
    def live(self):
        return [line for line in self.lines if not line.ended]

    def grow(self):
        last = [line.symbols[-1] if line.symbols else START for line in self.live]
        logits, state = self.model(torch.tensor(last), self.state)
        pool = [(line, None) for line in self.lines if line.ended]
        for row, (line, values) in enumerate(
            zip(self.live, logits.log_softmax(1).tolist(), strict=True)
        ):
            pool += [
                (Hypothesis([*line.symbols, s], line.score + v), row) for s, v in enumerate(values)
            ]
        pool.sort(key=lambda pair: pair[0].score, reverse=True)
        del pool[self.width :]
        self.lines = [line for line, _ in pool]
        self.state = rows_of(
            state, torch.tensor([row for line, row in pool if not line.ended]).long()
        )


def beam_search(model, state, width, longest):
    beam = Beam(model, state, width)
    with torch.no_grad():
        for _ in range(longest):
            if beam.live:
                beam.grow()
    return beam.lines
