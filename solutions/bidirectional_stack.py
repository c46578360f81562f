"""Bidirectional layers one above the other, and a read-out that padding cannot reach."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from jaxtyping import Float, Int
from torch import Tensor, nn

from solutions.layer import check_sequence
from solutions.stacking import Bidirectional


class BidirectionalStack(nn.Module):
    """Each bidirectional layer reads, from both ends, what the one below puts out.

    y_0 = x,   y_k = layer_k(y_{k-1}),   y = y_K

    x: (batch, time, input of the first layer), lengths: (batch), y: (batch, time, output of the
    last layer). Every layer is told the lengths. Raises ValueError for no layers.
    """

    def __init__(self, layers: Sequence[Bidirectional]) -> None:
        super().__init__()
        if not layers:
            raise ValueError("layers must hold at least one layer, got none")
        self.layers = cast(Sequence[Bidirectional], nn.ModuleList(layers))

    def forward(
        self, x: Float[Tensor, "batch time input"], lengths: Int[Tensor, " batch"]
    ) -> Float[Tensor, "batch time output"]:
        """Return the outputs of the top layer."""
        check_sequence("x", x)
        ### BEGIN SOLUTION
        for layer in self.layers:
            x, _ = layer(x, lengths=lengths)
        return x
        ### END SOLUTION

    def summary(
        self, x: Float[Tensor, "batch time input"], lengths: Int[Tensor, " batch"]
    ) -> Float[Tensor, "batch output"]:
        """Return the top layer's summary: each direction once it has read everything."""
        check_sequence("x", x)
        ### BEGIN SOLUTION
        *below, top = self.layers
        for layer in below:
            x, _ = layer(x, lengths=lengths)
        return top.summary(x, lengths)
        ### END SOLUTION
