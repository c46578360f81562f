"""Weights from scores with interchangeable pieces, the context, and what mistakes make of both."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

LOW = torch.finfo(torch.float64).min

Function = Callable[[Tensor], Tensor]
Two = Callable[[Tensor, Tensor], Tensor]


def last_axis(scores: Tensor) -> Tensor:
    return torch.softmax(scores, dim=-1)


def along(dim: int) -> Function:
    return lambda scores: torch.softmax(scores, dim=dim)


def before(soft: Function, scores: Tensor, allowed: Tensor) -> Tensor:
    return soft(scores.masked_fill(~allowed, LOW)).masked_fill(~allowed, 0.0)


def after(soft: Function, scores: Tensor, allowed: Tensor) -> Tensor:
    return soft(scores) * allowed


def filled_with(number: float) -> Callable[[Function, Tensor, Tensor], Tensor]:
    return lambda soft, scores, allowed: soft(scores.masked_fill(~allowed, number))


@dataclass(frozen=True)
class Weighing:
    """How weights come about: the softmax, how it is masked, numbers as a mask, empty rows."""

    soft: Function = last_axis
    masked: Callable[[Function, Tensor, Tensor], Tensor] = before
    allowed: Function = lambda mask: mask
    added: Two = lambda scores, numbers: scores + numbers.clamp(min=LOW)
    free: Function = lambda numbers: numbers > -math.inf  # by numbers as a mask
    empty: Function = lambda weights: 0 * weights  # rows in which nothing may be attended to

    def weights(self, scores: Tensor, mask: Tensor | None = None) -> Tensor:
        if mask is None:
            return self.soft(scores)
        allowed = self.allowed(mask) if mask.dtype == torch.bool else self.free(mask)
        allowed = allowed.expand(scores.shape)
        if mask.dtype != torch.bool:
            scores = self.added(scores, mask)
        weights = self.masked(self.soft, scores, allowed)
        nothing = ~allowed.any(-1, keepdim=True)
        return torch.where(nothing, self.empty(weights), weights)


RIGHT = Weighing()
# The check that is meant for a mistake, words for it, and what it does.
MISTAKES: list[tuple[str, str, Weighing]] = [
    ("softmax_axis", "The softmax runs over the first axis; the tokens are on the last",
     Weighing(soft=along(0))),
    ("softmax_axis", "The softmax runs over axis 1; the tokens are on the last",
     Weighing(soft=along(1))),
    ("softmax_axis", "The softmax runs over the last axis but one", Weighing(soft=along(-2))),
    ("softmax_axis", "All scores together sum to one; each row should",
     Weighing(soft=lambda e: torch.softmax(e.flatten(), 0).view(e.shape))),
    ("softmax_axis", "These are logarithms of weights", Weighing(soft=lambda e: e.log_softmax(-1))),
    ("softmax_axis", "The largest score should get the largest weight, not the smallest",
     Weighing(soft=lambda e: torch.softmax(-e, -1))),
    ("softmax_axis", "The exponential is missing: scores are divided by their sum",
     Weighing(soft=lambda e: e / e.sum(-1, keepdim=True), masked=filled_with(0))),
    ("softmax_axis", "These are exponentials; divide them by their sum", Weighing(soft=torch.exp)),
    ("softmax_axis", "Each score passes a logistic function; weights should sum to one",
     Weighing(soft=torch.sigmoid)),
    ("softmax_axis", "The scores are divided by the root of their number first; here nothing is "
     "scaled", Weighing(soft=lambda e: torch.softmax(e / math.sqrt(e.shape[-1]), -1))),
    ("masked_out", "The mask looks turned round: True = may attend",
     Weighing(allowed=torch.logical_not)),
    ("masked_out", "The mask has no effect",
     Weighing(masked=lambda soft, e, ok: soft(e), empty=lambda w: w)),
    ("masked_out", "The mask comes after the softmax: what is left no longer sums to one",
     Weighing(masked=after)),
    ("masked_out", "Forbidden scores are set to 0, and exp(0) is 1",
     Weighing(masked=filled_with(0), empty=lambda w: w)),
    ("masked_out", "Forbidden scores are set to -1, which is not low enough",
     Weighing(masked=filled_with(-1), empty=lambda w: w)),
    ("added", "Of the numbers only -inf is used; the others are added to the scores",
     Weighing(added=lambda e, numbers: e)),
    ("added", "Numbers are taken for true or false; they are added to the scores",
     Weighing(added=lambda e, numbers: e, free=lambda numbers: numbers != 0)),
    ("added", "Only numbers above 0 may attend; they are added, and -inf alone forbids",
     Weighing(added=lambda e, numbers: e, free=lambda numbers: numbers > 0)),
    ("added", "Only numbers above 0 may attend; it is -inf alone that forbids",
     Weighing(free=lambda numbers: numbers > 0)),
    ("added", "The numbers are subtracted; they are added",
     Weighing(added=lambda e, numbers: e - numbers)),
    ("added", "The scores are multiplied by the numbers; they are added",
     Weighing(added=lambda e, numbers: e * numbers)),
    ("added", "The numbers are added to the weights; they belong to the scores",
     Weighing(masked=lambda soft, e, ok: soft(e))),
    ("nothing_left", "Where nothing may be attended to the weights are all the same; they "
     "should be zeros", Weighing(empty=lambda w: torch.full_like(w, 1 / max(1, w.shape[-1])))),
    ("nothing_left", "Where nothing may be attended to the mask is ignored",
     Weighing(empty=lambda w: torch.ones_like(w))),
]  # fmt: skip


def context(weights: Tensor, memory: Tensor) -> Tensor:
    return torch.einsum("bj,bjm->bm", weights, memory)


Mix = Callable[[Weighing, Tensor, Tensor, Tensor | None], tuple[Tensor, Tensor]]


def mixing(
    mean: Two = context, used: Function = lambda w: w, hand_on: bool = True
) -> Mix:  # the context and the weights
    """`align` with another mean, other weights for it, or without the mask."""

    def mix(weighing: Weighing, scores: Tensor, memory: Tensor, mask: Tensor | None) -> Any2:
        weights = weighing.weights(scores, mask if hand_on else None)
        return mean(used(weights), memory), weights

    return mix


Any2 = tuple[Tensor, Tensor]
ALIGN = mixing()
MISALIGNED: dict[str, Mix] = {
    "The mask is not handed on": mixing(hand_on=False),
    "The states are averaged without the weights": mixing(lambda w, memory: memory.mean(1)),
    "The states are summed without the weights": mixing(lambda w, memory: memory.sum(1)),
    "The weighted states are divided by their number; the weights sum to one already": (
        mixing(lambda w, memory: context(w, memory) / max(1, memory.shape[1]))
    ),
    "The largest weight takes all; every state counts by its weight": (
        mixing(used=lambda w: torch.eye(w.shape[1], dtype=w.dtype)[w.argmax(1)])
    ),
    "The softmax is taken twice": mixing(used=lambda w: w.softmax(1)),
    "The weights are taken in reverse order": mixing(used=lambda w: w.flip(1)),
    "Every source is mixed by the weights of the first": mixing(used=lambda w: w[:1].expand_as(w)),
    "The context mixes the sources of a batch": mixing(
        lambda w, memory: torch.einsum("bj,cjm->bm", w, memory)
    ),
}


def raw(weighing: Weighing, scores: Tensor, memory: Tensor, mask: Tensor | None) -> Any2:
    return context(scores, memory), weighing.weights(scores, mask)


MISALIGNED["The scores themselves are used as weights for the context"] = raw
