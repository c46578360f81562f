"""Back-propagation through time as it should be, and the errors d(t) that mistakes lead to."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from autograder.hidden.rnn_limits.textbook import random_weights, textbook
from autograder.hidden.shared.layers import Weights
from autograder.hidden.shared.tools import Suspects, normal


class Pass(NamedTuple):
    """A forward pass, the direct gradients of a loss, and everything that follows from them."""

    weights: Weights
    x: Tensor
    h0: Tensor
    h: Tensor
    grad_h: Tensor
    wanted: dict[str, Tensor]  # by x, h0, weight_ih, weight_hh, bias

    @property
    def previous(self) -> Tensor:
        """h(0) .. h(T-1)"""
        return torch.cat([self.h0.unsqueeze(1), self.h[:, :-1]], dim=1)

    @property
    def arguments(self) -> list[Tensor]:
        w = self.weights
        return [self.x, self.h0, self.h, w["weight_ih"], w["weight_hh"], self.grad_h]


def passed(weights: Weights, x: Tensor, h0: Tensor, grad_h: Tensor) -> Pass:
    """Run the textbook's layer and let PyTorch differentiate it."""
    named = {"x": x, "h0": h0, **weights}
    leaves = {name: value.clone().requires_grad_() for name, value in named.items()}
    h, _ = textbook("tanh")({name: leaves[name] for name in weights}, leaves["x"], (leaves["h0"],))
    found = torch.autograd.grad((h * grad_h).sum(), list(leaves.values()))
    return Pass(weights, x, h0, h.detach(), grad_h, dict(zip(leaves, found, strict=True)))


def random_pass(rng: torch.Generator, batch: int, time: int, inputs: int, hidden: int) -> Pass:
    """A pass whose five gradients have five shapes, unless a size is 1."""
    weights = random_weights(rng, inputs, hidden)
    x, h0 = normal(rng, batch, time, inputs), normal(rng, batch, hidden)
    return passed(weights, x, h0, normal(rng, batch, time, hidden))


def readable_pass(rng: torch.Generator, batch: int, time: int, hidden: int) -> Pass:
    """A pass in which W W^T = 1, so that the gradient by x shows the errors d(t): d = dx W^T."""
    p = random_pass(rng, batch, time, hidden + 1, hidden)
    rows = torch.linalg.qr(normal(rng, hidden + 1, hidden))[0].T
    return passed({**p.weights, "weight_ih": rows.contiguous()}, p.x, p.h0, p.grad_h)


# --- the errors d(t), right and wrong ---------------------------------------------------------


def walked_back(
    p: Pass,
    slope: Callable[[Tensor], Tensor] = lambda h: 1 - h**2,
    carry: Callable[[Tensor, Tensor], Tensor] = lambda d, U: d @ U,
    join: Callable[[Tensor, Tensor], Tensor] = lambda direct, back: direct + back,
    at: Tensor | None = None,
    direct: Tensor | None = None,
) -> Tensor:
    """d(T) .. d(1), put in order: d(t) = join(grad_h(t), carry(d(t+1), U)) * slope(h(t))"""
    h, grads = p.h if at is None else at, p.grad_h if direct is None else direct
    back, deltas = torch.zeros_like(p.h0), []
    for h_t, grad in zip(reversed(h.unbind(1)), reversed(grads.unbind(1)), strict=True):
        delta = join(grad, back) * slope(h_t)
        back = carry(delta, p.weights["weight_hh"])
        deltas.append(delta)
    return torch.stack(deltas[::-1], dim=1)


