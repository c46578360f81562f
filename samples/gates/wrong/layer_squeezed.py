"""The layer squeezes axes of length one away."""

SAYS = {"lstm_layer_edges": "squeezed"}
BREAKS = {
    "lstm-layer-tests": ["lstm_layer_edges"],
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
            state = self.initial_state(len(x))
        outputs = []
        for x_t in x.unbind(1):
            y, state = self.step(x_t, state)
            outputs.append(y)
        return torch.stack(outputs, dim=1).squeeze(1), state
