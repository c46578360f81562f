"""Decoder: two mistakes at once, the old state asks, and W_c multiplies [s; c]."""

SAYS = {"asking": "old state asks", "saying": "the context comes first"}
BREAKS = {"decoder-tests": ["asking", "saying"]}


# %% decoder
class InputFeedingDecoder(SequenceLayer[FeedingState]):
    def __init__(self, input_size, hidden_size, memory_size, look):
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size
        self.memory_size, self.look = memory_size, look
        self.cell = nn.GRUCell(input_size + hidden_size, hidden_size)
        self.combine = nn.Linear(memory_size + hidden_size, hidden_size, bias=False)

    def start(self, source):
        keys = self.look.read(source.memory)
        return FeedingState(source.h, torch.zeros_like(source.h), source.memory, keys, source.mask)

    def initial_state(self, batch):
        new = self.combine.weight.new_zeros
        mask = torch.ones(batch, 0, dtype=torch.bool)
        memory, keys = new(batch, 0, self.memory_size), new(batch, 0, self.look.key_size)
        return FeedingState(
            new(batch, self.hidden_size), new(batch, self.hidden_size), memory, keys, mask
        )

    def advance(self, x, state):
        h = self.cell(torch.cat([x, state.fed], dim=1), state.h)
        context, weights = self.look(state.h, state.keys, state.memory, state.mask)
        y = torch.tanh(self.combine(torch.cat([h, context], dim=1)))
        return y, weights, state._replace(h=h, fed=y)

    def step(self, x, state):
        y, _, state = self.advance(x, state)
        return y, state

    def forward(self, x, state=None):
        if state is None:
            state = self.initial_state(len(x))
        outputs = []
        for x_t in x.unbind(1):
            y, state = self.step(x_t, state)
            outputs.append(y)
        return torch.stack(outputs, dim=1), state
