"""Gating in depth: what carries a signal through many layers, side by side.

The gate that lets an LSTM carry its state through time also carries a signal through depth.
All blocks here share one transform, H(x) = tanh(W x + b), and differ in how they pass x on:

    plain      y = H(x)                                  nothing is carried
    residual   y = x + H(x)                              carried with a fixed weight of 1
    highway    y = T(x) * H(x) + (1 - T(x)) * x          carried as a learned gate decides
    GLU        y = (W x + b) * T(x)                      gated, but nothing is carried

with the gate T(x) = sigmoid(W_T x + b_T). Along the carry dy/dx is the identity for a residual
block, and 1 - T for a highway block: an LSTM's forget gate, with depth for time.

Each block acts on one token at a time, so as a sequence layer it remembers nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from solutions.layer import SequenceLayer, check_sequence, check_token


class NoState(NamedTuple):
    """The state of a layer that remembers nothing."""


class DepthBlock(SequenceLayer[NoState]):
    """Base of the blocks: applies ``block`` to each token on its own.

    x and y: (batch, time, dim), or (batch, dim) for ``step``. Raises ValueError or TypeError
    that names ``x`` when its shape, dtype or device is wrong.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        if dim < 1:
            raise ValueError(f"dim must be at least 1, got {dim}")
        self.dim = dim
        self.transform = nn.Linear(dim, dim)

    def block(self, x: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch dim"]:
        """Return what the block makes of each token: the equation of its class."""
        raise NotImplementedError

    def initial_state(self, batch: int) -> NoState:
        """Return the empty state."""
        return NoState()

    def step(
        self, x: Float[Tensor, "batch dim"], state: NoState
    ) -> tuple[Float[Tensor, "batch dim"], NoState]:
        """Apply the block to one token."""
        check_token("x", x, self.dim, like=self.transform.weight)
        return self.block(x), state

    def forward(
        self, x: Float[Tensor, "batch time dim"], state: NoState | None = None
    ) -> tuple[Float[Tensor, "batch time dim"], NoState]:
        """Apply the block to every token."""
        check_sequence("x", x, self.dim, like=self.transform.weight)
        return self.block(x), NoState()


class PlainBlock(DepthBlock):
    """A layer with no way around it: y = H(x) = tanh(W x + b). The one to compare with."""

    def block(self, x: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch dim"]:
        """Return H(x)."""
        return torch.tanh(self.transform(x))


class ResidualBlock(DepthBlock):
    """The input is added to the output: y = x + H(x). Source: He et al. 2016, eq. (1)."""

    def block(self, x: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch dim"]:
        """Return x + H(x)."""
        ### BEGIN SOLUTION
        return x + torch.tanh(self.transform(x))
        ### END SOLUTION


class HighwayBlock(DepthBlock):
    """A gate chooses between output and input: y = T(x) * H(x) + (1 - T(x)) * x.

    ``gate_bias`` is the start of b_T. Below zero (the paper takes -1 to -3) the block starts
    as one that mostly carries. Source: Srivastava, Greff & Schmidhuber 2015, eq. (3).
    """

    def __init__(self, dim: int, gate_bias: float = -2.0) -> None:
        super().__init__(dim)
        self.gate = nn.Linear(dim, dim)
        nn.init.constant_(self.gate.bias, gate_bias)

    def block(self, x: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch dim"]:
        """Return T H + (1 - T) x."""
        ### BEGIN SOLUTION
        gate = torch.sigmoid(self.gate(x))
        return gate * torch.tanh(self.transform(x)) + (1 - gate) * x
        ### END SOLUTION


class GLUBlock(DepthBlock):
    """A linear path times a gate: y = (W x + b) * sigmoid(W_T x + b_T).

    Where the gate is open the gradient meets no squashing function at all.
    Source: Dauphin et al. 2017, eq. (1), with a kernel of width 1.
    """

    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.gate = nn.Linear(dim, dim)

    def block(self, x: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch dim"]:
        """Return (W x + b) times its gate."""
        ### BEGIN SOLUTION
        linear: Tensor = self.transform(x)
        return linear * torch.sigmoid(self.gate(x))
        ### END SOLUTION


Kind = Literal["plain", "residual", "highway", "glu"]
BLOCKS: dict[str, type[DepthBlock]] = {
    "plain": PlainBlock,
    "residual": ResidualBlock,
    "highway": HighwayBlock,
    "glu": GLUBlock,
}


class DepthStack(SequenceLayer[NoState]):
    """``depth`` blocks of one kind on top of each other, with one width throughout.

    x and y: (batch, time, dim). Raises ValueError for an unknown ``kind`` or a depth below 1.
    """

    def __init__(self, kind: Kind, dim: int, depth: int) -> None:
        super().__init__()
        if kind not in BLOCKS:
            raise ValueError(f"kind must be one of {tuple(BLOCKS)}, got {kind!r}")
        if depth < 1:
            raise ValueError(f"depth must be at least 1, got {depth}")
        blocks = nn.ModuleList(BLOCKS[kind](dim) for _ in range(depth))
        self.blocks = cast(Sequence[DepthBlock], blocks)

    def initial_state(self, batch: int) -> NoState:
        """Return the empty state."""
        return NoState()

    def step(
        self, x: Float[Tensor, "batch dim"], state: NoState
    ) -> tuple[Float[Tensor, "batch dim"], NoState]:
        """Send one token through all blocks."""
        for block in self.blocks:
            x, state = block.step(x, state)
        return x, state

    def forward(
        self, x: Float[Tensor, "batch time dim"], state: NoState | None = None
    ) -> tuple[Float[Tensor, "batch time dim"], NoState]:
        """Send every token through all blocks."""
        for block in self.blocks:
            x, state = block(x, state)
        return x, NoState()


def depth_jacobian_norms(
    stack: DepthStack, x: Float[Tensor, " dim"]
) -> Float[Tensor, " depth_plus_1"]:
    """Return how far error travels down a stack: the norm of dx(L)/dx(L-k) for k = 0 .. L.

    With x(0) the token given and x(l) the output of block l, the Jacobian over k blocks is
    the product of theirs; entry k is its largest singular value, and entry 0 is 1. The same
    question as ``rnn.jacobian_norms`` asks, with layers in place of time steps.
    """
    ### BEGIN SOLUTION
    jacobians = []
    for block in stack.blocks:
        # For one token: the module's own call takes sequences.
        jacobians.append(torch.func.jacrev(block.block)(x).detach())
        x = block.block(x)
    product = torch.eye(x.shape[0], dtype=x.dtype, device=x.device)
    norms = [torch.linalg.matrix_norm(product, ord=2)]
    for jacobian in reversed(jacobians):
        product = product @ jacobian
        norms.append(torch.linalg.matrix_norm(product, ord=2))
    return torch.stack(norms)
    ### END SOLUTION
