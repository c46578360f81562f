"""The memory-cell block of 1997 as a layer: a carousel between two gates, error by all paths.

``solutions.carousel.LSTM1997`` is the same layer with every option of the paper's experiments.
This one has none, so that it can be read in one sitting.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from solutions.layer import SequenceLayer, check_sequence, check_state, check_token, unroll


class MemoryState(NamedTuple):
    """What memory blocks remember: the carousels, and all activations, which are fed back."""

    s: Float[Tensor, "batch cells"]
    y: Float[Tensor, "batch units"]


class MemoryBlocks(SequenceLayer[MemoryState]):
    """Blocks of memory cells; the cells of a block share an input gate and an output gate.

    Block j with its cells v, at step t:

        net(t)   = W x(t) + U y(t-1) + b          of all units: cells, input gates, output gates
        in_j     = f(net_in_j)                    out_j = f(net_out_j)
        s_jv(t)  = s_jv(t-1) + in_j g(net_jv)     s(0) = 0
        yc_jv    = out_j h(s_jv(t))
        y(t)     = [yc; in; out]                  y(0) = 0

    f is the logistic function, g = 4f - 2, h = 2f - 1. ``weight_ih`` is W (units, input),
    ``weight_hh`` U (units, units), ``bias`` b (units), all uniform in [-0.1, 0.1]; rows stand in
    the order of y, and so do the columns of U: all cells, block after block, then one input gate
    for each block, then one output gate for each block.

    x: (batch, time, input); the output is yc: (batch, time, cells). Raises ValueError or
    TypeError that names the argument that is wrong. Source: Hochreiter & Schmidhuber 1997,
    section 4 and appendix A.1 (with today's input, as section 5 has it).
    """

    def __init__(self, input_size: int, blocks: int, block_size: int = 1) -> None:
        super().__init__()
        if min(input_size, blocks, block_size) < 1:
            raise ValueError(
                f"sizes must be at least 1, got {input_size}, {blocks} and {block_size}"
            )
        self.input_size, self.blocks, self.block_size = input_size, blocks, block_size
        self.cells = blocks * block_size
        self.units = self.cells + 2 * blocks
        self.weight_ih = nn.Parameter(torch.empty(self.units, input_size).uniform_(-0.1, 0.1))
        self.weight_hh = nn.Parameter(torch.empty(self.units, self.units).uniform_(-0.1, 0.1))
        self.bias = nn.Parameter(torch.empty(self.units).uniform_(-0.1, 0.1))

    def initial_state(self, batch: int) -> MemoryState:
        """Return zeros: s of shape (batch, cells) and y of shape (batch, units)."""
        ### BEGIN SOLUTION
        zeros = self.weight_ih.new_zeros
        return MemoryState(zeros(batch, self.cells), zeros(batch, self.units))
        ### END SOLUTION

    def step(
        self, x: Float[Tensor, "batch input"], state: MemoryState
    ) -> tuple[Float[Tensor, "batch cells"], MemoryState]:
        """Read one token; return the outputs of the cells and the new state."""
        check_token("x", x, self.input_size, like=self.weight_ih)
        check_state("state.s", state.s, (x.shape[0], self.cells), self.weight_ih)
        check_state("state.y", state.y, (x.shape[0], self.units), self.weight_ih)
        ### BEGIN SOLUTION
        net = x @ self.weight_ih.T + state.y @ self.weight_hh.T + self.bias
        gates = torch.sigmoid(net[:, self.cells :])
        for_input, for_output = gates.repeat_interleave(self.block_size, dim=1).chunk(2, dim=1)
        s = state.s + for_input * (4 * torch.sigmoid(net[:, : self.cells]) - 2)
        yc = for_output * (2 * torch.sigmoid(s) - 1)
        return yc, MemoryState(s, torch.cat([yc, gates], dim=1))
        ### END SOLUTION

    def forward(
        self, x: Float[Tensor, "batch time input"], state: MemoryState | None = None
    ) -> tuple[Float[Tensor, "batch time cells"], MemoryState]:
        """Read a whole sequence; ``state`` carries on from an earlier chunk."""
        check_sequence("x", x, self.input_size, like=self.weight_ih)
        return unroll(self, x, state)
