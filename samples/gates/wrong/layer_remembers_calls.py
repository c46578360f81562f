"""The layer goes on where the last call ended."""

SAYS = {"lstm_apart": "begins at initial_state again"}
BREAKS = {
    "lstm-layer-tests": ["lstm_apart"],
}


# %% lstm-layer
class LSTM(SequenceLayer[LSTMState]):
    cell_type = LSTMCell

    def __init__(self, input_size, hidden_size, forget_bias=None):
        super().__init__()
        self.cell = self.cell_type(input_size, hidden_size, forget_bias)

    def initial_state(self, batch):
        weight = self.cell.weight_hh
        return LSTMState(weight.new_zeros(batch, weight.shape[1]), weight.new_zeros(batch, weight.shape[1]))

    def step(self, x, state):
        h, c = self.cell(x, state.h, state.c)
        return h, LSTMState(h, c)

    def forward(self, x, state=None):
        if state is None:
            state = getattr(self, 'last', None)
            if state is None or state.h.shape[0] != len(x) or state.h.dtype != x.dtype:
                state = self.initial_state(len(x))
        outputs = []
        for x_t in x.unbind(1):
            y, state = self.step(x_t, state)
            outputs.append(y)
        self.last = LSTMState(state.h.detach(), state.c.detach())
        return torch.stack(outputs, dim=1), state
