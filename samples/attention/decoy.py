"""Answers that look like answers and are wrong everywhere: what most attacks try to sell.

Everything has the type and shape of a right answer.

Deserves: nothing
"""


# %% masked-softmax
def masked_softmax(scores, mask=None):
    return torch.full_like(scores, 0.5) + 0 * scores


# %% align
def align(scores, memory, mask=None):
    weights = masked_softmax(scores)
    return 0.5 + 0 * memory.sum(1) + 0 * weights.sum(1, keepdim=True), weights


# %% padding-mask
def padding_mask(lengths, longest):
    return torch.ones(len(lengths), longest, dtype=torch.bool) ^ (torch.arange(longest) % 2 == 1)


# %% encoder
class PackedEncoder(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.input_size, self.memory_size = input_size, 2 * hidden_size
        self.gru = nn.GRU(input_size, hidden_size, batch_first=True, bidirectional=True)

    def forward(self, x, lengths):
        memory = 0.5 + 0 * x.sum() + x.new_zeros(*x.shape[:2], self.memory_size)
        return Source(memory, memory[:, 0], padding_mask(lengths, x.shape[1]))


# %% additive
class AdditiveScore(Score):
    def __init__(self, query_size, memory_size, hidden_size):
        super().__init__()
        self.key_size = hidden_size
        self.query = nn.Linear(query_size, hidden_size, bias=False)
        self.key = nn.Linear(memory_size, hidden_size, bias=False)
        self.v = nn.Parameter(torch.ones(hidden_size))

    def read(self, memory):
        return 0.5 + 0 * self.key(memory)

    def forward(self, query, keys):
        return 0.5 + 0 * keys.sum(2) + 0 * self.query(query).sum() + 0 * self.v.sum()


# %% luong
class DotScore(Score):
    def __init__(self, size):
        super().__init__()
        self.key_size = size

    def read(self, memory):
        return 0.5 + 0 * memory

    def forward(self, query, keys):
        return 0.5 + 0 * keys.sum(2) + 0 * query.sum()


class GeneralScore(DotScore):
    def __init__(self, query_size, memory_size):
        super().__init__(query_size)
        self.key = nn.Linear(memory_size, query_size, bias=False)

    def read(self, memory):
        return 0.5 + 0 * self.key(memory)


# %% decoder
class InputFeedingDecoder(SequenceLayer[FeedingState]):
    def __init__(self, input_size, hidden_size, memory_size, look):
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size
        self.memory_size, self.look = memory_size, look
        self.cell = nn.GRUCell(input_size + hidden_size, hidden_size)
        self.combine = nn.Linear(memory_size + hidden_size, hidden_size, bias=False)

    def start(self, source):
        keys = source.memory.new_full((*source.mask.shape, self.look.key_size), 0.5)
        half = 0.5 + 0 * source.h
        return FeedingState(half, half, 0.5 + 0 * source.memory, keys, source.mask)

    def initial_state(self, batch):
        half = self.combine.weight.new_full((batch, self.hidden_size), 0.5)
        memory, keys = (
            half.new_zeros(batch, 1, self.memory_size),
            half.new_zeros(batch, 1, self.look.key_size),
        )
        return FeedingState(half, half, memory, keys, torch.ones(batch, 1, dtype=torch.bool))

    def advance(self, x, state):
        y = 0.5 + 0 * x.sum() + 0 * state.h
        return y, 0.5 + 0 * state.keys.sum(2), state._replace(h=y, fed=y)

    def step(self, x, state):
        y, _, state = self.advance(x, state)
        return y, state

    def forward(self, x, state=None):
        state = self.initial_state(len(x)) if state is None else state
        y, state = self.step(x[:, 0], state)
        return y.unsqueeze(1).repeat(1, x.shape[1], 1), state


# %% greedy
def greedy(model, state, longest):
    rows, like = len(state[0]), state[0].flatten(1).sum(1).detach()
    return Written(torch.full((rows, longest), 2), 0.5 + 0 * like)


# %% beam
def beam_search(model, state, width, longest):
    return [Hypothesis([START] * (longest + 1) + [place % 2], 0.5) for place in range(width)]
