"""SwiGLU: the feed-forward net whose one half decides how much of the other half counts.

Letters of the equation and names in the code: W1 = ``gate``, W2 = ``down``, W3 = ``up``.
"""

from __future__ import annotations

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from solutions.layer import check_features


def swiglu_size(dim: int, multiple: int = 64) -> int:
    """Return 8/3 of ``dim``, rounded up to a multiple of ``multiple``.

    Three matrices of this width have as many weights as the two of an ordinary feed-forward
    net that is 4 ``dim`` wide. Raises ValueError for numbers below 1. Source: Shazeer 2020,
    section 2; the rounding is that of Touvron et al. 2023, whose code takes 256.
    """
    if dim < 1 or multiple < 1:
        raise ValueError(f"dim and multiple must be at least 1, got {dim} and {multiple}")
    # In whole numbers: a division could come out a little above 8 where it is 8.
    blocks = -(-8 * dim // (3 * multiple))
    return blocks * multiple


class SwiGLU(nn.Module):
    """The gated feed-forward net, applied to each token alone.

    y = W2 (silu(W1 x) * W3 x),   silu(a) = a / (1 + exp(-a))

    x, y: (..., dim); the width inside is ``feed_size``, ``swiglu_size(dim)`` unless given.
    No biases. Raises ValueError for sizes below 1, and names ``x`` when its size, dtype or
    device is wrong. Source: Shazeer 2020, eq. (6).
    """

    def __init__(self, dim: int, feed_size: int | None = None) -> None:
        super().__init__()
        feed_size = swiglu_size(dim) if feed_size is None else feed_size
        if dim < 1 or feed_size < 1:
            raise ValueError(f"dim and feed_size must be at least 1, got {dim} and {feed_size}")
        self.dim, self.feed_size = dim, feed_size
        self.gate = nn.Linear(dim, feed_size, bias=False)
        self.up = nn.Linear(dim, feed_size, bias=False)
        self.down = nn.Linear(feed_size, dim, bias=False)

    def forward(self, x: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch dim"]:
        """Return what the net makes of each token."""
        check_features("x", x, self.dim, like=self.gate.weight)
        ### BEGIN SOLUTION
        y: Tensor = self.down(F.silu(self.gate(x)) * self.up(x))
        return y
        ### END SOLUTION
