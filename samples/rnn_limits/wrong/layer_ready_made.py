"""PyTorch's own layer under another name: refused."""

KIND = "ready-made"
SAYS = {"whole_sequence": "ready made"}
BREAKS = {
    "rnn-layer-tests": [
        "initial_state",
        "one_step",
        "whole_sequence",
        "start_state",
        "chunks",
        "apart",
        "layer_gradients",
        "layer_edges",
    ],
}


# %% rnn-layer
class RNN(nn.Module):
    def __init__(self, input_size, hidden_size, nonlinearity="tanh"):
        super().__init__()
        self.hidden_size = hidden_size
        self.inner = nn.RNN(input_size, hidden_size, nonlinearity=nonlinearity, batch_first=True)

    def initial_state(self, batch):
        return RNNState(next(self.parameters()).new_zeros(batch, self.hidden_size))

    def step(self, x, state):
        y, state = self.forward(x.unsqueeze(1), state)
        return y.squeeze(1), state

    def forward(self, x, state=None):
        state = self.initial_state(x.shape[0]) if state is None else state
        y, h = self.inner(x, state.h.unsqueeze(0))
        return y, RNNState(h[0])
