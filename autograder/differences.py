"""How far one tensor is from another: where, by how much, how often, and never which numbers.

What hidden checks tell of an answer, and what `autograder check` tells of a visible test, comes
from here. Of an expected value it gives away its shape, its dtype, and how far off one's own is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

Place = tuple[int, ...]


@dataclass(frozen=True)
class Difference:
    """How an answer differs from what was wanted, both of one shape and dtype."""

    kind: str  # of the answer: its dtype and shape
    atol: float
    rtol: float
    count: int
    wrong: int
    nans: int  # where a number was wanted
    first: Place  # the first that is wrong
    largest: float
    at: Place  # where that is; of the first NaN, if there is one

    def told(self) -> str:
        """Return it in words."""
        tolerance = f"{self.atol:.3g}" + (f" + {self.rtol:.3g} of its size" if self.rtol else "")
        if not self.first:
            where = f"off by {self.largest:.3g}" if not self.nans else "NaN"
        elif self.nans:
            where = f"first wrong {place(self.first)}, first NaN {place(self.at)}"
        else:
            where = f"first wrong {place(self.first)}, most {place(self.at)}, by {self.largest:.3g}"
        return f"{self.kind}, as it should be; {where}; tolerance {tolerance}"


def difference(actual: Tensor, wanted: Tensor, atol: float, rtol: float) -> Difference | None:
    """Return how two tensors of one shape and dtype differ; None when they are close.

    Close means |actual - wanted| <= atol + rtol |wanted|. NaN agrees only with NaN at the same
    place, an infinity only with itself.
    """
    wide = torch.complex128 if actual.is_complex() else torch.float64
    have, want = actual.detach().to(wide), wanted.detach().to(wide)
    same = (have == want) | (have.isnan() & want.isnan())
    size = (have - want).abs()
    close = same | ((size <= atol + rtol * want.abs()) & want.isfinite())
    if bool(close.all()):
        return None
    nans = have.isnan() & ~want.isnan()
    size = torch.where(close, 0.0, size.nan_to_num(nan=math.inf, posinf=math.inf))
    return Difference(
        kind_of(actual),
        atol,
        rtol,
        count=close.numel(),
        wrong=int((~close).sum()),
        nans=int(nans.sum()),
        first=_first(~close),
        largest=float(size.max()),
        at=_first(nans if bool(nans.any()) else size == size.max()),
    )


def kind_of(tensor: Tensor) -> str:
    """Return dtype and shape in words: all that is told of a tensor."""
    name = str(tensor.dtype).removeprefix("torch.")
    return f"{name} tensor of shape {tuple(tensor.shape)}" if tensor.ndim else f"{name} number"


def place(index: Place) -> str:
    """Return an index in words; a number by itself has none."""
    return f"at index {index}" if index else "at its only value"


def _first(mask: Tensor) -> Place:
    return tuple(int(i) for i in mask.nonzero()[0])