def mistakes(p: Pass) -> Suspects:
    """The errors d(t) that typical mistakes lead to."""
    zero = torch.zeros_like(p.grad_h[:, :1])
    only_last = torch.cat([zero.expand_as(p.grad_h[:, 1:]), p.grad_h[:, -1:]], dim=1)
    divided = walked_back(p, slope=torch.ones_like)
    d = walked_back(p)
    return {
        "The factor 1 - h^2 is missing: every step back passes through tanh": divided,
        "The slope is taken at tanh(h); h is already the output of tanh, so it is 1 - h^2": (
            walked_back(p, slope=lambda h: 1 - torch.tanh(h) ** 2)
        ),
        "The slope is taken at the state before: d(t) needs 1 - h(t)^2, this is the wrong step": (
            walked_back(p, at=p.previous)
        ),
        "The slope is 1 - h^2, not 1 - h": walked_back(p, slope=lambda h: 1 - h),
        "The slope is 1 - h^2, not 1 + h^2": walked_back(p, slope=lambda h: 1 + h**2),
        "The slope is 1 - h^2; h (1 - h) belongs to the logistic function": (
            walked_back(p, slope=lambda h: h * (1 - h))
        ),
        "The slope is 1 - h^2; a step that is 0 or 1 belongs to ReLU": (
            walked_back(p, slope=lambda h: (h > 0).double())
        ),
        "The slope is applied twice": walked_back(p, slope=lambda h: (1 - h**2) ** 2),
        "The slope belongs to all of e(t); here it is on grad_h alone": carried_whole(p),
        "The slope belongs to all of e(t); here it is only on what comes back": direct_whole(p),
        "The error at step t does not include what comes back from step t + 1": (
            walked_back(p, join=lambda direct, back: direct)
        ),
        "What comes back is added to grad_h; here it is subtracted": (
            walked_back(p, join=lambda direct, back: direct - back)
        ),
        "U looks transposed on the way back: U^T d is delta @ weight_hh in a batch": (
            walked_back(p, carry=lambda d, U: d @ U.T)
        ),
        "The error is handed back without U": walked_back(p, carry=lambda d, U: d),
        "U^T e(t + 1) is handed back; it should be U^T d(t + 1), so the slope comes before U": (
            handed_back_early(p)
        ),
        "Only the loss at the last step counts": walked_back(p, direct=only_last),
        "grad_h is used one step too early": walked_back(
            p, direct=torch.cat([p.grad_h[:, 1:], zero], dim=1)
        ),
        "grad_h is used one step too late": walked_back(
            p, direct=torch.cat([zero, p.grad_h[:, :-1]], dim=1)
        ),
        "grad_h is read from the wrong end": walked_back(p, direct=p.grad_h.flip(1)),
        "The gradients by x come in the reverse order of time": d.flip(1),
        "The sign is turned round": -d,
        "The sequence is walked through forwards; error goes back, from the last step on": (
            forwards(p)
        ),
        "Numbers are in the wrong places: a reshape cannot exchange batch and time": (
            d.transpose(0, 1).reshape(d.shape)
        ),
        "Gradients by x are averaged over the batch; each sequence has its own": d / len(d),
    }


def handed_back_early(p: Pass) -> Tensor:
    """e(t) = grad_h + U^T e(t+1)"""
    e = walked_back(p, slope=torch.ones_like)
    return e * (1 - p.h**2)


def carried_whole(p: Pass) -> Tensor:
    """d(t) = grad_h * slope + U^T d(t+1)"""
    direct = p.grad_h * (1 - p.h**2)
    return walked_back(p, slope=torch.ones_like, direct=direct)


def direct_whole(p: Pass) -> Tensor:
    """d(t) = grad_h + slope * U^T d(t+1)"""
    back, deltas = torch.zeros_like(p.h0), []
    for h_t, grad in zip(reversed(p.h.unbind(1)), reversed(p.grad_h.unbind(1)), strict=True):
        deltas.append(grad + (1 - h_t**2) * back)
        back = deltas[-1] @ p.weights["weight_hh"]
    return torch.stack(deltas[::-1], dim=1)


def forwards(p: Pass) -> Tensor:
    turned = p._replace(h=p.h.flip(1), grad_h=p.grad_h.flip(1))
    return walked_back(turned).flip(1)
