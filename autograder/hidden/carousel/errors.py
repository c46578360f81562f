"""The carousel's backward pass as it should be, and the errors e(t) that mistakes lead to."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from autograder.hidden.carousel.layer import random_weights, right
from autograder.hidden.shared.layers import Weights
from autograder.hidden.shared.tools import Suspects, normal


class Pass(NamedTuple):
    """A forward pass, the direct gradients of a loss, and everything that follows from them."""

    weights: Weights
    x: Tensor
    s0: Tensor
    s: Tensor
    grad_s: Tensor
    wanted: dict[str, Tensor]  # by x, s0, self_loop, weight_ih

    @property
    def previous(self) -> Tensor:
        """s(0) .. s(T-1)"""
        return torch.cat([self.s0.unsqueeze(1), self.s[:, :-1]], dim=1)

    @property
    def arguments(self) -> list[Tensor]:
        w = self.weights
        return [self.x, self.s0, self.s, w["self_loop"], w["weight_ih"], self.grad_s]


def passed(weights: Weights, x: Tensor, s0: Tensor, grad_s: Tensor) -> Pass:
    """Run the carousel and let PyTorch differentiate it."""
    named = {"x": x, "s0": s0, **{name: weights[name] for name in ("self_loop", "weight_ih")}}
    leaves = {name: value.clone().requires_grad_() for name, value in named.items()}
    s, _ = right(leaves, leaves["x"], (leaves["s0"],))
    found = torch.autograd.grad((s * grad_s).sum(), list(leaves.values()))
    return Pass(weights, x, s0, s.detach(), grad_s, dict(zip(leaves, found, strict=True)))


def random_pass(rng: torch.Generator, batch: int, time: int, inputs: int, hidden: int) -> Pass:
    """A pass whose four gradients have four shapes, unless a size is 1."""
    weights = random_weights(rng, inputs, hidden)
    x, s0 = normal(rng, batch, time, inputs), normal(rng, batch, hidden)
    return passed(weights, x, s0, normal(rng, batch, time, hidden))


# --- the errors e(t), right and wrong ---------------------------------------------------------

Join = Callable[[Tensor, Tensor, Tensor], Tensor]


def walked_back(
    p: Pass,
    join: Join = lambda direct, w, later: direct + w * later,
    direct: Tensor | None = None,
) -> Tensor:
    """e(1) .. e(T), where e(t) = join(grad_s(t), w, e(t+1))"""
    later, errors = torch.zeros_like(p.s0), []
    for grad in reversed((p.grad_s if direct is None else direct).unbind(1)):
        later = join(grad, p.weights["self_loop"], later)
        errors.append(later)
    return torch.stack(errors[::-1], dim=1)


def mistakes(p: Pass) -> Suspects:
    """The errors e(t) that typical mistakes lead to."""
    e, zero = walked_back(p), torch.zeros_like(p.grad_s[:, :1])
    only_last = torch.cat([zero.expand_as(p.grad_s[:, 1:]), p.grad_s[:, -1:]], dim=1)
    return {
        "The error at step t does not include what comes back from step t + 1": p.grad_s,
        "The error comes back without w: each step multiplies it by the self-loop": (
            walked_back(p, lambda direct, w, later: direct + later)
        ),
        "w multiplies grad_s too; only what comes back from step t + 1 has passed the loop": (
            walked_back(p, lambda direct, w, later: w * (direct + later))
        ),
        "The loop is passed twice a step: w^2 where w belongs": (
            walked_back(p, lambda direct, w, later: direct + w * w * later)
        ),
        "The error comes back divided by w; it is multiplied": (
            walked_back(p, lambda direct, w, later: direct + later / w)
        ),
        "The size of w is used; its sign counts, too": (
            walked_back(p, lambda direct, w, later: direct + w.abs() * later)
        ),
        "One self-loop is used for all units; each has its own": (
            walked_back(p, lambda direct, w, later: direct + w[0] * later)
        ),
        "What comes back is added to grad_s; here it is subtracted": (
            walked_back(p, lambda direct, w, later: direct - w * later)
        ),
        "There is a factor 1 - s^2; it belongs to tanh, and this unit is linear": with_slope(p),
        "Only the loss at the last step counts": walked_back(p, direct=only_last),
        "Only what comes back from the step after it counts, as if time were two steps long": (
            p.grad_s + p.weights["self_loop"] * torch.cat([p.grad_s[:, 1:], zero], dim=1)
        ),
        "grad_s is used one step too early": (
            walked_back(p, direct=torch.cat([p.grad_s[:, 1:], zero], dim=1))
        ),
        "grad_s is used one step too late": (
            walked_back(p, direct=torch.cat([zero, p.grad_s[:, :-1]], dim=1))
        ),
        "grad_s is read from the wrong end": walked_back(p, direct=p.grad_s.flip(1)),
        "The gradients by x come in the reverse order of time": e.flip(1),
        "The sequence is walked through forwards; error goes back, from the last step on": (
            walked_back(p, direct=p.grad_s.flip(1)).flip(1)
        ),
        "The sign is turned round": -e,
        "Numbers are in the wrong places: a reshape cannot exchange batch and time": (
            e.transpose(0, 1).reshape(e.shape)
        ),
        "Gradients by x are averaged over the batch; each sequence has its own": e / len(e),
    }


def with_slope(p: Pass) -> Tensor:
    """e(t) = (grad_s(t) + w e(t+1)) (1 - s(t)^2)"""
    later, errors = torch.zeros_like(p.s0), []
    for grad, s in zip(reversed(p.grad_s.unbind(1)), reversed(p.s.unbind(1)), strict=True):
        later = (grad + p.weights["self_loop"] * later) * (1 - s**2)
        errors.append(later)
    return torch.stack(errors[::-1], dim=1)
