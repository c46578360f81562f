"""A scan and its gradient as equations, and what typical mistakes make of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from autograder.hidden.shared.tools import normal


class Given(NamedTuple):
    """What a scan is given: a and b (batch, time, dim), h0 (batch, dim)."""

    a: Tensor
    b: Tensor
    h0: Tensor


def drawn(rng: torch.Generator, time: int, batch: int = 2, dim: int = 3) -> Given:
    shape = batch, time, dim
    return Given(normal(rng, *shape), normal(rng, *shape), normal(rng, batch, dim))


Scan = Callable[[Tensor, Tensor, Tensor], Tensor]


def scan(a: Tensor, b: Tensor, h0: Tensor) -> Tensor:
    states = []
    for a_t, b_t in zip(a.unbind(1), b.unbind(1), strict=True):
        h0 = a_t * h0 + b_t
        states.append(h0)
    return torch.stack(states, dim=1)


def later(value: Tensor) -> Tensor:
    """One step later; nothing at the first."""
    return torch.cat([torch.zeros_like(value[:, :1]), value[:, :-1]], dim=1)


def sooner(value: Tensor) -> Tensor:
    """One step sooner; nothing at the last."""
    return torch.cat([value[:, 1:], torch.zeros_like(value[:, :1])], dim=1)


def before(h: Tensor, h0: Tensor) -> Tensor:
    return torch.cat([h0.unsqueeze(1), h[:, :-1]], dim=1)


def _joined_wrongly(a: Tensor, b: Tensor, h0: Tensor) -> Tensor:
    """Pairs joined as (a' a, a b' + b): the earlier a times the later b, step by step."""
    grown, found, states = a[:, 0], a[:, 0] * h0 + b[:, 0], []
    states.append(found)
    for a_t, b_t in zip(a.unbind(1)[1:], b.unbind(1)[1:], strict=True):
        grown, found = grown * a_t, grown * b_t + found
        states.append(found)
    return torch.stack(states, dim=1)


def _one_round(a: Tensor, b: Tensor, h0: Tensor) -> Tensor:
    b = torch.cat([a[:, :1] * h0.unsqueeze(1) + b[:, :1], b[:, 1:]], dim=1)
    return b + a * later(b)


SCANS: Mapping[str, Mapping[str, Scan]] = {
    "scan_values": {
        "The states are one step late: h(t) belongs to step t (this scan is exclusive)": (
            lambda a, b, h0: before(scan(a, b, h0), h0)
        ),
        "b is added before a multiplies: it is a h + b": (lambda a, b, h0: scan(a, a * b, h0)),
        "The earlier a multiplies the later b; it is a' b + b'": _joined_wrongly,
        "a is taken one step too late": lambda a, b, h0: scan(
            torch.cat([a[:, :1], a[:, :-1]], dim=1), b, h0
        ),
        "The sequence is read from its end": lambda a, b, h0: scan(a.flip(1), b.flip(1), h0).flip(
            1
        ),
        "a is left out: the states only add up": lambda a, b, h0: scan(torch.ones_like(a), b, h0),
        "Only the last two steps are joined: how far does each round reach?": _one_round,
        "The states come out in reverse order": lambda a, b, h0: scan(a, b, h0).flip(1),
    },
    "scan_start": {
        "h0 is ignored": lambda a, b, h0: scan(a, b, torch.zeros_like(h0)),
        "h0 is added to the first b as it is: a(1) multiplies it": lambda a, b, h0: scan(
            a, torch.cat([b[:, :1] + h0.unsqueeze(1), b[:, 1:]], dim=1), torch.zeros_like(h0)
        ),
        "h0 is added to every state as it is": lambda a, b, h0: (
            scan(a, b, torch.zeros_like(h0)) + h0.unsqueeze(1)
        ),
        "h0 is multiplied by each a alone, not by all up to there": lambda a, b, h0: (
            scan(a, b, torch.zeros_like(h0)) + a * h0.unsqueeze(1)
        ),
        "h0 counts in the first state only": lambda a, b, h0: torch.cat(
            [
                scan(a, b, h0)[:, :1],
                scan(a, b, torch.zeros_like(h0))[:, 1:],
            ],
            dim=1,
        ),
        "h0 is taken off instead of added": lambda a, b, h0: scan(a, b, -h0),
    },
}
LENT = {
    "tree_scan": """
import torch


