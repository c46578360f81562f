"""A recurrent net over time: unrolled, and the way that error takes back through it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from drawing.canvas import FINE, Canvas, Drawing, Node, Point

WIDE, GAP = 58.0, 34.0
MARGIN = 4


def times(steps: int, last: str | None) -> list[str]:
    """Return the names of the steps: 1, 2, 3, or 1, 2, T when the last one has a name."""
    names = [str(t + 1) for t in range(steps)]
    return [*names[:-1], last] if last else names


def unrolled(
    *,
    alt: str,
    steps: int = 3,
    inputs: str = "x",
    state: str = "h",
    outputs: str | None = None,
    weights: tuple[str, str, str] = ("W", "U", "V"),
    last: str | None = "T",
    folded: bool = False,
    architecture: str = "rnn",
) -> Drawing:
    """Draw a recurrent net, one column a step; with ``folded`` also its loop, to the left.

    ``weights`` are the letters on the way from the input, from the state and to the output.
    ``last`` names the last step, with dots before it; None numbers every step. Raises ValueError
    for fewer than 2 steps, and for more than fit a phone (3).
    """
    if steps < 2:
        raise ValueError(f"an unrolled net needs at least 2 steps, got {steps}")
    canvas = Canvas("A recurrent net, unrolled over time", alt)
    into, across, out = (f"${letter}$" for letter in weights)
    rows = {"output": 20.0, "state": 92.0 if outputs else 40.0}
    rows["input"] = rows["state"] + 72

    def column(x: float, time: str) -> Node:
        """Draw input, state and output of one step; return the state."""
        node = canvas.box(x, rows["state"], f"${state}{time}$", wide=WIDE, color=architecture)
        given = canvas.box(x, rows["input"], f"${inputs}{time}$", wide=WIDE, filled=False)
        canvas.arrow(given.top, node.bottom)
        canvas.label(x + 6, (given.top.y + node.bottom.y) / 2, into, anchor="start")
        if outputs:
            shown = canvas.box(x, rows["output"], f"${outputs}{time}$", wide=WIDE, filled=False)
            canvas.arrow(node.top, shown.bottom)
            canvas.label(x + 6, (shown.bottom.y + node.top.y) / 2, out, anchor="start")
        return node

    x = MARGIN + WIDE / 2
    if folded:
        node = column(x, "")
        turn = node.right.x + 16
        below = rows["state"] + 26  # the loop leaves at the side and comes back from below
        canvas.arrow(
            node.right,
            Point(turn, node.y),
            Point(turn, below),
            Point(x + 20, below),
            Point(x + 20, node.bottom.y),
            color=architecture,
        )
        canvas.label(turn + 4, (node.y + below) / 2, across, anchor="start")
        canvas.label(turn + 30, node.y, "=")
        x = turn + 44 + WIDE / 2
        previous = None
    else:
        start = f"${state}(0)$"
        previous = canvas.box(x, rows["state"], start, wide=WIDE, dashed=True, filled=False)
        x += WIDE + GAP
    names = times(steps, last)
    for i, name in enumerate(names):
        node = column(x, f"({name})")
        if previous is not None:
            skipped = last is not None and i == len(names) - 1
            canvas.arrow(previous.right, node.left, color=architecture, dotted=skipped)
            middle = (previous.right.x + node.left.x) / 2 - 2
            canvas.label(middle, node.y - 12, across)
        previous = node
        x += WIDE + GAP
    return canvas.finish()


def both_ways(
    *,
    alt: str,
    steps: int = 3,
    inputs: str = "x",
    state: str = "h",
    answer: str = "answer",
    last: str | None = "T",
    architecture: str = "rnn",
) -> Drawing:
    """Draw two nets that read one sequence from its two ends, and the answer that joins them.

    Each net is read where it has seen everything: the one that reads ahead at the last step, the
    one that reads back at the first. Raises ValueError for fewer than 2 steps, and for more than
    fit a phone (3).
    """
    if steps < 2:
        raise ValueError(f"reading both ways needs at least 2 steps, got {steps}")
    canvas = Canvas("Two nets that read a sequence from its two ends", alt)
    wide, aside, column = 50.0, 29.0, 122.0
    names = times(steps, last)
    ahead, back = [], []
    for i, name in enumerate(names):
        x = MARGIN + wide / 2 + aside + i * column
        ahead.append(
            canvas.box(x - aside, 84, f"${state}_→({name})$", wide=wide, color=architecture)
        )
        back.append(
            canvas.box(x + aside, 140, f"${state}_←({name})$", wide=wide, color=architecture)
        )
        given = canvas.box(x, 206, f"${inputs}({name})$", wide=2 * wide, filled=False)
        for node in (ahead[-1], back[-1]):
            canvas.arrow(Point(node.x, given.top.y), node.bottom)
    for i in range(steps - 1):
        skipped = last is not None and i == steps - 2
        canvas.arrow(ahead[i].right, ahead[i + 1].left, color=architecture, dotted=skipped)
        canvas.arrow(back[i + 1].left, back[i].right, color=architecture, dotted=skipped)
    middle = (back[0].x + ahead[-1].x) / 2
    end = canvas.box(middle, 22, answer, wide=2 * wide, filled=False)
    canvas.arrow(back[0].top, Point(back[0].x, end.y), end.left)
    canvas.arrow(ahead[-1].top, Point(ahead[-1].x, end.y), end.right)
    return canvas.finish()


def gradient_path(
    *,
    alt: str,
    steps: int = 4,
    state: str = "h",
    factor: str = "J",
    loss: str = "L",
    last: str = "T",
    sizes: Sequence[float] | None = None,
) -> Drawing:
    """Draw the way of error back from the loss: one factor a step, smaller or larger each time.

    Error leaves the loss, and each arrow back carries its ``factor``. ``sizes`` are measured
    norms, from lag 0 on: the arrow that brings error to lag k is as thick as its size (on a
    logarithmic scale over six powers of ten) and the number stands below. Raises ValueError for
    sizes that do not fit the steps, and for more steps than fit a phone (4).
    """
    if steps < 2:
        raise ValueError(f"a path needs at least 2 steps, got {steps}")
    if sizes is not None and (len(sizes) != steps or min(sizes) < 0):
        raise ValueError(f"sizes must be {steps} norms, one for each lag from 0, got {sizes!r}")
    canvas = Canvas("The way of error back through time", alt)
    top = 72.0
    names = [last if k == 0 else f"{last}-{k}" for k in reversed(range(steps))]
    nodes = [
        canvas.box(MARGIN + WIDE / 2 + i * (WIDE + GAP), top, f"${state}({name})$", wide=WIDE)
        for i, name in enumerate(names)
    ]
    for one, two in itertools.pairwise(nodes):
        canvas.arrow(one.right, two.left, color="rule")
    end = canvas.box(nodes[-1].x, 20, f"${loss}$", wide=WIDE, filled=False)
    up, down = nodes[-1].x - 10, nodes[-1].x + 10
    canvas.arrow(Point(up, top - 16), Point(up, end.bottom.y), color="rule")
    canvas.arrow(
        Point(down, end.bottom.y), Point(down, top - 16), color="error", thick=thickness(sizes, 0)
    )
    below = top + 52
    for i in range(1, steps):
        start, goal = nodes[i].x - 12, nodes[i - 1].x + 12
        canvas.arrow(
            Point(start, nodes[i].bottom.y),
            Point(start, below),
            Point(goal, below),
            Point(goal, nodes[i].bottom.y),
            color="error",
            thick=thickness(sizes, steps - i),
        )
        factors = f"${factor}({names[i]})$"
        canvas.label((start + goal) / 2, below + 14, factors, size=FINE, color="error")
    if sizes is not None:
        for i, node in enumerate(nodes):
            canvas.label(node.x, below + 34, number(sizes[steps - 1 - i]), size=FINE, color="error")
    canvas.label(MARGIN, 26, "forward →", anchor="start", size=FINE, color="muted")
    canvas.label(MARGIN, 44, "← error", anchor="start", size=FINE, color="error")
    return canvas.finish()


def thickness(sizes: Sequence[float] | None, lag: int) -> float:
    """Return the width of a line for a norm: 3 for 1, from 0.5 (1e-3 or less) to 7 (1e3)."""
    if sizes is None:
        return 2.0
    exponent = math.log10(max(sizes[lag], 1e-12))
    return 3 + max(-2.5, min(4.0, exponent * (2.5 / 3 if exponent < 0 else 4 / 3)))


def number(value: float) -> str:
    """Return a norm in at most three digits, or with a power of ten."""
    if value == 0 or 0.01 <= value < 1000:
        return f"{value:.2g}"
    digits, power = f"{value:.0e}".split("e")
    return f"${digits}·10^{{{int(power)}}}$"
