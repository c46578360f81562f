"""A diagonal filter as a convolution, with interchangeable pieces, and what mistakes make of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from autograder.hidden.shared.lending import defined
from autograder.hidden.state_space.filtering import Answer, Filter, Given, Kernel, kernel, powers


def on_the_circle(x: Tensor, k: Tensor) -> Tensor:
    time = x.shape[1]
    return sum((x.roll(s, 1) * k[:, s] for s in range(time)), torch.zeros_like(x))


def causal(x: Tensor, k: Tensor) -> Tensor:
    time = x.shape[1]
    late = [torch.cat([torch.zeros_like(x[:, :s]), x[:, : time - s]], dim=1) for s in range(time)]
    return sum((part * k[:, s] for s, part in enumerate(late)), torch.zeros_like(x))


def shifted(y: Tensor) -> Tensor:
    return torch.cat([torch.zeros_like(y[:, :1]), y[:, :-1]], dim=1)


Convolution = Callable[[Tensor, Tensor], Tensor]
CONVOLUTIONS: Mapping[str, Convolution] = {
    "The end runs into the beginning: an FFT convolves on a circle, so give it room": (
        on_the_circle
    ),
    "It looks ahead: y(t) may use x(0) .. x(t)": lambda x, k: causal(x.flip(1), k).flip(1),
    "The kernel is turned round": lambda x, k: causal(x, k.flip(1)),
    "The kernel of the first feature is used for all": lambda x, k: causal(x, k[:1].expand_as(k)),
    "It is one step late: K(0) belongs to x(t)": lambda x, k: shifted(causal(x, k)),
    "It is divided by the number of steps": lambda x, k: causal(x, k) / x.shape[1],
    "The kernel is summed over the features": (
        lambda x, k: causal(x, k.sum(0, keepdim=True).expand_as(k))
    ),
    "This is a product step by step": lambda x, k: x * k.T,
}


# --- the same filter, all steps at once -------------------------------------------------------


class Pieces(NamedTuple):
    """What `convolved` is made of: the student's own or those lent to them."""

    kernel: Kernel
    convolution: Convolution


LENT = {
    "kernel": """
import torch


def kernel(system, time):
    return system.C.real.sum(-1, keepdim=True) + torch.arange(time, dtype=system.D.dtype)
""",
    "causal_convolution": """
import torch


def causal_convolution(x, kernel):
    return torch.cos(x) * kernel.T
""",
}
OWN = Pieces(kernel, causal)
OURS = Pieces(*(defined(source, name) for name, source in LENT.items()))


def from_before(s: Filter, h: Tensor, time: int, first: int = 1) -> Tensor:
    grown = powers(s.A, time + first)[..., first:]
    return 2 * torch.einsum("dn,bdn,dnt->btd", s.C, h, grown).real


def written(
    s: Filter, x: Tensor, order: Callable[[Tensor], Tensor] = lambda p: p.flip(-1)
) -> Tensor:
    grown = order(powers(s.A, x.shape[1]))
    return torch.einsum("dn,dnt,btd->bdn", s.B, grown, x.to(s.B.dtype))


@dataclass(frozen=True)
class Convolving:
    """The pieces: what is added of the state before, the direct way, and the last state."""

    before: Callable[[Filter, Tensor, int], Tensor] = from_before
    direct: Callable[[Filter, Tensor], Tensor] = lambda s, x: s.D * x
    last: Callable[[Filter, Tensor, Tensor], Tensor] = lambda s, x, h: (
        s.A ** x.shape[1] * h + written(s, x)
    )

    def __call__(self, g: Given, p: Pieces = OWN) -> Answer:
        s, x, h = g
        y = p.convolution(x, p.kernel(s, x.shape[1]))
        y = y + self.before(s, h, x.shape[1]) + self.direct(s, x)
        return y, self.last(s, x, h)


AT_ONCE = Convolving()
OUTPUTS: Mapping[str, Convolving] = {
    "What is left of the state before is missing": Convolving(
        before=lambda s, h, time: torch.zeros(len(h), time, len(s.D), dtype=s.D.dtype)
    ),
    "The state before counts A^t; the first step has moved it on already: A^(t+1)": Convolving(
        before=lambda s, h, time: from_before(s, h, time, 0)
    ),
    "The factor 2 is missing at the state before": Convolving(
        before=lambda s, h, time: from_before(s, h, time) / 2
    ),
    "The state before is read without C": Convolving(
        before=lambda s, h, time: from_before(s._replace(C=torch.ones_like(s.C)), h, time)
    ),
    "The state before is added to the first output only": Convolving(
        before=lambda s, h, time: from_before(s, h, time) * (torch.arange(time) < 1)[:, None]
    ),
    "D x is missing": Convolving(direct=lambda s, x: 0 * x),
    "D x is counted twice": Convolving(direct=lambda s, x: 2 * s.D * x),
}
STATES: Mapping[str, Convolving] = {
    "The last state lacks what was there before": Convolving(last=lambda s, x, h: written(s, x)),
    "What was there before has been multiplied once too rarely: A^T": Convolving(
        last=lambda s, x, h: s.A ** (x.shape[1] - 1) * h + written(s, x)
    ),
    "The powers are turned round: the first input has been multiplied most often": Convolving(
        last=lambda s, x, h: s.A ** x.shape[1] * h + written(s, x, lambda p: p)
    ),
    "B is missing in the last state": Convolving(
        last=lambda s, x, h: s.A ** x.shape[1] * h + written(s._replace(B=torch.ones_like(s.B)), x)
    ),
    "The last state is the one that came in": Convolving(last=lambda s, x, h: h),
    "The inputs count once too often: the last one has A^0": Convolving(
        last=lambda s, x, h: s.A ** x.shape[1] * h + s.A * written(s, x)
    ),
    "What was there before is not multiplied: A^T h": Convolving(
        last=lambda s, x, h: h + written(s, x)
    ),
}
