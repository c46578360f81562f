"""The layer of part 3 as an equation with interchangeable pieces, and the pieces lent to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from autograder.hidden.shared.layers import Weights
from autograder.hidden.shared.lending import defined
from autograder.hidden.shared.tools import normal
from autograder.hidden.transformer import attending, turning

Mix = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
Turn = Callable[[Tensor, Tensor, float], Tensor]


class Pieces(NamedTuple):
    """What the layer is made of: attention in groups, and the turn."""

    mix: Mix
    turn: Turn


OWN = Pieces(attending.RIGHT, turning.RIGHT)

# Functions with the same arguments that are no attention and no turn.
LENT = {
    "grouped_attention": """
import torch


def grouped_attention(query, key, value, allowed):
    times = query.shape[1] // key.shape[1]
    shown = torch.cos(query.sum(-1, keepdim=True)) * allowed.unsqueeze(1).to(query.dtype)
    pushed = torch.sin(key.prod(-1, keepdim=True)) + value
    return shown @ torch.cat([pushed] * times, 1).roll(1, dims=1)
""",
    "rotate": """
import torch


def rotate(x, positions, base=10_000.0):
    moved = torch.sin(0.3 * positions.to(x.dtype) + 0.01 * base)
    return x.roll(1, dims=-1) + moved[:, None, :, None]
