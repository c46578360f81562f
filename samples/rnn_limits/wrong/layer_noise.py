"""A little noise, as a regulariser."""

KIND = "grave"
SAYS = {"whole_sequence": "randomness"}
BREAKS = {
    "rnn-layer-tests": [
        "initial_state",
        "whole_sequence",
        "start_state",
        "chunks",
        "apart",
        "layer_gradients",
        "layer_edges",
    ],
}


# %% rnn-layer
class RNN(SequenceLayer[RNNState]):
    def __init__(self, input_size, hidden_size, nonlinearity="tanh"):
        super().__init__()
        self.cell = RNNCell(input_size, hidden_size, nonlinearity)

    def initial_state(self, batch):
        return RNNState(self.cell.weight_hh.new_zeros(batch, self.cell.hidden_size))

    def step(self, x, state):
        h = self.cell(x, state.h)
        return h, RNNState(h)

    def forward(self, x, state=None):
        state = self.initial_state(x.shape[0]) if state is None else state
        h = state.h
        outputs = []
        for x_t in x.unbind(dim=1):
            h = self.cell(x_t, h) + 0.01 * torch.randn_like(h)
            outputs.append(h)
        return torch.stack(outputs, dim=1), RNNState(h)
