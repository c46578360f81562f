"""One filter in two forms: a diagonal state space model as a recurrence and as a convolution.

    h(t) = A h(t-1) + B x(t),   y(t) = 2 Re(C . h(t)) + D x(t)

Every feature is a filter of its own; A and B are sampled already. ``ssm.DiagonalSSM`` is the
layer around such filters; here are its pieces, each by itself.

Letters of the equations and names in the code: A, B, C, D = the sampled ``system``, h = the
state, K = the ``kernel``, a = an entry of the continuous A.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Complex, Float, Inexact
from torch import Tensor

from solutions.ssm import causal_convolution


class System(NamedTuple):
    """Filters, sampled: for each feature the numbers of its states, and a way past them."""

    A: Complex[Tensor, "model states"]
    B: Complex[Tensor, "model states"]
    C: Complex[Tensor, "model states"]
    D: Float[Tensor, " model"]


def diagonal_hold(
    A: Inexact[Tensor, "*shape"], step: Float[Tensor, "*shape"]
) -> tuple[Inexact[Tensor, "*shape"], Inexact[Tensor, "*shape"]]:
    """Return Abar and Bbar of every entry a of a diagonal A, with 1 for B.

    abar = exp(step a),   bbar = (exp(step a) - 1) / a,   and bbar = step where a = 0

    A is real or complex, ``step`` real; both have one shape. Exact for tiny steps, too, in
    values and in gradients. Source: Gu et al. 2022 (S4D), section 3.
    """
    ### BEGIN SOLUTION
    z = step * A
    nothing = z == 0
    # Where z = 0 the quotient is 1. Dividing by 1 there keeps NaN out of the gradient.
    quotient = torch.expm1(z) / torch.where(nothing, torch.ones_like(z), z)
    return torch.exp(z), step * torch.where(nothing, 1 + z / 2, quotient)
    ### END SOLUTION


def recurrent(
    system: System,
    x: Float[Tensor, "batch time model"],
    h: Complex[Tensor, "batch model states"],
) -> tuple[Float[Tensor, "batch time model"], Complex[Tensor, "batch model states"]]:
    """Read the sequence step by step from the state ``h``; return outputs and the last state.

    h(t) = A h(t-1) + B x(t),   y(t) = 2 Re(C . h(t)) + D x(t)
    """
    ### BEGIN SOLUTION
    A, B, C, D = system
    outputs = []
    for x_t in x.unbind(1):
        h = A * h + B * x_t.unsqueeze(-1)
        outputs.append(2 * (C * h).sum(-1).real + D * x_t)
    return torch.stack(outputs, dim=1), h
    ### END SOLUTION


def kernel(system: System, time: int) -> Float[Tensor, "model time"]:
    """Return K(0) .. K(time - 1): what one input of 1 does to the outputs from then on.

    K(s) = 2 Re(C . A^s B)

    The direct way D x is no part of it. Source: Gu et al. 2022 (S4D), section 3.
    """
    ### BEGIN SOLUTION
    A, B, C, _ = system
    return 2 * torch.einsum("dn,dnt->dt", C * B, powers(A, time)).real
    ### END SOLUTION


def powers(A: Inexact[Tensor, "model states"], count: int) -> Inexact[Tensor, "model states count"]:
    """Return A^0, A^1, ... A^(count - 1) of every entry."""
    repeated = A.unsqueeze(-1).expand(*A.shape, count - 1)
    return torch.cat([torch.ones_like(A).unsqueeze(-1), repeated], dim=-1).cumprod(-1)


def convolved(
    system: System,
    x: Float[Tensor, "batch time model"],
    h: Complex[Tensor, "batch model states"],
) -> tuple[Float[Tensor, "batch time model"], Complex[Tensor, "batch model states"]]:
    """Return what ``recurrent`` does, all steps at once.

    y(t) = sum_{s=0}^{t} K(s) x(t-s) + 2 Re(C . A^(t+1) h) + D x(t),   t = 0 .. T-1
    the last state = A^T h + sum_{t=0}^{T-1} A^(T-1-t) B x(t)
    """
    ### BEGIN SOLUTION
    A, B, C, D = system
    time = x.shape[1]
    grown = powers(A, time + 1)  # A^0 .. A^T
    from_before = 2 * torch.einsum("dn,bdn,dnt->btd", C, h, grown[..., 1:]).real
    y = causal_convolution(x, kernel(system, time)) + from_before + D * x
    written = torch.einsum("dn,dnt,btd->bdn", B, grown[..., :time].flip(-1), x.to(B.dtype))
    return y, grown[..., time] * h + written
    ### END SOLUTION
