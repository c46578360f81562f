"""Right: einsum wherever a product is, exponentials by hand, sorting by the student."""


# %% masked-softmax
def masked_softmax(scores, mask=None):
    allowed = torch.ones_like(scores, dtype=torch.bool)
    if mask is not None and mask.dtype == torch.bool:
        allowed = allowed & mask
    elif mask is not None:
        allowed = allowed & ~torch.isneginf(mask)
        scores = scores + torch.where(torch.isneginf(mask), 0.0, mask)
    if not scores.shape[-1]:
        return scores
    largest = torch.where(allowed, scores, -1e30).amax(-1, keepdim=True).detach()
    powers = torch.exp(torch.where(allowed, scores - largest, 0.0)) * allowed
    total = torch.einsum("...j->...", powers).unsqueeze(-1)
    return powers / torch.where(total > 0, total, 1.0)


# %% align
def align(scores, memory, mask=None):
    weights = masked_softmax(scores, mask)
    return torch.einsum("bj,bjm->bm", weights, memory), weights


# %% padding-mask
def padding_mask(lengths, longest):
    places = torch.arange(longest)
    return places[None, :] - lengths[:, None] < 0


# %% encoder
class PackedEncoder(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.input_size, self.memory_size = input_size, 2 * hidden_size
        self.gru = nn.GRU(input_size, hidden_size, batch_first=True, bidirectional=True)

    def forward(self, x, lengths):
        ordered, order = torch.sort(lengths, descending=True)
        back = torch.argsort(order)
        packed = nn.utils.rnn.pack_padded_sequence(x[order], ordered.cpu(), batch_first=True)
        states, last = self.gru(packed)
        memory, _ = nn.utils.rnn.pad_packed_sequence(states, batch_first=True)
        memory = nn.functional.pad(memory, (0, 0, 0, x.shape[1] - memory.shape[1]))[back]
        h = last.transpose(0, 1).flatten(1)[back]
        return Source(memory, h, padding_mask(lengths, x.shape[1]))


# %% additive
class AdditiveScore(Score):
    def __init__(self, query_size, memory_size, hidden_size):
        super().__init__()
        self.key_size = hidden_size
        self.query = nn.Linear(query_size, hidden_size, bias=False)
        self.key = nn.Linear(memory_size, hidden_size, bias=False)
        self.v = nn.Parameter(torch.rand(hidden_size))

    def read(self, memory):
        return torch.einsum("hm,bjm->bjh", self.key.weight, memory)

    def forward(self, query, keys):
        asked = torch.einsum("hq,bq->bh", self.query.weight, query)
        return torch.einsum("bjh,h->bj", torch.tanh(asked[:, None] + keys), self.v)


# %% luong
class DotScore(Score):
    def __init__(self, size):
        super().__init__()
        self.key_size = size

    def read(self, memory):
        return memory

    def forward(self, query, keys):
        return torch.einsum("bd,bjd->bj", query, keys)


class GeneralScore(DotScore):
    def __init__(self, query_size, memory_size):
        super().__init__(query_size)
        self.key = nn.Linear(memory_size, query_size, bias=False)

    def read(self, memory):
        return torch.einsum("qm,bjm->bjq", self.key.weight, memory)


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
            source.h, source.h * 0, source.memory, self.look.read(source.memory), source.mask
        )

    def initial_state(self, batch):
        none = Source(
            self.combine.weight.new_zeros(batch, 0, self.memory_size),
            self.combine.weight.new_zeros(batch, self.hidden_size),
            torch.zeros(batch, 0).bool(),
        )
        keys = none.memory.new_zeros(batch, 0, self.look.key_size)
        return FeedingState(none.h, none.h.clone(), none.memory, keys, none.mask)

    def advance(self, x, state):
        h = self.cell(torch.cat([x, state.fed], -1), state.h)
        context, weights = self.look(h, state.keys, state.memory, state.mask)
        for_context, for_state = self.combine.weight.split(
            [self.memory_size, self.hidden_size], dim=1
        )
        y = torch.einsum("hm,bm->bh", for_context, context) + torch.einsum(
            "hs,bs->bh", for_state, h
        )
        y = torch.tanh(y)
        return y, weights, FeedingState(h, y, state.memory, state.keys, state.mask)

    def step(self, x, state):
        y, _, after = self.advance(x, state)
        return y, after

    def forward(self, x, state=None):
        state, said = (
            state or self.initial_state(x.size(0)),
            x.new_zeros(len(x), 0, self.hidden_size),
        )
        for t in range(x.size(1)):
            y, state = self.step(x[:, t], state)
            said = torch.cat([said, y[:, None]], dim=1)
        return said, state


# %% greedy
def greedy(model, state, longest):
    with torch.no_grad():
        rows = state[0].shape[0]
        last, steps, values = torch.full((rows,), START), [], []
        for _ in range(longest):
            logits, state = model(last, state)
            last = logits.argmax(-1)
            steps.append(last)
            values.append(logits.gather(1, last[:, None])[:, 0] - logits.logsumexp(1))
            if (torch.stack(steps, 1) == END).any(1).all():
                break
        symbols, values = torch.stack(steps, 1), torch.stack(values, 1)
        ends = (symbols == END).long()
        before = ends.cumsum(1) - ends
        scores = torch.einsum("bt,bt->b", values, (before == 0).to(values.dtype))
        return Written(symbols.masked_fill(before > 0, END), scores)


# %% beam
def beam_search(model, state, width, longest):
    with torch.no_grad():
        pool = {(): (0.0, 0)}
        for _ in range(longest):
            live = [line for line in pool if line[-1:] != (END,)]
            if not live:
                break
            state = rows_of(state, torch.tensor([pool[line][1] for line in live]))
            logits, state = model(
                torch.tensor([line[-1] if line else START for line in live]), state
            )
            table = torch.log_softmax(logits, 1).tolist()
            new = {line: (score, -1) for line, (score, _) in pool.items() if line[-1:] == (END,)}
            for row, line in enumerate(live):
                for symbol, value in enumerate(table[row]):
                    new[(*line, symbol)] = (pool[line][0] + value, row)
            best = sorted(new, key=lambda line: new[line][0], reverse=True)[:width]
            pool = {line: new[line] for line in best}
        return [Hypothesis(list(line), score) for line, (score, _) in pool.items()]
