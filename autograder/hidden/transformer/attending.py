"""Attention in groups as an equation with interchangeable pieces, and what mistakes make of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from autograder.hidden.shared.tools import normal

Mask = Tensor


class Asked(NamedTuple):
    """What goes in: queries (batch, heads, i, d), keys and values (batch, groups, j, d)."""

    query: Tensor
    key: Tensor
    value: Tensor
    allowed: Mask


class Sizes(NamedTuple):
    batch: int = 2
    heads: int = 6
    groups: int = 2
    queries: int = 4
    keys: int = 5
    dim: int = 3
    value: int = 2


def drawn(rng: torch.Generator, sizes: Sizes, blind: bool = False) -> Asked:
    """No two axes have one length; every query sees something, the second nothing if `blind`."""
    b, h, g, i, j, d, v = sizes
    allowed = torch.rand(b, i, j, generator=rng) < 0.5
    allowed[:, :, 0] = allowed[:, 0] = True  # every key is seen by somebody, too
    if j > 2:
        allowed[:, 1:, 1], allowed[:, 1:, 2] = False, True
    if blind:
        allowed[:, 1] = False
    return Asked(normal(rng, b, h, i, d), normal(rng, b, g, j, d), normal(rng, b, g, j, v), allowed)


def repeated(value: Tensor, per_group: int) -> Tensor:
    return value.repeat_interleave(per_group, dim=1)


def by_root(query: Tensor, key: Tensor) -> Tensor:
    return query @ key.mT / math.sqrt(query.shape[-1])


def visible_only(scores: Tensor, allowed: Mask) -> Tensor:
    """Softmax over what may be seen; zeros where that is nothing."""
    weights = torch.softmax(scores.masked_fill(~allowed, torch.finfo(scores.dtype).min), dim=-1)
    return weights * allowed


@dataclass(frozen=True)
class Attending:
    """The pieces: heads to groups, scores, weights."""

    spread: Callable[[Tensor, int], Tensor] = repeated
    scores: Callable[[Tensor, Tensor], Tensor] = by_root
    weights: Callable[[Tensor, Mask], Tensor] = visible_only

    def __call__(self, query: Tensor, key: Tensor, value: Tensor, allowed: Mask) -> Tensor:
        per_group = query.shape[1] // key.shape[1]
        keys, values = self.spread(key, per_group), self.spread(value, per_group)
        weights = self.weights(self.scores(query, keys), allowed.unsqueeze(1))
        return weights @ values


RIGHT = Attending()


def _over_queries(scores: Tensor, allowed: Mask) -> Tensor:
    return torch.softmax(scores.masked_fill(~allowed, torch.finfo(scores.dtype).min), dim=-2)


def _over_heads(scores: Tensor, allowed: Mask) -> Tensor:
    return torch.softmax(scores, dim=1) * allowed


def _exponentials(scores: Tensor, allowed: Mask) -> Tensor:
    return scores.exp() * allowed


def _zeroed(scores: Tensor, allowed: Mask) -> Tensor:
    return torch.softmax(scores * allowed, dim=-1)


def _zeroed_after_too(scores: Tensor, allowed: Mask) -> Tensor:
    return torch.softmax(scores * allowed, dim=-1) * allowed


MISTAKES: Mapping[str, Mapping[str, Attending]] = {
    "scaled": {
        "The scores are not scaled: divide by the root of d": replace(
            RIGHT, scores=lambda q, k: q @ k.mT
        ),
        "The scores are divided by d; it is the root of d": replace(
            RIGHT, scores=lambda q, k: q @ k.mT / q.shape[-1]
        ),
        "The scores are multiplied by the root of d; divide": replace(
            RIGHT, scores=lambda q, k: q @ k.mT * math.sqrt(q.shape[-1])
        ),
        "The scores are scaled by the number of keys; d is the size of a head": replace(
            RIGHT, scores=lambda q, k: q @ k.mT / math.sqrt(k.shape[-2])
        ),
        "d is the size of one head, not of all heads together": replace(
            RIGHT, scores=lambda q, k: q @ k.mT / math.sqrt(q.shape[-1] * q.shape[1])
        ),
    },
    "softmax": {
        "softmax runs over the queries; it belongs to the keys, the last axis": replace(
            RIGHT, weights=_over_queries
        ),
        "softmax runs over the queries, and the mask comes after it": replace(
            RIGHT, weights=lambda s, m: torch.softmax(s, dim=-2) * m
        ),
        "softmax runs over the heads; it belongs to the keys, the last axis": replace(
            RIGHT, weights=_over_heads
        ),
        "The weights do not add up to 1: divide the exponentials by their sum": replace(
            RIGHT, weights=_exponentials
        ),
        "There is no softmax: scores are no weights": replace(RIGHT, weights=lambda s, m: s * m),
    },
    "masked": {
        "The mask is turned round: True means may attend": replace(
            RIGHT, weights=lambda s, m: visible_only(s, ~m)
        ),
        "The mask acts after the softmax, so that the weights no longer add up to 1": replace(
            RIGHT, weights=lambda s, m: torch.softmax(s, dim=-1) * m
        ),
        "The mask is ignored": replace(RIGHT, weights=lambda s, m: torch.softmax(s, dim=-1)),
        "Scores that are forbidden are set to 0; exp(0) is 1, so use minus infinity": replace(
            RIGHT, weights=_zeroed
        ),
        "Forbidden scores are 0 in the softmax: they take part in its sum": replace(
            RIGHT, weights=_zeroed_after_too
        ),
        "A mask of 0 and 1 is added to the scores: 0 forbids nothing": replace(
            RIGHT, weights=lambda s, m: torch.softmax(s + m.to(s.dtype), dim=-1)
        ),
        "The mask of the first sequence is used for all": replace(
            RIGHT, weights=lambda s, m: visible_only(s, m[:1])
        ),
    },
    "groups": {
        "The groups are tiled: heads 0, 1, 2 belong to group 0, not to 0, 1, 0": replace(
            RIGHT, spread=lambda v, n: v.repeat(1, n, 1, 1)
        ),
        "Every head looks at the first group": replace(
            RIGHT, spread=lambda v, n: v[:, :1].expand(-1, n * v.shape[1], -1, -1)
        ),
        "The groups are averaged; each head has one of them": replace(
            RIGHT, spread=lambda v, n: v.mean(1, keepdim=True).expand(-1, n * v.shape[1], -1, -1)
        ),
        "The groups are in reverse order": replace(
            RIGHT, spread=lambda v, n: repeated(v.flip(1), n)
        ),
    },
}
