"""From logits to probabilities with interchangeable pieces, and what mistakes make of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor


def tempered(z: Tensor, temperature: float) -> Tensor:
    if temperature == 0:
        best = torch.nn.functional.one_hot(z.argmax(-1), z.shape[-1])
        return best.to(z.dtype)
    return torch.softmax((z - z.amax(-1, keepdim=True)) / temperature, dim=-1)


def share(p: Tensor) -> Tensor:
    return p / p.sum(-1, keepdim=True)


def likeliest(p: Tensor, k: int) -> Tensor:
    """Which are the k likeliest, of equal ones those with the smaller number."""
    order = p.argsort(dim=-1, descending=True, stable=True)
    return order.argsort(dim=-1) < k


def by_k(p: Tensor, k: int) -> Tensor:
    return share(p * likeliest(p, k))


def nucleus(p: Tensor, top_p: float, missing: int = 0) -> Tensor:
    """How many of the likeliest are kept."""
    held = p.sort(dim=-1, descending=True, stable=True).values.cumsum(-1)
    return ((held < top_p).sum(-1) + 1 - missing).clamp(min=1)


def by_p(p: Tensor, top_p: float, missing: int = 0) -> Tensor:
    kept = [
        likeliest(row.unsqueeze(0), int(n))
        for row, n in zip(p, nucleus(p, top_p, missing), strict=True)
    ]
    return share(p * torch.cat(kept)) if top_p < 1 or missing else p


Cut = Callable[[Tensor, float], Tensor]


@dataclass(frozen=True)
class Choosing:
    """The pieces: the temperature, the two cuts, and in which order they come."""

    temperature: Cut = tempered
    top_k: Callable[[Tensor, int], Tensor] = by_k
    top_p: Cut = by_p
    p_before_k: bool = False
    cold_cuts: bool = False  # cuts by the probabilities without temperature

    def __call__(
        self,
        logits: Tensor,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
    ) -> Tensor:
        p = self.temperature(logits, temperature)
        cut = tempered(logits, 1.0) if self.cold_cuts else p
        if self.p_before_k and top_p is not None:
            cut = self.top_p(cut, top_p)
        if top_k is not None:
            cut = self.top_k(cut, top_k)
        if not self.p_before_k and top_p is not None:
            cut = self.top_p(cut, top_p)
        return share(p * (cut > 0)) if self.cold_cuts else cut


RIGHT = Choosing()


def _ascending(p: Tensor, k: int) -> Tensor:
    return share(p * likeliest(-p, k))


def _threshold(p: Tensor, k: int) -> Tensor:
    kth = p.sort(dim=-1, descending=True).values[:, min(k, p.shape[-1]) - 1 : min(k, p.shape[-1])]
    return share(p * (p >= kth))


def _unsorted(p: Tensor, top_p: float) -> Tensor:
    """The nucleus by the order of the vocabulary."""
    before = p.cumsum(-1) - p
    return share(p * (before < top_p))


def _unlikely_first(p: Tensor, top_p: float) -> Tensor:
    order = p.argsort(dim=-1, stable=True)
    held = p.gather(-1, order).cumsum(-1)
    kept = (held - p.gather(-1, order) < top_p).gather(-1, order.argsort(-1))
    return share(p * kept)


def _each_alone(p: Tensor, top_p: float) -> Tensor:
    return share(p * (p >= (1 - top_p) * p.amax(-1, keepdim=True)))


MISTAKES: Mapping[str, Mapping[str, Choosing]] = {
    "by_temperature": {
        "The logits are multiplied by the temperature; divide": replace(
            RIGHT, temperature=lambda z, t: torch.softmax(z * t, -1) if t else tempered(z, t)
        ),
        "The probabilities are divided by the temperature; it belongs to the logits": replace(
            RIGHT, temperature=lambda z, t: torch.softmax(z, -1) / t if t else tempered(z, t)
        ),
        "The temperature is ignored": replace(
            RIGHT, temperature=lambda z, t: torch.softmax(z, -1) if t else tempered(z, t)
        ),
        "The logits are divided by the root of the temperature": replace(
            RIGHT, temperature=lambda z, t: torch.softmax(z / t**0.5, -1) if t else tempered(z, t)
        ),
        "Temperature 0 is the likeliest token, not the probabilities as they are": replace(
            RIGHT, temperature=lambda z, t: tempered(z, t or 1.0)
        ),
        "Temperature 0 is the likeliest token, not all of them alike": replace(
            RIGHT, temperature=lambda z, t: tempered(z, t or 1e9)
        ),
    },
    "by_top_k": {
        "top-k is not divided by what is left": replace(
            RIGHT, top_k=lambda p, k: p * likeliest(p, k)
        ),
        "More than k are kept where tokens are equally likely: the smaller number first": replace(
            RIGHT, top_k=_threshold
        ),
        "One token too many is kept by top-k": replace(RIGHT, top_k=lambda p, k: by_k(p, k + 1)),
        "One token too few is kept by top-k": replace(
            RIGHT, top_k=lambda p, k: by_k(p, max(k - 1, 1))
        ),
        "top-k keeps the least likely tokens": replace(RIGHT, top_k=_ascending),
        "top-k drops the likeliest tokens": replace(
            RIGHT, top_k=lambda p, k: share(p * ~likeliest(p, k) + 1e-300)
        ),
        "top-k is ignored": replace(RIGHT, top_k=lambda p, k: p),
        "The same tokens are kept in all rows": replace(
            RIGHT, top_k=lambda p, k: share(p * likeliest(p[:1], k))
        ),
        "Tokens that were cut away keep a part: their logits were set to 0": replace(
            RIGHT,
            top_k=lambda p, k: share(torch.where(likeliest(p, k), p, p.amax(-1, True) * 0 + 1)),
        ),
    },
    "by_top_p": {
        "The token that reaches P is dropped; it is kept": replace(
            RIGHT, top_p=lambda p, top: by_p(p, top, 1)
        ),
        "One token too many is kept by top-p": replace(
            RIGHT, top_p=lambda p, top: by_p(p, top, -1)
        ),
        "top-p is not divided by what is left": replace(
            RIGHT, top_p=lambda p, top: p * (by_p(p, top) > 0)
        ),
        "top-p adds up in the order of the vocabulary: sort first": replace(RIGHT, top_p=_unsorted),
        "top-p begins with the least likely tokens": replace(RIGHT, top_p=_unlikely_first),
        "top-p is ignored": replace(RIGHT, top_p=lambda p, top: p),
        "top-p keeps tokens by their own probability; it is those before that count": replace(
            RIGHT, top_p=_each_alone
        ),
        "The same tokens are kept in all rows by top-p": replace(
            RIGHT, top_p=lambda p, top: share(p * (by_p(p, top)[:1] > 0))
        ),
    },
    "in_order": {
        "top-p comes before top-k; it works on what top-k left": replace(RIGHT, p_before_k=True),
        "The cuts are made without the temperature: it comes first": replace(RIGHT, cold_cuts=True),
    },
}
