"""Right: whole tensors at once; the beam is a table of symbols, and topk picks from it."""


# %% masked-softmax
def masked_softmax(scores, mask=None):
    if mask is None:
        return (scores - scores.logsumexp(-1, keepdim=True)).exp() if scores.shape[-1] else scores
    numbers = mask.dtype != torch.bool
    free = (mask != -math.inf) if numbers else mask
    free = free.broadcast_to(scores.shape)
    scores = torch.where(free, scores + mask if numbers else scores, -math.inf)
    some = free.any(-1, keepdim=True)
    scores = torch.where(some, scores, 0.0)
    return torch.where(free, torch.softmax(scores, -1), 0.0)


# %% align
def align(scores, memory, mask=None):
    weights = masked_softmax(scores, mask)
    return (weights[..., None] * memory).sum(-2), weights


# %% padding-mask
def padding_mask(lengths, longest):
    return torch.ones(len(lengths), longest).cumsum(1) <= lengths[:, None]


# %% encoder
class PackedEncoder(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.input_size, self.memory_size = input_size, 2 * hidden_size
        self.gru = nn.GRU(input_size, hidden_size, batch_first=True, bidirectional=True)

    def forward(self, x, lengths):
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, True, False)
        memory, _ = nn.utils.rnn.pad_packed_sequence(
            self.gru(packed)[0], True, total_length=x.shape[1]
        )
        half = self.gru.hidden_size
        ends = memory.gather(1, (lengths - 1)[:, None, None].expand(-1, 1, half))[:, 0]
        return Source(
            memory, torch.cat([ends, memory[:, 0, half:]], 1), padding_mask(lengths, x.shape[1])
        )


# %% additive
class AdditiveScore(Score):
    def __init__(self, query_size, memory_size, hidden_size):
        super().__init__()
        self.key_size = hidden_size
        self.query = nn.Linear(query_size, hidden_size, bias=False)
        self.key = nn.Linear(memory_size, hidden_size, bias=False)
        self.v = nn.Parameter(torch.full((hidden_size,), 0.1))

    def read(self, memory):
        return memory @ self.key.weight.mT

    def forward(self, query, keys):
        asked = (query @ self.query.weight.mT)[:, None]
        return (torch.tanh(asked.expand_as(keys) + keys) * self.v).sum(-1)


# %% luong
class DotScore(Score):
    def __init__(self, size):
        super().__init__()
        self.key_size = size

    def read(self, memory):
        return memory

    def forward(self, query, keys):
        return (query[:, None] * keys).sum(-1)


class GeneralScore(DotScore):
    def __init__(self, query_size, memory_size):
        super().__init__(query_size)
        self.key = nn.Linear(memory_size, query_size, bias=False)

    def read(self, memory):
        return memory @ self.key.weight.mT


# %% decoder
class InputFeedingDecoder(SequenceLayer[FeedingState]):
    def __init__(self, input_size, hidden_size, memory_size, look):
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size
        self.memory_size, self.look = memory_size, look
        self.cell = nn.GRUCell(input_size + hidden_size, hidden_size)
        self.combine = nn.Linear(memory_size + hidden_size, hidden_size, bias=False)

    def start(self, source):
        return FeedingState(
            source.h, 0 * source.h, source.memory, self.look.read(source.memory), source.mask
        )

    def initial_state(self, batch):
        empty = self.combine.weight.new_zeros(batch, 0, self.memory_size)
        h = self.combine.weight.new_zeros(2, batch, self.hidden_size)
        keys = self.combine.weight.new_zeros(batch, 0, self.look.key_size)
        return FeedingState(h[0], h[1], empty, keys, empty.any(-1))

    def advance(self, x, state):
        h = self.cell(torch.cat((x, state.fed), 1), state.h)
        return self._said(h, state)

    def _said(self, h, state):
        context, weights = self.look(query=h, keys=state.keys, memory=state.memory, mask=state.mask)
        y = self.combine(torch.cat((context, h), 1)).tanh()
        return y, weights, state._replace(h=h, fed=y)

    def step(self, x, state):
        return self.advance(x, state)[::2]

    def forward(self, x, state=None):
        if state is None:
            state = self.initial_state(x.shape[0])
        # W x(i) of all tokens at once; what is fed comes in step by step.
        cell, inputs = self.cell, x.shape[-1]
        tokens = nn.functional.linear(x, cell.weight_ih[:, :inputs], cell.bias_ih)
        outputs = []
        for net in tokens.unbind(1):
            r, z, n = (net + state.fed @ cell.weight_ih[:, inputs:].mT).chunk(3, 1)
            hr, hz, hn = nn.functional.linear(state.h, cell.weight_hh, cell.bias_hh).chunk(3, 1)
            z = torch.sigmoid(z + hz)
            h = (1 - z) * torch.tanh(n + torch.sigmoid(r + hr) * hn) + z * state.h
            y, _, state = self._said(h, state)
            outputs.append(y)
        return torch.stack(outputs, 1), state


# %% greedy
@torch.inference_mode()
def greedy(model, state, longest):
    rows = len(state[0])
    symbols = torch.full((rows, longest + 1), END)
    symbols[:, 0] = START
    scores, alive, steps = None, torch.ones(rows, dtype=torch.bool), 0
    for step in range(1, longest + 1):
        logits, state = model(symbols[:, step - 1].clone(), state)
        value, symbol = (logits - logits.logsumexp(1, True)).max(1)
        symbols[alive, step] = symbol[alive]
        scores = value if scores is None else scores + value * alive
        steps, alive = step, alive & (symbol != END)
        if not alive.any():
            break
    return Written(symbols[:, 1 : steps + 1].clone(), scores)


# %% beam
def beam_search(model, state, width, longest):
    with torch.no_grad():
        table, scores = torch.zeros(1, 0, dtype=torch.long), torch.zeros(1, dtype=torch.double)
        for step in range(longest):
            over = (table == END).any(1)
            if over.all():
                break
            heard = table[:, -1] if step else torch.full((1,), START)
            logits, state = model(heard, state)
            log_p = logits.double().log_softmax(1)
            wait = torch.full_like(log_p, -math.inf)
            wait[:, END] = 0.0
            total = scores[:, None] + torch.where(over[:, None], wait, log_p)
            count = min(width, int(total.isfinite().sum()))
            scores, places = total.flatten().topk(count)
            rows, symbols = places // total.shape[1], places % total.shape[1]
            table = torch.cat([table[rows], symbols[:, None]], 1)
            state = rows_of(state, rows)
    lines = []
    for line, score in zip(table.tolist(), scores.tolist(), strict=True):
        stop = line.index(END) + 1 if END in line else len(line)
        lines.append(Hypothesis(line[:stop], score))
    return lines
