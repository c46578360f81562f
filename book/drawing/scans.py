"""One linear recurrence computed in several ways: who waits for whom."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import svg

from drawing.canvas import FINE, Canvas, Drawing, Node, Point, ink

PITCH, ROUND, HEADED = 40.0, 24.0, 34.0
DOT = 4.0  # radius of a join
Rounds = list[list[tuple[int, int]]]  # who is joined to whom in each round: (earlier, later)


def one_by_one(steps: int) -> Rounds:
    """Return the rounds of a loop: each step waits for the one before."""
    return [[(t - 1, t)] for t in range(1, steps)]


def hillis_steele(steps: int) -> Rounds:
    """Return the rounds in which every step takes in what stands 1, 2, 4, ... before it."""
    shifts = [2**k for k in range((steps - 1).bit_length())]
    return [[(t - shift, t) for t in range(shift, steps)] for shift in shifts]


def odd_even(steps: int) -> Rounds:
    """Return the rounds that join pairs, then pairs of pairs, and then fill in what lies between.

    For powers of two. Source: Blelloch 1990.
    """
    shifts = [2**k for k in range((steps - 1).bit_length())]
    up = [[(t - d, t) for t in range(2 * d - 1, steps, 2 * d)] for d in shifts]
    down = [[(t - d, t) for t in range(3 * d - 1, steps, 2 * d)] for d in shifts[-2::-1]]
    return up + down


SCANS = {"one by one": one_by_one, "Hillis-Steele": hillis_steele, "odd-even": odd_even}


def scan_rounds(names: Sequence[str], *, alt: str, steps: int = 8) -> Drawing:
    """Draw scans below each other: a column a step of time, a row a round, a dot a join.

    Raises ValueError for no scan, an unknown one, or steps that are no power of two up to 8.
    """
    if not names or not set(names) <= set(SCANS) or steps not in (2, 4, 8):
        raise ValueError(
            f"needs 2, 4 or 8 steps and names among {', '.join(SCANS)}, got {steps} and {names}"
        )
    canvas = Canvas("Who is joined to whom in a scan", alt)
    top = 0.0
    for name in names:
        rounds = SCANS[name](steps)
        joins = sum(map(len, rounds))
        head = f"{name}: {len(rounds)} rounds, {joins} joins"
        canvas.label(4, top + 12, head, anchor="start")
        top = circuit(canvas, top + HEADED, rounds, steps) + 14
    return canvas.finish()


def circuit(
    canvas: Canvas,
    top: float,
    rounds: Rounds,
    steps: int,
    *,
    color: str = "ssm",
    high: float = ROUND,
) -> float:
    """Draw rounds below ``top``, each so high; return the lower edge."""
    columns = [20 + t * PITCH for t in range(steps)]
    bottom = top + len(rounds) * high
    for x in columns:
        canvas.arrow(Point(x, top), Point(x, bottom), color="rule", thick=1, head=False)
        _dot(canvas, Point(x, top), "muted")
    for number, joins in enumerate(rounds):
        y = top + number * high
        for early, late in joins:
            ends = Point(columns[early], y), Point(columns[late], y + high)
            canvas.arrow(*ends, color=color, head=False, thick=1.75)
        for _, late in joins:
            _dot(canvas, Point(columns[late], y + high), color)
    return bottom


def _dot(canvas: Canvas, middle: Point, color: str) -> None:
    x, y = round(middle.x, 1), round(middle.y, 1)
    canvas.add(svg.Circle(cx=x, cy=y, r=DOT, fill=ink(color)))
    canvas.grow(x + DOT, y + DOT)


def three_forms(*, alt: str) -> Drawing:
    """Draw one system over four steps: as recurrence, as convolution, as scan."""
    canvas = Canvas("One system in three forms", alt)
    lefts = [48 + 78 * t for t in range(4)]
    _recurrence(canvas, lefts, 12)
    _convolution(canvas, lefts, 142)
    _scan(canvas, lefts, 292)
    return canvas.finish()


def _inputs(canvas: Canvas, lefts: Sequence[float], y: float) -> list[Node]:
    return [
        canvas.box(x, y, f"$u({t + 1})$", wide=46, high=24, filled=False)
        for t, x in enumerate(lefts)
    ]


def _recurrence(canvas: Canvas, lefts: Sequence[float], top: float) -> None:
    canvas.label(4, top, "recurrence: each state from the one before", anchor="start", size=FINE)
    inputs = _inputs(canvas, lefts, top + 90)
    states = [
        canvas.box(x, top + 40, f"$h({t + 1})$", wide=46, high=24, color="ssm")
        for t, x in enumerate(lefts)
    ]
    for below, state in zip(inputs, states, strict=True):
        canvas.arrow(below.top, state.bottom)
    for before, state in itertools.pairwise(states):
        canvas.arrow(before.right, state.left, color="ssm", thick=2.5)


def _convolution(canvas: Canvas, lefts: Sequence[float], top: float) -> None:
    canvas.label(4, top, "convolution: each output from all inputs", anchor="start", size=FINE)
    inputs = _inputs(canvas, lefts, top + 110)
    y = canvas.box(lefts[-1], top + 40, "$y(4)$", wide=46, high=24, color="ssm")
    for lag, below in enumerate(reversed(inputs)):
        end = Point(y.x + 15 - 10 * lag, y.bottom.y)
        canvas.arrow(below.top, end, color="ssm")
    canvas.label(lefts[0] - 24, top + 42, "times $K_3, K_2, K_1, K_0$", anchor="start", size=FINE)


def _scan(canvas: Canvas, lefts: Sequence[float], top: float) -> None:
    canvas.label(4, top, "scan: steps are joined first", anchor="start", size=FINE)
    inputs = _inputs(canvas, lefts, top + 130)
    pairs = [
        canvas.circle((a.x + b.x) / 2, top + 80, "∘", color="ssm")
        for a, b in (inputs[:2], inputs[2:])
    ]
    root = canvas.circle((pairs[0].x + pairs[1].x) / 2, top + 34, "∘", color="ssm")
    for node, children in ((pairs[0], inputs[:2]), (pairs[1], inputs[2:]), (root, pairs)):
        for child, side in zip(children, (-7, 7), strict=True):
            canvas.arrow(child.top, Point(node.x + side, node.y + 8), color="ssm")
