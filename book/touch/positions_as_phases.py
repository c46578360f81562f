"""Positions as phases: the hands of a code's pairs, and what an inner product sees of them.

Pair i of eight turns by w(i) = base^(-i/8) radians a token. A query stands at ``place`` + distance,
a key at ``place``. Three scores, each divided by the number of pairs: of the two sinusoidal codes
alone; of a fixed query and key that are turned (rotary); of the same two with the codes added.
"""

from __future__ import annotations

import math

from touch import Axis, Curve, Frame, Number, Panel, Settings, Slider, TouchFigure

PAIRS, FARTHEST = 8, 64
# Two tokens as pairs of features; the scores of two equal ones would be 1.
QUERY = [[1.2, 0.5], [-0.4, 1.1], [0.9, -0.3], [0.2, 0.8], [-1.0, 0.6], [0.7, 0.7], [1.1, 0.1]]
KEY = [[0.9, 0.8], [0.1, 1.2], [0.6, -0.9], [0.8, 0.6], [-0.7, 0.9], [1.0, 0.3], [0.5, 0.9]]
QUERY, KEY = [*QUERY, [0.3, 0.9]], [*KEY, [0.6, 0.6]]


def speeds(settings: Settings) -> list[float]:
    """Return by how many radians each pair turns from one token to the next."""
    return [10 ** (-settings["base"] * i / PAIRS) for i in range(PAIRS)]


def hands(position: float, settings: Settings) -> list[float]:
    """Return the angle of every pair at a position."""
    return [position * w for w in speeds(settings)]


def codes_alone(distance: float, settings: Settings) -> float:
    """Return the inner product of two sinusoidal codes: sin sin + cos cos in every pair."""
    here, there = (hands(settings["place"] + far, settings) for far in (distance, 0))
    pairs = zip(here, there, strict=True)
    return sum(math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b) for a, b in pairs) / PAIRS


def turned(pair: list[float], angle: float) -> tuple[float, float]:
    """Return a pair of features, turned."""
    cos, sin = math.cos(angle), math.sin(angle)
    return pair[0] * cos - pair[1] * sin, pair[0] * sin + pair[1] * cos


def rotary(distance: float, settings: Settings) -> float:
    """Return the inner product of a turned query and a turned key."""
    total = 0.0
    places = (hands(settings["place"] + far, settings) for far in (distance, 0))
    for query, key, a, b in zip(QUERY, KEY, *places, strict=True):
        (q1, q2), (k1, k2) = turned(query, a), turned(key, b)
        total += q1 * k1 + q2 * k2
    return total / PAIRS


def added(distance: float, settings: Settings) -> float:
    """Return the inner product of a query and a key that the codes are added to."""
    total = 0.0
    places = (hands(settings["place"] + far, settings) for far in (distance, 0))
    for query, key, a, b in zip(QUERY, KEY, *places, strict=True):
        total += (query[0] + math.sin(a)) * (key[0] + math.sin(b))
        total += (query[1] + math.cos(a)) * (key[1] + math.cos(b))
    return total / PAIRS


SCORES = {"codes": codes_alone, "rotary": rotary, "added": added}


def curve(key: str, label: str, color: str, dash: str) -> Curve:
    """Return one score over all distances."""
    score = SCORES[key]
    return Curve(
        key,
        label,
        color,
        dash,
        lambda settings: [score(far, settings) for far in range(FARTHEST + 1)],
        panel=1,
    )


def number(key: str) -> Number:
    """Return one score at the chosen distance."""
    return Number(f"{key}_here", lambda settings: SCORES[key](settings["distance"], settings))


FIGURE = TouchFigure(
    title="Positions as phases, to touch",
    alt=(
        "Eight dials with two hands each, one for the query's position and one for the key's. The "
        "first dial turns fastest, the last hardly moves. Below, three scores against the distance "
        "from query to key: that of the codes alone falls from 1, that of turned tokens falls "
        "likewise, that of tokens with added codes lies higher."
    ),
    across="distance from query to key (tokens)",
    frame=Frame(width=300, last=FARTHEST, tick=16),
    panels=(Panel(38, None, dials=True), Panel(150, Axis("score", -1, 4, 1))),
    controls=(
        Slider("place", "Position of the key", 0, 200, 1, 20),
        Slider("distance", "Distance from key to query", 0, FARTHEST, 1, 5),
        Slider("base", "Base, as a power of ten", 1.0, 6.0, 0.5, 4.0),
    ),
    curves=(
        Curve(
            "query",
            "query",
            "flow",
            "-",
            lambda settings: hands(settings["place"] + settings["distance"], settings),
        ),
        Curve("key", "key", "error", "--", lambda settings: hands(settings["place"], settings)),
        curve("rotary", "turned (rotary)", "transformer", "-"),
        curve("codes", "codes alone", "ink", "--"),
        curve("added", "codes added to tokens", "attention", ":"),
    ),
    says=(
        "Key at {place}, query {distance} later, base 10^{base}. Turned tokens score "
        "{rotary_here}, codes alone {codes_here}: neither changes with the key's position. Tokens "
        "with codes added score {added_here}."
    ),
    data={"query": QUERY, "key": KEY, "farthest": FARTHEST},
    numbers=tuple(number(key) for key in SCORES),
)