""",
}

OURS = Pieces(*(defined(source, name) for name, source in LENT.items()))


class Sizes(NamedTuple):
    """Arguments of the constructor."""

    d_model: int = 24
    num_heads: int = 4
    num_kv_heads: int = 2
    base: float = 30.0

    @property
    def head(self) -> int:
        return self.d_model // self.num_heads


def random_weights(rng: torch.Generator, sizes: Sizes) -> dict[str, Tensor]:
    d, narrow = sizes.d_model, sizes.num_kv_heads * sizes.head
    shapes = {"query": (d, d), "key": (narrow, d), "value": (narrow, d), "output": (d, d)}
    return {f"{name}.weight": normal(rng, *shape) / d**0.5 for name, shape in shapes.items()}


# --- into heads and back ----------------------------------------------------------------------


def cut(value: Tensor, heads: int) -> Tensor:
    rows: Tensor = value.unflatten(-1, (heads, -1))
    return rows.transpose(1, 2)


def cut_interleaved(value: Tensor, heads: int) -> Tensor:
    rows: Tensor = value.unflatten(-1, (-1, heads))
    return rows.permute(0, 3, 1, 2)


def cut_mixed(value: Tensor, heads: int) -> Tensor:
    return value.reshape(len(value), heads, value.shape[1], -1)


def joined(heads: Tensor) -> Tensor:
    return heads.transpose(1, 2).flatten(-2)


def joined_interleaved(heads: Tensor) -> Tensor:
    return heads.permute(0, 2, 3, 1).flatten(-2)


def joined_mixed(heads: Tensor) -> Tensor:
    return heads.reshape(len(heads), heads.shape[2], -1)


def _here(turn: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    return turn(x)


def _never(turn: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    return x


@dataclass(frozen=True)
class Layered:
    """The pieces of reading and of looking."""

    cut: Callable[[Tensor, int], Tensor] = cut
    joined: Callable[[Tensor], Tensor] = joined
    keys: Callable[[Callable[[Tensor], Tensor], Tensor], Tensor] = _here
    values: Callable[[Callable[[Tensor], Tensor], Tensor], Tensor] = _never
    queries: Callable[[Callable[[Tensor], Tensor], Tensor], Tensor] = _here
    places: Callable[[Tensor], Tensor] = lambda positions: positions
    base: float | None = None
    matrices: tuple[str, str, str, str] = ("query", "key", "value", "output")
    put_out: bool = True
    sight: Callable[[Tensor], Tensor] = lambda allowed: allowed
    shown: Callable[[Tensor], Tensor] = lambda tokens: tokens

    def _weight(self, w: Weights, which: int) -> Tensor:
        return w[f"{self.matrices[which]}.weight"]

    def _turn(self, p: Pieces, sizes: Sizes, where: Tensor) -> Callable[[Tensor], Tensor]:
        base = sizes.base if self.base is None else self.base
        return lambda x: p.turn(x, self.places(where), base)

    def read(
        self, p: Pieces, w: Weights, sizes: Sizes, x: Tensor, where: Tensor
    ) -> tuple[Tensor, Tensor]:
        turn = self._turn(p, sizes, where)
        keys = self.cut(x @ self._weight(w, 1).T, sizes.num_kv_heads)
        values = self.cut(x @ self._weight(w, 2).T, sizes.num_kv_heads)
        return self.keys(turn, keys), self.values(turn, values)

    def attend(
        self,
        p: Pieces,
        w: Weights,
        sizes: Sizes,
        x: Tensor,
        where: Tensor,
        cache: tuple[Tensor, Tensor],
        allowed: Tensor,
    ) -> Tensor:
        query = self.cut(x @ self._weight(w, 0).T, sizes.num_heads)
        query = self.queries(self._turn(p, sizes, where), query)
        keys, values = map(self.shown, cache)
        mixed = self.joined(p.mix(query, keys, values, self.sight(allowed)))
        return mixed @ self._weight(w, 3).T if self.put_out else mixed


RIGHT = Layered()
_counted = replace(RIGHT, places=lambda p: torch.arange(p.shape[-1]).expand_as(p))

READING: Mapping[str, Mapping[str, Layered]] = {
    "keys_of_heads": {
        "The keys are not turned": replace(RIGHT, keys=_never),
        "The keys are turned twice": replace(RIGHT, keys=lambda turn, x: turn(turn(x))),
        "The heads of the keys are interleaved; the rows of a weight lie head after head": replace(
            RIGHT, cut=cut_interleaved
        ),
        "Heads and tokens of the keys are mixed up: transpose after cutting the last axis": replace(
            RIGHT, cut=cut_mixed
        ),
        "The keys are turned by positions counted from 0, not by those given": _counted,
        "The base is not handed on to rotate": replace(RIGHT, base=10_000.0),
        "The keys come from the matrix of the values": replace(
            RIGHT, matrices=("query", "value", "key", "output")
        ),
    },
    "values_of_heads": {
        "The values are turned; only queries and keys are": replace(RIGHT, values=_here),
        "The heads of the values are interleaved; the rows of a weight lie head after head": (
            replace(RIGHT, cut=cut_interleaved)
        ),
        "Heads and tokens of the values are mixed up: transpose after cutting the last axis": (
            replace(RIGHT, cut=cut_mixed)
        ),
        "The values come from the matrix of the keys": replace(
            RIGHT, matrices=("query", "value", "key", "output")
        ),
    },
}
LOOKING: Mapping[str, Mapping[str, Layered]] = {
    "queries_of_heads": {
        "The queries are not turned": replace(RIGHT, queries=_never),
        "The heads of the queries are interleaved; the rows of a weight lie head after head": (
            replace(RIGHT, cut=cut_interleaved)
        ),
        "Heads and tokens of the queries are mixed up: transpose after cutting the last axis": (
            replace(RIGHT, cut=cut_mixed)
        ),
        "The queries are turned by positions counted from 0, not by those given": _counted,
        "The base is not handed on to rotate": replace(RIGHT, base=10_000.0),
    },
    "heads_joined": {
        "The heads are joined feature by feature; they should lie one after the other": replace(
            RIGHT, joined=joined_interleaved
        ),
        "Heads and tokens are mixed up when they are joined: transpose first": replace(
            RIGHT, joined=joined_mixed
        ),
        "The output matrix is left out": replace(RIGHT, put_out=False),
    },
    "looks_at_the_cache": {
        "The mask is not used": replace(RIGHT, sight=torch.ones_like),
        "The mask is turned round": replace(RIGHT, sight=torch.logical_not),
    },
    "both": {  # felt in reading as well
        "Queries are cut and heads joined in an interleaved order": replace(
            RIGHT, cut=cut_interleaved, joined=joined_interleaved
        ),
        "Queries are cut and heads joined with tokens mixed in": replace(
            RIGHT, cut=cut_mixed, joined=joined_mixed
        ),
    },
}
