"""A diagonal filter as equations with interchangeable pieces, and what mistakes make of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from autograder.hidden.shared.tools import DOUBLE, normal


class Filter(NamedTuple):
    """A, B, C of (model, states), complex, and D of (model)."""

    A: Tensor
    B: Tensor
    C: Tensor
    D: Tensor


class Given(NamedTuple):
    """A filter, tokens (batch, time, model) and a state (batch, model, states)."""

    system: Filter
    x: Tensor
    h: Tensor


def complex_normal(rng: torch.Generator, *shape: int) -> Tensor:
    return torch.complex(normal(rng, *shape), normal(rng, *shape))


def drawn(
    rng: torch.Generator, batch: int = 4, time: int = 6, model: int = 3, states: int = 5
) -> Given:
    """No two axes have one length; nothing fades away within the sequence."""
    size = 0.7 + 0.3 * torch.rand(model, states, generator=rng, dtype=DOUBLE)
    system = Filter(
        torch.polar(size, 2 * normal(rng, model, states)),
        complex_normal(rng, model, states),
        complex_normal(rng, model, states),
        normal(rng, model),
    )
    return Given(system, normal(rng, batch, time, model), complex_normal(rng, batch, model, states))


# --- step by step -----------------------------------------------------------------------------


def moved(s: Filter, h: Tensor, x: Tensor) -> Tensor:
    return s.A * h + s.B * x.unsqueeze(-1)


def read(s: Filter, h: Tensor, before: Tensor, x: Tensor) -> Tensor:
    return 2 * (s.C * h).sum(-1).real + s.D * x


Answer = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Stepping:
    """The pieces: how the state moves, what is read, what is handed on and given back."""

    move: Callable[[Filter, Tensor, Tensor], Tensor] = moved
    read: Callable[[Filter, Tensor, Tensor, Tensor], Tensor] = read
    begin: Callable[[Tensor], Tensor] = lambda h: h
    hand_on: Callable[[Tensor, Tensor], Tensor] = lambda h, first: h
    give_back: Callable[[Tensor, Tensor], Tensor] = lambda h, first: h
    backwards: bool = False

    def __call__(self, g: Given) -> Answer:
        s, h, outputs = g.system, self.begin(g.h), []
        for x_t in (g.x.flip(1) if self.backwards else g.x).unbind(1):
            before, h = h, self.move(s, h, x_t)
            outputs.append(self.read(s, h, before, x_t))
            last, h = h, self.hand_on(h, g.h)
        return torch.stack(outputs, dim=1), self.give_back(last, g.h)


RIGHT = Stepping()
STEPS: Mapping[str, Mapping[str, Stepping]] = {
    "moved_on": {
        "B is left out": Stepping(move=lambda s, h, x: s.A * h + x.unsqueeze(-1)),
        "The input is added before A acts: it is A h + B x": Stepping(
            move=lambda s, h, x: s.A * (h + s.B * x.unsqueeze(-1))
        ),
        "A is conjugated": Stepping(move=lambda s, h, x: s.A.conj() * h + s.B * x.unsqueeze(-1)),
        "Only the real part of the state is kept": Stepping(
            move=lambda s, h, x: moved(s, h, x).real + 0 * h
        ),
        "A and B are exchanged": Stepping(move=lambda s, h, x: s.B * h + s.A * x.unsqueeze(-1)),
        "A is left out: the state only adds up": Stepping(
            move=lambda s, h, x: h + s.B * x.unsqueeze(-1)
        ),
    },
    "read_out": {
        "The factor 2 is missing: one state of each pair is kept": Stepping(
            read=lambda s, h, b, x: (s.C * h).sum(-1).real + s.D * x
        ),
        "The real parts are multiplied; take the real part of the product": Stepping(
            read=lambda s, h, b, x: 2 * (s.C.real * h.real).sum(-1) + s.D * x
        ),
        "This is the imaginary part": Stepping(
            read=lambda s, h, b, x: 2 * (s.C * h).sum(-1).imag + s.D * x
        ),
        "The size of the sum is taken, not its real part": Stepping(
            read=lambda s, h, b, x: 2 * (s.C * h).sum(-1).abs() + s.D * x
        ),
        "D x is missing": Stepping(read=lambda s, h, b, x: 2 * (s.C * h).sum(-1).real),
        "D x is doubled, too: the 2 belongs to the state": Stepping(
            read=lambda s, h, b, x: 2 * ((s.C * h).sum(-1).real + s.D * x)
        ),
        "The state before the step is read": Stepping(
            read=lambda s, h, b, x: read(s, b, b, x),
        ),
        "C is conjugated": Stepping(
            read=lambda s, h, b, x: 2 * (s.C.conj() * h).sum(-1).real + s.D * x
        ),
        "The states are averaged, not summed": Stepping(
            read=lambda s, h, b, x: 2 * (s.C * h).mean(-1).real + s.D * x
        ),
    },
    "carried": {
        "The state that comes in is ignored": Stepping(begin=torch.zeros_like),
        "Every step starts from the first state": Stepping(hand_on=lambda h, first: first),
        "The state that is returned is the one that came in": Stepping(
            give_back=lambda h, first: first
        ),
        "The sequence is read from its end": Stepping(backwards=True),
        "The state that is returned has lost its imaginary part": Stepping(
            give_back=lambda h, first: h.real + 0 * first
        ),
    },
}


# --- the kernel -------------------------------------------------------------------------------


def powers(A: Tensor, count: int) -> Tensor:
    found = [torch.ones_like(A)]
    while count > len(found):
        found.append(found[-1] * A)
    return torch.stack(found, dim=-1)


def kernel(s: Filter, time: int) -> Tensor:
    return 2 * torch.einsum("dn,dnt->dt", s.C * s.B, powers(s.A, time)).real


Kernel = Callable[[Filter, int], Tensor]


def _with_D(s: Filter, time: int) -> Tensor:
    return kernel(s, time) + s.D.unsqueeze(-1) * (torch.arange(time) == 0)


KERNELS: Mapping[str, Kernel] = {
    "The factor 2 is missing": lambda s, time: kernel(s, time) / 2,
    "B is left out": lambda s, time: kernel(s._replace(B=torch.ones_like(s.B)), time),
    "C is left out": lambda s, time: kernel(s._replace(C=torch.ones_like(s.C)), time),
    "It begins with A; K(0) has A^0 = 1": lambda s, time: kernel(s, time + 1)[:, 1:],
    "It is in reverse order": lambda s, time: kernel(s, time).flip(1),
    "D is in K(0); it is left out": _with_D,
    "The real parts are multiplied; take the real part of the product": (
        lambda s, time: 2 * torch.einsum("dn,dnt->dt", (s.C * s.B).real, powers(s.A, time).real)
    ),
    "The size of the sum is taken, not its real part": (
        lambda s, time: 2 * torch.einsum("dn,dnt->dt", s.C * s.B, powers(s.A, time)).abs()
    ),
    "It adds up: this is the answer to a step, not to one input": (
        lambda s, time: kernel(s, time).cumsum(1)
    ),
    "A is multiplied by s; it is A to the power s": (
        lambda s, time: (
            (2 * (s.C * s.B).unsqueeze(-1) * s.A.unsqueeze(-1) * torch.arange(time, dtype=DOUBLE))
            .sum(1)
            .real
        )
    ),
    "The states are averaged, not summed": lambda s, time: kernel(s, time) / s.A.shape[1],
    "C is conjugated": lambda s, time: kernel(s._replace(C=s.C.conj()), time),
}
