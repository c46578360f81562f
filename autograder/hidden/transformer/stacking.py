"""A block and a stack of blocks as equations with interchangeable pieces, and what is lent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from autograder.hidden.shared.layers import Weights
from autograder.hidden.shared.tools import normal
from autograder.hidden.transformer.feed import rms_norm, swiglu
from autograder.hidden.transformer.layering import OWN, RIGHT, Sizes

EPS, BASE = 1e-5, 10_000.0  # the constructors' own
Cache = tuple[Tensor, Tensor]
Blocked = tuple[Tensor, Cache]


class Parts(Protocol):
    """What a block is made of."""

    def norm1(self, x: Tensor) -> Tensor: ...
    def norm2(self, x: Tensor) -> Tensor: ...
    def read(self, x: Tensor, where: Tensor) -> Cache: ...
    def attend(self, x: Tensor, where: Tensor, cache: Cache, allowed: Tensor) -> Tensor: ...
    def feed(self, x: Tensor) -> Tensor: ...


class OwnParts:
    """The parts as the text has them, with some weights."""

    def __init__(self, weights: Weights, sizes: Sizes) -> None:
        self.w, self.sizes = weights, sizes
        names = "query", "key", "value", "output"
        self.attention = {f"{n}.weight": weights[f"attention.{n}.weight"] for n in names}

    def norm1(self, x: Tensor) -> Tensor:
        return rms_norm(x, self.w["norm1.weight"], EPS)

    def norm2(self, x: Tensor) -> Tensor:
        return rms_norm(x, self.w["norm2.weight"], EPS)

    def read(self, x: Tensor, where: Tensor) -> Cache:
        return RIGHT.read(OWN, self.attention, self.sizes, x, where)

    def attend(self, x: Tensor, where: Tensor, cache: Cache, allowed: Tensor) -> Tensor:
        return RIGHT.attend(OWN, self.attention, self.sizes, x, where, cache, allowed)

    def feed(self, x: Tensor) -> Tensor:
        return swiglu(x, *(self.w[f"feed_forward.{n}.weight"] for n in ("gate", "up", "down")))


def random_weights(rng: torch.Generator, sizes: Sizes, feed_size: int) -> dict[str, Tensor]:
    d, narrow = sizes.d_model, sizes.num_kv_heads * sizes.head
    shapes = {
        "attention.query": (d, d),
        "attention.key": (narrow, d),
        "attention.value": (narrow, d),
        "attention.output": (d, d),
        "feed_forward.gate": (feed_size, d),
        "feed_forward.up": (feed_size, d),
        "feed_forward.down": (d, feed_size),
    }
    weights = {f"{n}.weight": normal(rng, *shape) / d**0.5 for n, shape in shapes.items()}
    for name in ("norm1", "norm2"):
        weights[f"{name}.weight"] = 0.5 + torch.rand(d, generator=rng, dtype=torch.float64)
    return weights


# --- a block ----------------------------------------------------------------------------------


def behind(past: Cache, new: Cache) -> Cache:
    return torch.cat([past[0], new[0]], dim=2), torch.cat([past[1], new[1]], dim=2)


class Given(NamedTuple):
    """What a block is called with."""

    x: Tensor
    where: Tensor
    past: Cache
    allowed: Tensor


def block(p: Parts, given: Given) -> Blocked:
    x, where, past, allowed = given
    a = p.norm1(x)
    cache = behind(past, p.read(a, where))
    x = x + p.attend(a, where, cache, allowed)
    return x + p.feed(p.norm2(x)), cache


def _first(p: Parts, g: Given, read: Tensor, looks: Tensor, past: Tensor) -> Blocked:
    """A block whose attention reads, looks and is passed by something else."""
    cache = behind(g.past, p.read(read, g.where))
    x = past + p.attend(looks, g.where, cache, g.allowed)
    return x + p.feed(p.norm2(x)), cache


def _second(p: Parts, g: Given, end: Callable[[Tensor], Tensor]) -> Blocked:
    """A block with another second half, which gets the stream after the first."""
    a = p.norm1(g.x)
    cache = behind(g.past, p.read(a, g.where))
    return end(g.x + p.attend(a, g.where, cache, g.allowed)), cache


def _post(p: Parts, g: Given) -> Blocked:
    cache = behind(g.past, p.read(g.x, g.where))
    x = p.norm1(g.x + p.attend(g.x, g.where, cache, g.allowed))
    return p.norm2(x + p.feed(x)), cache


def _parallel(p: Parts, g: Given) -> Blocked:
    x, cache = _second(p, g, lambda x: x)
    return x + p.feed(p.norm2(g.x)), cache


def _other_cache(p: Parts, g: Given, cached: Callable[[Cache, Cache], Cache]) -> Blocked:
    a = p.norm1(g.x)
    cache = cached(g.past, p.read(a, g.where))
    x = g.x + p.attend(a, g.where, cache, g.allowed)
    return x + p.feed(p.norm2(x)), cache


def _given_back(p: Parts, g: Given, given_back: Callable[[Cache, Cache], Cache]) -> Blocked:
    return block(p, g)[0], given_back(g.past, p.read(p.norm1(g.x), g.where))


Mistake = Callable[[Parts, Given], Blocked]

MISTAKES: Mapping[str, Mapping[str, Mistake]] = {
    "first_branch": {
        "The norms come after the sums: that is post-norm": _post,
        "The first norm is left out": lambda p, g: _first(p, g, g.x, g.x, g.x),
        "x + is missing at the first branch": (
            lambda p, g: _first(p, g, p.norm1(g.x), p.norm1(g.x), torch.zeros_like(g.x))
        ),
        "The normed tokens go past the first branch; it should be x itself": (
            lambda p, g: _first(p, g, p.norm1(g.x), p.norm1(g.x), p.norm1(g.x))
        ),
        "Keys and values are read from x; they come from the normed tokens, too": (
            lambda p, g: _first(p, g, g.x, p.norm1(g.x), g.x)
        ),
        "Queries are made from x; they come from the normed tokens": (
            lambda p, g: _first(p, g, p.norm1(g.x), g.x, g.x)
        ),
        "The second norm stands before attention, too": (
            lambda p, g: _first(p, g, p.norm2(g.x), p.norm2(g.x), g.x)
        ),
    },
    "second_branch": {
        "x + is missing at the second branch": (
            lambda p, g: _second(p, g, lambda x: p.feed(p.norm2(x)))
        ),
        "The second norm is left out": lambda p, g: _second(p, g, lambda x: x + p.feed(x)),
        "The first norm is used twice": (
            lambda p, g: _second(p, g, lambda x: x + p.feed(p.norm1(x)))
        ),
        "The feed-forward net reads what came into the block, not the sum": _parallel,
        "The normed tokens go past the second branch; it should be x itself": (
            lambda p, g: _second(p, g, lambda x: p.norm2(x) + p.feed(p.norm2(x)))
        ),
        "The second norm comes after the net": (
            lambda p, g: _second(p, g, lambda x: x + p.norm2(p.feed(x)))
        ),
        "The feed-forward branch is missing": lambda p, g: _second(p, g, lambda x: x),
        "A norm closes the block; the stream leaves it as it is": (
            lambda p, g: _second(p, g, lambda x: p.norm2(x + p.feed(p.norm2(x))))
        ),
    },
    "block_cache": {
        "The new keys and values stand before the old ones": (
            lambda p, g: _other_cache(p, g, lambda past, new: behind(new, past))
        ),
        "Keys and values are exchanged in the cache": (
            lambda p, g: _given_back(p, g, lambda past, new: behind(past, new)[::-1])
        ),
        "The cache that is returned lacks the tokens before": (
            lambda p, g: _given_back(p, g, lambda past, new: new)
        ),
        "The cache that is returned is the old one": (
            lambda p, g: _given_back(p, g, lambda past, new: past)
        ),
    },
}


# --- a stack ----------------------------------------------------------------------------------


class Stack(NamedTuple):
    """Weights of a decoder, taken apart: for each block what its rule reads, `Parts` or less."""

    parts: list[Any]
    last_norm: Callable[[Tensor], Tensor]


HEAD = 4  # the size of every head here: a state of no tokens must be made from weights alone


def sizes_of(weights: Weights) -> tuple[int, Sizes]:
    """The number of blocks, and the sizes of one, by the shapes of weights."""
    layers = 1 + max(int(name.split(".")[1]) for name in weights if name.startswith("blocks."))
    narrow, d = weights["blocks.0.attention.key.weight"].shape
    return layers, Sizes(d, d // HEAD, narrow // HEAD, BASE)


def own_stack(weights: Weights) -> Stack:
    layers, sizes = sizes_of(weights)
    parts: list[Parts] = []
    for layer in range(layers):
        start = f"blocks.{layer}."
        inner = {n.removeprefix(start): v for n, v in weights.items() if n.startswith(start)}
        parts.append(OwnParts(inner, sizes))
    return Stack(parts, lambda x: rms_norm(x, weights["last_norm.weight"], EPS))


def decoder_weights(
    rng: torch.Generator, d_model: int, heads: int, layers: int, kv: int, feed: int
) -> dict[str, Tensor]:
    weights: dict[str, Tensor] = {}
    for layer in range(layers):
        inner = random_weights(rng, Sizes(d_model, heads, kv, BASE), feed)
        weights |= {f"blocks.{layer}.{name}": value for name, value in inner.items()}
    weights["last_norm.weight"] = 0.5 + torch.rand(d_model, generator=rng, dtype=torch.float64)
    return weights
