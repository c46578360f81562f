"""The blocks keep their state between calls."""

SAYS = {"blocks_edges": "where it last ended"}
BREAKS = {
    "memory-blocks-tests": ["blocks_edges"],
}


# %% memory-blocks
class MemoryBlocks(SequenceLayer[MemoryState]):
    def __init__(self, input_size, blocks, block_size=1):
        super().__init__()
        self.blocks, self.block_size = blocks, block_size
        self.cells = blocks * block_size
        self.units = self.cells + 2 * blocks
        self.weight_ih = nn.Parameter(torch.empty(self.units, input_size).uniform_(-0.1, 0.1))
        self.weight_hh = nn.Parameter(torch.empty(self.units, self.units).uniform_(-0.1, 0.1))
        self.bias = nn.Parameter(torch.empty(self.units).uniform_(-0.1, 0.1))

    def initial_state(self, batch):
        zeros = self.weight_ih.new_zeros
        return MemoryState(zeros(batch, self.cells), zeros(batch, self.units))

    def step(self, x, state):
        net = x @ self.weight_ih.T + state.y @ self.weight_hh.T + self.bias
        cell, i, o = net.split([self.cells, self.blocks, self.blocks], dim=1)
        i, o = torch.sigmoid(i), torch.sigmoid(o)
        i_cell = i.repeat_interleave(self.block_size, dim=1)
        o_cell = o.repeat_interleave(self.block_size, dim=1)
        s = state.s + i_cell * (4 * torch.sigmoid(cell) - 2)
        yc = o_cell * (2 * torch.sigmoid(s) - 1)
        return yc, MemoryState(s, torch.cat([yc, i, o], dim=1))

    def forward(self, x, state=None):
        if state is None:
            state = getattr(self, "last", None)
            if state is not None and state.s.shape[0] != x.shape[0]:
                state = None
        y, state = unroll(self, x, state)
        self.last = MemoryState(state.s.detach(), state.y.detach())
        return y, state
