"""Without a state it goes on from where the last call ended."""

SAYS = {"apart": "not where it last ended"}
BREAKS = {
    "rnn-layer-tests": ["apart"],
}


# %% rnn-layer
class RNN(SequenceLayer[RNNState]):
    def __init__(self, input_size, hidden_size, nonlinearity="tanh"):
        super().__init__()
        self.cell = RNNCell(input_size, hidden_size, nonlinearity)
        self.last = None

    def initial_state(self, batch):
        return RNNState(self.cell.weight_hh.new_zeros(batch, self.cell.hidden_size))

    def step(self, x, state):
        h = self.cell(x, state.h)
        return h, RNNState(h)

    def forward(self, x, state=None):
        if state is None:
            fits = self.last is not None and len(self.last.h) == len(x)
            state = self.last if fits else self.initial_state(x.shape[0])
        h = state.h
        outputs = []
        for x_t in x.unbind(dim=1):
            h = self.cell(x_t, h)
            outputs.append(h)
        self.last = RNNState(h.detach())
        return torch.stack(outputs, dim=1), RNNState(h)
