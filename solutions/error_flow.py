"""The error's way back through a linear unit with a self-loop: every gradient, and how far it goes.

Letters of the equations and names in the code: w = ``self_loop`` (hidden), W = ``weight_ih``
(hidden, input), s = the states, e = the whole error at a state. The layer is
``solutions.carousel.NaiveCarousel``: s(t) = w s(t-1) + W x(t).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor


class CarouselGradients(NamedTuple):
    """Gradients of the loss by everything that the carousel was given."""

    x: Float[Tensor, "batch time input"]
    s0: Float[Tensor, "batch hidden"]
    self_loop: Float[Tensor, " hidden"]
    weight_ih: Float[Tensor, "hidden input"]


def carousel_gradients(
    x: Float[Tensor, "batch time input"],
    s0: Float[Tensor, "batch hidden"],
    s: Float[Tensor, "batch time hidden"],
    self_loop: Float[Tensor, " hidden"],
    weight_ih: Float[Tensor, "hidden input"],
    grad_s: Float[Tensor, "batch time hidden"],
) -> CarouselGradients:
    """Take the error back through s(t) = w s(t-1) + W x(t) by hand, from the last step.

    ``s`` holds the states of the forward pass, ``s0`` the state before the first token, and
    ``grad_s[:, t]`` is dL/ds(t) as it arrives from above (the loss at step t only):

        e(t) = dL/ds(t) + w e(t+1)            e(T+1) = 0
        dL/dw = sum_t e(t) s(t-1)             dL/dW = sum_t e(t) x(t)^T
        dL/dx(t) = W^T e(t)                   dL/ds(0) = w e(1)

    with w times and e times s(t-1) unit by unit. Sums run over the batch too.
    Source: Hochreiter & Schmidhuber 1997, section 3.2.
    """
    ### BEGIN SOLUTION
    previous = torch.cat([s0.unsqueeze(1), s[:, :-1]], dim=1)
    carried = torch.zeros_like(s0)  # w e(t+1): what comes back from the future
    errors: list[Tensor] = []
    for grad_t in reversed(grad_s.unbind(1)):
        error = grad_t + carried
        carried = self_loop * error
        errors.append(error)
    e = torch.stack(errors[::-1], dim=1)
    return CarouselGradients(
        x=e @ weight_ih,
        s0=carried,
        self_loop=(e * previous).sum(dim=(0, 1)),
        weight_ih=torch.einsum("bth,bti->hi", e, x),
    )
    ### END SOLUTION


def error_left(
    self_loop: Float[Tensor, " weights"], lags: Int[Tensor, " lags"]
) -> Float[Tensor, "weights lags"]:
    """Return which share of an error is left after k steps through a self-loop w: |w|^k.

    Row i belongs to ``self_loop[i]``, column j to ``lags[j]``, a number of steps from 0 on.
    No step at all leaves everything, whatever the weight.
    """
    ### BEGIN SOLUTION
    return self_loop.abs().unsqueeze(1) ** lags
    ### END SOLUTION


def longest_lag(self_loop: Float[Tensor, " weights"], keep: float) -> Float[Tensor, " weights"]:
    """Return over how many whole steps at least the share ``keep`` of an error survives.

    The largest k with |w|^k >= keep, for each weight w: 0 for w = 0, infinity where |w| is 1 or
    more. Raises ValueError unless 0 < keep <= 1.
    """
    ### BEGIN SOLUTION
    if not 0 < keep <= 1:
        raise ValueError(f"keep must be above 0 and at most 1, got {keep}")
    size = self_loop.abs()
    steps = torch.floor(math.log(keep) / torch.log(size))
    return torch.where(size < 1, steps, math.inf)
    ### END SOLUTION
