"""The two conflicts of a carousel without gates: one weight, asked to grow and to shrink.

Letters of the equations and names in the code: w = ``self_loop`` (hidden), V = ``weight_out``
(outputs, hidden), s = the states of ``solutions.carousel.NaiveCarousel``, o(t) = V s(t), e = the
whole error at a state, u(t) = what step t asks of a weight, its part of the gradient.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor


class Conflicts(NamedTuple):
    """How much the steps of one sequence disagree about each weight: 0 not at all, 1 wholly."""

    input: Float[Tensor, "hidden input"]
    output: Float[Tensor, "outputs hidden"]


def weight_conflict(updates: Float[Tensor, "steps *weights"]) -> Float[Tensor, "*weights"]:
    """Return which share of what is asked of each weight cancels.

    c = 1 - |sum_t u(t)| / sum_t |u(t)|

    ``updates[t]`` is u(t), what step t asks of all weights. 0: all steps pull one way, or none
    asks for anything; 1: what some ask for, others take back.
    """
    ### BEGIN SOLUTION
    asked = updates.abs().sum(dim=0)
    granted = updates.sum(dim=0).abs()
    return torch.where(asked > 0, 1 - granted / asked, 0.0)
    ### END SOLUTION


def conflicts(
    x: Float[Tensor, "time input"],
    s: Float[Tensor, "time hidden"],
    self_loop: Float[Tensor, " hidden"],
    weight_out: Float[Tensor, "outputs hidden"],
    target: Float[Tensor, "time outputs"],
) -> Conflicts:
    """Return the conflicts about the weights into and out of a carousel, over one sequence.

    The states are s(t) = w s(t-1) + W x(t), the outputs o(t) = V s(t), and the loss is half the
    squared error, L = 1/2 sum_t |o(t) - target(t)|^2. At step t

        d(t) = o(t) - target(t)                the error of the outputs
        e(t) = V^T d(t) + w e(t+1)             the whole error of the states, e(T+1) = 0
        u_V(t) = d(t) s(t)^T                   what the step asks of V
        u_W(t) = e(t) x(t)^T                   and of W

    and the conflict of each weight is that of its u(t) over all steps. The paper describes the two
    conflicts in words; the measure is ours.
    Source: Hochreiter & Schmidhuber 1997, section 3.2, input and output weight conflict.
    """
    ### BEGIN SOLUTION
    d = s @ weight_out.T - target
    carried = torch.zeros_like(self_loop)  # w e(t+1)
    errors: list[Tensor] = []
    for direct in reversed((d @ weight_out).unbind(0)):
        errors.append(direct + carried)
        carried = self_loop * errors[-1]
    e = torch.stack(errors[::-1])
    return Conflicts(
        input=weight_conflict(torch.einsum("th,ti->thi", e, x)),
        output=weight_conflict(torch.einsum("to,th->toh", d, s)),
    )
    ### END SOLUTION
