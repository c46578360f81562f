"""RMSNorm: every token is brought to one length; no mean is taken off and no bias added.

Letters of the equation and names in the code: g = ``weight``, eps = ``eps``, d = ``dim``.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from solutions.layer import check_features


class RMSNorm(nn.Module):
    """Divide each token by the root of the mean of its squares, then scale each feature.

    y = g * x / sqrt(mean(x^2) + eps),   the mean over the d features of one token

    x, y: (..., dim), in one dtype. Half precision is squared and averaged in float32, because
    a square leaves the range of float16 at 256. g starts at 1. Raises ValueError for a ``dim``
    below 1 or a negative ``eps``, and names ``x`` when its size, dtype or device is wrong.
    Source: Zhang & Sennrich 2019, eq. (4), with eps as Touvron et al. 2023 use it.
    """

    def __init__(self, dim: int, eps: float = 1e-5) -> None:
        super().__init__()
        if dim < 1 or eps < 0:
            raise ValueError(f"dim must be at least 1 and eps at least 0, got {dim} and {eps}")
        self.dim, self.eps = dim, eps
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch dim"]:
        """Return the tokens with features of size about 1, times ``weight``."""
        check_features("x", x, self.dim, like=self.weight)
        ### BEGIN SOLUTION
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        size = (wide.square().mean(dim=-1, keepdim=True) + self.eps).sqrt()
        return (wide / size * self.weight).to(x.dtype)
        ### END SOLUTION
