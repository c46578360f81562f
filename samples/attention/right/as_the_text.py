"""Right: word by word as the text has it, with loops and hints followed."""


# %% masked-softmax
def masked_softmax(scores, mask=None):
    if mask is None:
        mask = torch.ones_like(scores, dtype=torch.bool)
    if mask.dtype != torch.bool:
        return masked_softmax(scores + mask, (mask > -math.inf).expand_as(scores))
    lowest = torch.finfo(scores.dtype).min
    weights = scores.masked_fill(~mask, lowest).softmax(dim=-1)
    return weights.masked_fill(~mask, 0.0)


# %% align
def align(scores, memory, mask=None):
    alpha = masked_softmax(scores, mask)
    c = (alpha.unsqueeze(1) @ memory).squeeze(1)
    return c, alpha


# %% padding-mask
def padding_mask(lengths, longest):
    return torch.arange(longest) < lengths.unsqueeze(1)


# %% encoder
class PackedEncoder(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.input_size, self.memory_size = input_size, 2 * hidden_size
        self.gru = nn.GRU(input_size, hidden_size, batch_first=True, bidirectional=True)

    def forward(self, x, lengths):
        packed = nn.utils.rnn.pack_padded_sequence(
            x, lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        states, (ahead, back) = self.gru(packed)
        time = x.shape[1]
        memory, _ = nn.utils.rnn.pad_packed_sequence(states, batch_first=True, total_length=time)
        return Source(memory, torch.cat([ahead, back], dim=1), padding_mask(lengths, time))


# %% additive
class AdditiveScore(Score):
    def __init__(self, query_size, memory_size, hidden_size):
        super().__init__()
        self.key_size = hidden_size
        self.query = nn.Linear(query_size, hidden_size, bias=False)
        self.key = nn.Linear(memory_size, hidden_size, bias=False)
        self.v = nn.Parameter(torch.randn(hidden_size) / hidden_size)

    def read(self, memory):
        return self.key(memory)

    def forward(self, query, keys):
        hidden = torch.tanh(self.query(query).unsqueeze(1) + keys)
        return hidden @ self.v


# %% luong
class DotScore(Score):
    def __init__(self, size):
        super().__init__()
        self.key_size = size

    def read(self, memory):
        return memory

    def forward(self, query, keys):
        return torch.einsum("bjd,bd->bj", keys, query)


class GeneralScore(DotScore):
    def __init__(self, query_size, memory_size):
        super().__init__(query_size)
        self.key = nn.Linear(memory_size, query_size, bias=False)

    def read(self, memory):
        return self.key(memory)


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
            h=source.h,
            fed=torch.zeros_like(source.h),
            memory=source.memory,
            keys=self.look.read(source.memory),
            mask=source.mask,
        )

    def initial_state(self, batch):
        weight = self.combine.weight
        return FeedingState(
            h=weight.new_zeros(batch, self.hidden_size),
            fed=weight.new_zeros(batch, self.hidden_size),
            memory=weight.new_zeros(batch, 0, self.memory_size),
            keys=weight.new_zeros(batch, 0, self.look.key_size),
            mask=torch.ones(batch, 0, dtype=torch.bool),
        )

    def advance(self, x, state):
        s = self.cell(torch.cat([x, state.fed], dim=1), state.h)
        c, alpha = self.look(s, state.keys, state.memory, state.mask)
        y = torch.tanh(self.combine(torch.cat([c, s], dim=1)))
        return y, alpha, state._replace(h=s, fed=y)

    def step(self, x, state):
        y, _, state = self.advance(x, state)
        return y, state

    def forward(self, x, state=None):
        if state is None:
            state = self.initial_state(x.shape[0])
        outputs = []
        for x_t in x.unbind(dim=1):
            y, state = self.step(x_t, state)
            outputs.append(y)
        return torch.stack(outputs, dim=1), state


# %% greedy
@torch.no_grad()
def greedy(model, state, longest):
    batch = len(state[0])
    symbol = torch.tensor([START] * batch)
    alive = torch.tensor([True] * batch)
    scores, columns = 0.0, []
    while alive.any() and len(columns) < longest:
        logits, state = model(symbol, state)
        log_p, likeliest = logits.log_softmax(dim=-1).max(dim=-1)
        symbol = torch.where(alive, likeliest, END)
        scores = scores + torch.where(alive, log_p, 0.0)
        columns.append(symbol)
        alive = alive & (symbol != END)
    return Written(torch.stack(columns, dim=1), scores)


# %% beam
@torch.no_grad()
def beam_search(model, state, width, longest):
    beam = [Hypothesis([], 0.0)]
    for _ in range(longest):
        candidates, row = [], 0
        live = [each for each in beam if not each.ended]
        if not live:
            return beam
        heard = torch.tensor([each.symbols[-1] if each.symbols else START for each in live])
        logits, state = model(heard, state)
        for each in beam:
            if each.ended:
                candidates.append((each, None))
                continue
            for symbol, log_p in enumerate(logits[row].log_softmax(dim=-1).tolist()):
                candidates.append((Hypothesis([*each.symbols, symbol], each.score + log_p), row))
            row += 1
        candidates.sort(key=lambda pair: -pair[0].score)
        beam = [each for each, _ in candidates[:width]]
        places = [row for each, row in candidates[:width] if not each.ended]
        state = rows_of(state, torch.tensor(places, dtype=torch.long))
    return beam