def tree_scan(a, b, h0):
    states = []
    for a_t, b_t in zip(a.unbind(1), b.unbind(1)):
        h0 = a_t * h0 + b_t
        states.append(h0)
    return torch.stack(states, dim=1)
"""
}


# --- the gradient -----------------------------------------------------------------------------


class Learnt(NamedTuple):
    """The gradients, by what they belong to."""

    a: Tensor
    b: Tensor
    h0: Tensor


class Backwards(NamedTuple):
    """What comes back: the same numbers as the scan's, its states, and the errors."""

    a: Tensor
    h: Tensor
    h0: Tensor
    error: Tensor


def whole_error(g: Backwards) -> Tensor:
    return scan(sooner(g.a).flip(1), g.error.flip(1), torch.zeros_like(g.h0)).flip(1)


Errors = Callable[[Backwards], Tensor]


class Gradient(NamedTuple):
    """The pieces: the error at each state, and what each gradient makes of it."""

    e: Errors = whole_error
    by_a: Callable[[Backwards, Tensor], Tensor] = lambda g, e: e * before(g.h, g.h0)
    by_h0: Callable[[Backwards, Tensor], Tensor] = lambda g, e: g.a[:, 0] * e[:, 0]

    def __call__(self, g: Backwards) -> Learnt:
        e = self.e(g)
        return Learnt(self.by_a(g, e), e, self.by_h0(g, e))


def _scanned(a: Callable[[Tensor], Tensor], g: Backwards) -> Tensor:
    return scan(a(g.a).flip(1), g.error.flip(1), torch.zeros_like(g.h0)).flip(1)


GRADIENTS: Mapping[str, Mapping[str, Gradient]] = {
    "gradient_by_b": {
        "What later states hand back is missing: this is the error from outside": Gradient(
            e=lambda g: g.error
        ),
        "a(t) hands the error back; it is a(t+1)": Gradient(e=lambda g: _scanned(lambda a: a, g)),
        "a is taken one step too far: it is a(t+1)": Gradient(
            e=lambda g: _scanned(lambda a: sooner(sooner(a)), g)
        ),
        "Errors run forwards; they come back from the end": Gradient(
            e=lambda g: scan(g.a, g.error, torch.zeros_like(g.h0))
        ),
        "Errors are in reverse order: turn them round again": Gradient(
            e=lambda g: whole_error(g).flip(1)
        ),
        "a is left out on the way back": Gradient(e=lambda g: _scanned(torch.ones_like, g)),
        "The last state hands an error back that nobody gave it": Gradient(
            e=lambda g: scan(
                torch.cat([g.a[:, 1:], torch.ones_like(g.a[:, :1])], dim=1).flip(1),
                g.error.flip(1),
                g.error[:, -1],
            ).flip(1)
        ),
        "The error only comes from the next state: what that got from later ones is missing": (
            Gradient(e=lambda g: g.error + sooner(g.a) * sooner(g.error))
        ),
    },
    "gradient_by_a": {
        "It is e(t) h(t-1), and this is e(t) h(t)": Gradient(by_a=lambda g, e: e * g.h),
        "h(0) is missing at the first step": Gradient(by_a=lambda g, e: e * later(g.h)),
        "The error from outside is used; it is the whole error e": Gradient(
            by_a=lambda g, e: g.error * before(g.h, g.h0)
        ),
        "h(t-1) is left out": Gradient(by_a=lambda g, e: e),
        "It is multiplied by a once more": Gradient(by_a=lambda g, e: g.a * e * before(g.h, g.h0)),
        "This is e(t) h(t+1)": Gradient(by_a=lambda g, e: e * sooner(g.h)),
    },
    "gradient_by_h0": {
        "a(1) is missing": Gradient(by_h0=lambda g, e: e[:, 0]),
        "The error from outside is used; it is the whole error e(1)": Gradient(
            by_h0=lambda g, e: g.a[:, 0] * g.error[:, 0]
        ),
        "It comes from the first state, not from the last": Gradient(
            by_h0=lambda g, e: g.a[:, -1] * e[:, -1]
        ),
        "It is no sum of all errors": Gradient(by_h0=lambda g, e: e.sum(1)),
        "It is not zero": Gradient(by_h0=lambda g, e: 0 * g.h0),
        "It is multiplied by h(0)": Gradient(by_h0=lambda g, e: g.a[:, 0] * e[:, 0] * g.h0),
    },
}
RIGHT = Gradient()
