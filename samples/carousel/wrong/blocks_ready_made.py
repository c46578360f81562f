"""PyTorch's LSTM with a state of our own: refused."""

KIND = "ready-made"
SAYS = {"written": "ready made"}
BREAKS = {
    "memory-blocks-tests": [
        "enters_through_g",
        "leaves_through_h",
        "kept_whole",
        "written",
        "read",
        "places",
        "fed_back",
        "blocks_initial_state",
        "blocks_one_step",
        "blocks_sequence",
        "blocks_layer_gradients",
        "blocks_edges",
    ],
}


# %% memory-blocks
class MemoryBlocks(nn.Module):
    def __init__(self, input_size, blocks, block_size=1):
        super().__init__()
        self.cells = blocks * block_size
        self.units = self.cells + 2 * blocks
        self.weight_ih = nn.Parameter(torch.empty(self.units, input_size).uniform_(-0.1, 0.1))
        self.weight_hh = nn.Parameter(torch.empty(self.units, self.units).uniform_(-0.1, 0.1))
        self.bias = nn.Parameter(torch.empty(self.units).uniform_(-0.1, 0.1))
        self.inner = nn.LSTM(input_size, self.cells, batch_first=True)

    def initial_state(self, batch):
        zeros = self.weight_ih.new_zeros
        return MemoryState(zeros(batch, self.cells), zeros(batch, self.units))

    def step(self, x, state):
        y, state = self.forward(x.unsqueeze(1), state)
        return y.squeeze(1), state

    def forward(self, x, state=None):
        state = self.initial_state(x.shape[0]) if state is None else state
        h = state.y[:, : self.cells].unsqueeze(0)
        y, (h, c) = self.inner(x, (h.contiguous(), state.s.unsqueeze(0)))
        return y, MemoryState(c[0], torch.cat([h[0], state.y[:, self.cells :]], dim=1))
