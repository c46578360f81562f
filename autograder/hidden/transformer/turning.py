"""Frequencies, codes and turns with interchangeable pieces, and what mistakes make of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from autograder.hidden.shared.tools import DOUBLE, Suspects

Frequencies = Callable[[int, float], Tensor]


def hands(dim: int, base: float) -> Tensor:
    i = torch.arange(dim // 2, dtype=DOUBLE)
    return base ** (-2 * i / dim)


def _by_index(dim: int, base: float) -> Tensor:
    return base ** (-torch.arange(dim // 2, dtype=DOUBLE) / dim)


def _from_one(dim: int, base: float) -> Tensor:
    return base ** (-2 * (torch.arange(dim // 2, dtype=DOUBLE) + 1) / dim)


WRONG_HANDS: Mapping[str, Frequencies] = {
    "The exponent is -i/d; it is -2i/d": _by_index,
    "i begins at 1; it begins at 0, so that the first hand has frequency 1": _from_one,
    "The exponent is positive: these are one over the frequencies": lambda d, b: 1 / hands(d, b),
    "The base is ignored": lambda d, b: hands(d, 10_000.0),
    "The slow hands come first": lambda d, b: hands(d, b).flip(0),
    "The exponents reach -1: divide by d, not by d - 2": (
        lambda d, b: b ** -torch.linspace(0, 1, d // 2, dtype=DOUBLE)
    ),
}

# --- the code that is added -------------------------------------------------------------------


def side_by_side(first: Tensor, second: Tensor) -> Tensor:
    return torch.stack([first, second], dim=-1).flatten(-2)


def code(positions: Tensor, dim: int, base: float, hands: Frequencies = hands) -> Tensor:
    a = positions.unsqueeze(-1) * hands(dim, base)
    return side_by_side(a.sin(), a.cos())


def wrong_codes(positions: Tensor, dim: int, base: float) -> dict[str, Suspects]:
    a = positions.unsqueeze(-1) * hands(dim, base)
    counted = torch.arange(positions.shape[-1]).expand_as(positions)
    by_hands = {w: code(positions, dim, base, wrong) for w, wrong in WRONG_HANDS.items()}
    return {
        "frequencies": by_hands,
        "code": {
            "Sine and cosine are exchanged": side_by_side(a.cos(), a.sin()),
            "All sines come first; sine and cosine of one hand stand side by side": torch.cat(
                [a.sin(), a.cos()], dim=-1
            ),
            "All of it is sines": side_by_side(a.sin(), a.sin()),
            "The positions are counted from 0 instead of those that were given": code(
                counted, dim, base
            ),
            "The positions are one too large": code(positions + 1, dim, base),
        },
    }


# --- the turn ---------------------------------------------------------------------------------


def neighbours(x: Tensor) -> tuple[Tensor, Tensor]:
    return x[..., 0::2], x[..., 1::2]


def halves(x: Tensor) -> tuple[Tensor, Tensor]:
    first, second = x.chunk(2, dim=-1)
    return first, second


Pairs = tuple[Tensor, Tensor]


def turned(x: Pairs, a: Tensor) -> Pairs:
    cos, sin = a.cos(), a.sin()
    return x[0] * cos - x[1] * sin, x[0] * sin + x[1] * cos


@dataclass(frozen=True)
class Turning:
    """The pieces of a turn: which features are a pair, what happens to it, where tokens stand."""

    pairs: Callable[[Tensor], Pairs] = neighbours
    turn: Callable[[Pairs, Tensor], Pairs] = turned
    joined: Callable[[Tensor, Tensor], Tensor] = side_by_side
    places: Callable[[Tensor], Tensor] = lambda positions: positions
    hands: Frequencies = hands
    precision: torch.dtype = DOUBLE

    def __call__(self, x: Tensor, positions: Tensor, base: float = 10_000.0) -> Tensor:
        w = self.hands(x.shape[-1], base)
        a = (self.places(positions).unsqueeze(-1) * w).unsqueeze(1).to(self.precision).to(x.dtype)
        return self.joined(*self.turn(self.pairs(x), a))


RIGHT = Turning()


def _counted(positions: Tensor) -> Tensor:
    return torch.arange(positions.shape[-1]).expand_as(positions)


TURNS: Mapping[str, Mapping[str, Turning]] = {
    "turned_pairs": {
        "A pair is a feature of the first half and one of the second; here a pair is two "
        "neighbours": replace(RIGHT, pairs=halves, joined=lambda a, b: torch.cat([a, b], dim=-1)),
        "It turns the other way: the minus stands at the sine in the first row": replace(
            RIGHT, turn=lambda x, a: turned(x, -a)
        ),
        "Both signs are plus: that is no turn": replace(
            RIGHT,
            turn=lambda x, a: (x[0] * a.cos() + x[1] * a.sin(), x[0] * a.sin() + x[1] * a.cos()),
        ),
        "Sine and cosine are exchanged": replace(
            RIGHT,
            turn=lambda x, a: (x[0] * a.sin() - x[1] * a.cos(), x[0] * a.cos() + x[1] * a.sin()),
        ),
        "The turned features are put together as two halves; neighbours belong together": replace(
            RIGHT, joined=lambda a, b: torch.cat([a, b], dim=-1)
        ),
        "The second feature is made from the first one that has been turned already": replace(
            RIGHT,
            turn=lambda x, a: (
                turned(x, a)[0],
                turned(x, a)[0] * a.sin() + x[1] * a.cos(),
            ),
        ),
        "The first feature of each pair alone is turned": replace(
            RIGHT, turn=lambda x, a: (turned(x, a)[0], x[1])
        ),
    },
    "turned_positions": {
        "The positions are counted from 0 instead of those that were given": replace(
            RIGHT, places=_counted
        ),
        "The positions of the first row are used for all rows": replace(
            RIGHT, places=lambda p: p[:1].expand_as(p)
        ),
        "All tokens are turned by the position of the first one": replace(
            RIGHT, places=lambda p: p[:, :1].expand_as(p)
        ),
        "The positions are one too large": replace(RIGHT, places=lambda p: p + 1),
    },
    "frequencies": {words: replace(RIGHT, hands=wrong) for words, wrong in WRONG_HANDS.items()},
}
