"""PyTorch's own layer does the work."""

KIND = "ready-made"
SAYS = {"lstm_whole_sequence": "nn.LSTM"}
BREAKS = {
    "lstm-layer-tests": [
        "lstm_initial_state",
        "lstm_one_step",
        "lstm_whole_sequence",
        "lstm_start_state",
        "lstm_chunks",
        "lstm_apart",
        "lstm_layer_gradients",
        "lstm_layer_edges",
    ],
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
        net = nn.LSTM(x.shape[2], state.h.shape[1], batch_first=True).to(x.dtype)
        y, (h, c) = net(x, (state.h[None], state.c[None]))
        return y, LSTMState(h[0], c[0])
