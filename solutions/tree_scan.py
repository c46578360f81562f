"""A scan whose steps are joined in a tree, and its gradient, which is a scan again.

    h(t) = a(t) h(t-1) + b(t)

Two neighbouring steps are one step of the same kind, (a, b) then (a', b') = (a' a, a' b + b'),
so all states can be had in log2(T) rounds. ``scan.py`` compares the trees; here is one of them
with the gradient written by hand.

Letters of the equations and names in the code: g = the ``error`` that arrives at each state
from outside, e = the whole error at a state.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def tree_scan(
    a: Float[Tensor, "batch time dim"],
    b: Float[Tensor, "batch time dim"],
    h0: Float[Tensor, "batch dim"],
) -> Float[Tensor, "batch time dim"]:
    """Return all states h(1) .. h(T) of h(t) = a(t) h(t-1) + b(t), joined in a tree.

    No state may come out of a chain of more than 2 log2(T) + 2 sums, whatever T is. Source:
    Hillis & Steele 1986.
    """
    ### BEGIN SOLUTION
    time = a.shape[1]
    b = torch.cat([a[:, :1] * h0.unsqueeze(1) + b[:, :1], b[:, 1:]], dim=1)
    reach = 1
    while reach < time:  # (a, b) at t stand for the last `reach` steps up to t
        before_a = F.pad(a[:, :-reach], (0, 0, reach, 0), value=1.0)
        before_b = F.pad(b[:, :-reach], (0, 0, reach, 0))
        a, b = a * before_a, a * before_b + b
        reach *= 2
    return b
    ### END SOLUTION


class ScanGradients(NamedTuple):
    """Gradients of a loss by what a scan is given, each in the shape of that."""

    a: Float[Tensor, "batch time dim"]
    b: Float[Tensor, "batch time dim"]
    h0: Float[Tensor, "batch dim"]


def tree_scan_gradients(
    a: Float[Tensor, "batch time dim"],
    h: Float[Tensor, "batch time dim"],
    h0: Float[Tensor, "batch dim"],
    error: Float[Tensor, "batch time dim"],
) -> ScanGradients:
    """Return dL/da, dL/db and dL/dh0, given all states h and the error g(t) = dL/dh(t).

    e(T) = g(T),   e(t) = g(t) + a(t+1) e(t+1)
    dL/da(t) = e(t) h(t-1),   dL/db(t) = e(t),   dL/dh0 = a(1) e(1)

    ``error`` holds what each state gets from outside, not what later states hand back: that is
    the scan's own business.
    """
    ### BEGIN SOLUTION
    handed_back = torch.cat([a[:, 1:], torch.zeros_like(a[:, :1])], dim=1)
    e = tree_scan(handed_back.flip(1), error.flip(1), torch.zeros_like(h0)).flip(1)
    before = torch.cat([h0.unsqueeze(1), h[:, :-1]], dim=1)
    return ScanGradients(e * before, e, a[:, 0] * e[:, 0])
    ### END SOLUTION


class TreeScan(torch.autograd.Function):
    """Both functions as one step of PyTorch's graph: ``TreeScan.apply(a, b, h0)``."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor, h0: Tensor) -> Tensor:
        h = tree_scan(a, b, h0)
        ctx.save_for_backward(a, h, h0)
        return h

    @staticmethod
    def backward(ctx: Any, error: Tensor) -> tuple[Tensor, ...]:
        a, h, h0 = ctx.saved_tensors
        return tree_scan_gradients(a, h, h0, error)
