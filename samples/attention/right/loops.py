"""Right: token by token, lists and plain numbers, no packing at all."""


# %% masked-softmax
def masked_softmax(scores, mask=None):
    if mask is None:
        mask = torch.ones_like(scores, dtype=torch.bool)
    if mask.dtype != torch.bool:
        scores, mask = scores + mask, mask > -math.inf
    if not scores.shape[-1]:
        return scores
    largest = torch.where(mask, scores, -math.inf).max(dim=-1, keepdim=True).values.detach()
    powers = torch.exp(torch.where(mask, scores - largest, -math.inf))
    total = 0.0
    for power in powers.unbind(-1):
        total = total + power
    return powers / torch.where(total == 0, 1.0, total).unsqueeze(-1)


# %% align
def align(scores, memory, mask=None):
    weights = masked_softmax(scores, mask)
    context = memory.new_zeros(memory.shape[0], memory.shape[2])
    for j in range(memory.shape[1]):
        context = context + weights[:, j : j + 1] * memory[:, j]
    return context, weights


# %% padding-mask
def padding_mask(lengths, longest):
    return torch.tensor([[place < n for place in range(longest)] for n in lengths.tolist()])


# %% encoder
class PackedEncoder(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.input_size, self.memory_size = input_size, 2 * hidden_size
        self.gru = nn.GRU(input_size, hidden_size, batch_first=True, bidirectional=True)

    def forward(self, x, lengths):
        mask = padding_mask(lengths, x.shape[1])
        tokens, real = list(x.unbind(1)), list(mask.unsqueeze(2).unbind(1))
        ahead, last = self.one_way(tokens, real, "")
        back, first = self.one_way(tokens[::-1], real[::-1], "_reverse")
        states = [torch.cat(pair, dim=1) for pair in zip(ahead, back[::-1], strict=True)]
        memory = torch.stack(
            [state * here for state, here in zip(states, real, strict=True)], dim=1
        )
        return Source(memory, torch.cat([last, first], dim=1), mask)

    def one_way(self, tokens, real, end):
        names = "weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"
        weights = [getattr(self.gru, name + end) for name in names]
        h, states = tokens[0].new_zeros(len(tokens[0]), self.gru.hidden_size), []
        for x_t, here in zip(tokens, real, strict=True):
            h = torch.where(here, torch.gru_cell(x_t, h, *weights), h)
            states.append(h)
        return states, h


# %% additive
class AdditiveScore(Score):
    def __init__(self, query_size, memory_size, hidden_size):
        super().__init__()
        self.key_size = hidden_size
        self.query = nn.Linear(query_size, hidden_size, bias=False)
        self.key = nn.Linear(memory_size, hidden_size, bias=False)
        self.v = nn.Parameter(torch.randn(hidden_size))

    def read(self, memory):
        keys = [self.key(h) for h in memory.unbind(1)]
        return torch.stack(keys, dim=1) if keys else memory.new_zeros(len(memory), 0, self.key_size)

    def forward(self, query, keys):
        rows = []
        for s, row in zip(query, keys, strict=True):
            asked = self.query(s)
            scores = [torch.dot(self.v, torch.tanh(asked + key)) for key in row]
            rows.append(torch.stack(scores) if scores else query.new_zeros(0))
        return torch.stack(rows)


# %% luong
class DotScore(Score):
    def __init__(self, size):
        super().__init__()
        self.key_size = size

    def read(self, memory):
        return memory

    def forward(self, query, keys):
        scores = query.new_zeros(keys.shape[:2]).unbind(1)
        scores = [
            score + (query * key).sum(1) for score, key in zip(scores, keys.unbind(1), strict=True)
        ]
        return torch.stack(scores, dim=1) if scores else query.new_zeros(len(query), 0)


class GeneralScore(DotScore):
    def __init__(self, query_size, memory_size):
        super().__init__(query_size)
        self.key = nn.Linear(memory_size, query_size, bias=False)

    def read(self, memory):
        keys = [self.key(h) for h in memory.unbind(1)]
        return torch.stack(keys, dim=1) if keys else memory.new_zeros(len(memory), 0, self.key_size)


# %% decoder
class InputFeedingDecoder(SequenceLayer[FeedingState]):
    def __init__(self, input_size, hidden_size, memory_size, look):
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size
        self.memory_size, self.look = memory_size, look
        self.cell = nn.GRUCell(input_size + hidden_size, hidden_size)
        self.combine = nn.Linear(memory_size + hidden_size, hidden_size, bias=False)

    def start(self, source):
        memory, h, mask = source
        return FeedingState(h, torch.zeros_like(h), memory, self.look.read(memory), mask)

    def initial_state(self, batch):
        dtype = self.combine.weight.dtype
        rows = [torch.zeros(batch, self.hidden_size, dtype=dtype) for _ in range(2)]
        memory = torch.zeros(batch, 0, self.memory_size, dtype=dtype)
        keys = torch.zeros(batch, 0, self.look.key_size, dtype=dtype)
        return FeedingState(*rows, memory, keys, torch.zeros(batch, 0) > 0)

    def advance(self, x, state):
        h = self.cell(torch.cat([x, state.fed], dim=1), state.h)
        context, weights = self.look(h, state.keys, state.memory, state.mask)
        both = [torch.cat([c, s]) for c, s in zip(context, h, strict=True)]
        y = torch.stack([torch.tanh(self.combine(row)) for row in both])
        return y, weights, state._replace(h=h, fed=y)

    def step(self, x, state):
        result = self.advance(x, state)
        return result[0], result[2]

    def forward(self, x, state=None):
        if state is None:
            state = self.initial_state(len(x))
        outputs = []
        for t in range(x.shape[1]):
            y, state = self.step(x[:, t], state)
            outputs.append(y)
        return torch.stack(outputs, 1), state


# %% greedy
def greedy(model, state, longest):
    texts, scores = [], []
    for row in range(len(state[0])):
        past, text, score = rows_of(state, torch.tensor([row])), [], 0.0
        while len(text) < longest and END not in text:
            with torch.no_grad():
                logits, past = model(torch.tensor([text[-1] if text else START]), past)
            log_p = logits[0].log_softmax(0)
            text.append(int(log_p.argmax()))
            score = score + log_p.max()
        texts.append(text)
        scores.append(score)
    time = max(map(len, texts))
    filled = [text + [END] * (time - len(text)) for text in texts]
    return Written(torch.tensor(filled), torch.stack(scores))


# %% beam
def beam_search(model, state, width, longest):
    beam = [([], 0.0, state)]
    for _ in range(longest):
        candidates = []
        for symbols, score, past in beam:
            if symbols and symbols[-1] == END:
                candidates.append((symbols, score, past))
                continue
            with torch.no_grad():
                logits, after = model(torch.tensor(symbols[-1:] or [START]), past)
            for symbol, log_p in enumerate(logits[0].log_softmax(0).tolist()):
                candidates.append(([*symbols, symbol], score + log_p, after))
        candidates.sort(key=lambda each: each[1], reverse=True)
        beam = candidates[:width]
    return [Hypothesis(symbols, score) for symbols, score, _ in beam]
