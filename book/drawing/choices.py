"""Questions on a trunk, with answers on branches; and the block in which layers are compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from drawing.canvas import FINE, Canvas, Drawing, Point

ASKS, LEAF, HIGH, ROW = 164.0, 168.0, 42.0, 68.0
GAP = 34.0  # room for "yes" between a question and its leaf


class Fork(NamedTuple):
    """A question in up to two lines, and the leaf on its "yes" branch: a choice and its numbers."""

    asks: str
    more: str
    choice: str
    numbers: str


def choices(forks: Sequence[Fork], *, otherwise: tuple[str, str], alt: str) -> Drawing:
    """Draw questions from above; a "yes" leads to a leaf, a "no" to the next question.

    ``otherwise`` is the leaf under the last "no". Raises ValueError for no question.
    """
    if not forks:
        raise ValueError("a tree of choices needs at least 1 question, got none")
    canvas = Canvas("Which layer when", alt)
    trunk, leaves = 4 + ASKS / 2, 4 + ASKS + GAP + LEAF / 2
    above = None
    for number, fork in enumerate(forks):
        y = HIGH / 2 + 4 + number * ROW
        asked = canvas.box(trunk, y, wide=ASKS, high=HIGH, filled=False)
        canvas.label(trunk, y - 8, fork.asks, size=FINE)
        canvas.label(trunk, y + 9, fork.more, size=FINE)
        if above is not None:
            canvas.arrow(above, asked.top)
            canvas.label(trunk + 6, asked.top.y - 13, "no", anchor="start", size=FINE)
        _leaf(canvas, Point(leaves, y), fork.choice, fork.numbers)
        canvas.arrow(asked.right, Point(leaves - LEAF / 2, y), color="flow")
        canvas.label(asked.right.x + 14, y - 10, "yes", size=FINE)
        above = asked.bottom
    y = HIGH / 2 + 4 + len(forks) * ROW
    _leaf(canvas, Point(trunk, y), *otherwise)
    end = Point(trunk, y - HIGH / 2)
    canvas.arrow(Point(trunk, end.y - (ROW - HIGH)), end)
    canvas.label(trunk + 6, end.y - 13, "no", anchor="start", size=FINE)
    return canvas.finish()


def _leaf(canvas: Canvas, middle: Point, choice: str, numbers: str) -> None:
    canvas.box(middle.x, middle.y, wide=LEAF, high=HIGH, color="flow")
    canvas.label(middle.x, middle.y - 8, choice, size=FINE)
    canvas.label(middle.x, middle.y + 9, numbers, size=FINE, color="muted")


def one_block(parts: Sequence[str], *, slot: str, alt: str) -> Drawing:
    """Draw a pre-norm block on its side: a stream through two sums, ``slot`` on the first branch.

    ``parts`` name what stands before the stream, on the second branch, and behind the stream.
    """
    before, feed, behind = parts
    canvas = Canvas("One block with a slot for a layer", alt)
    stream, branch = 96.0, 34.0
    into = canvas.box(34, stream, before, wide=60, high=30, filled=False)
    sums = [canvas.circle(x, stream, "+", color="flow") for x in (152, 270)]
    out = canvas.box(342, stream, behind, wide=60, high=30, filled=False)
    for start, end in (
        (into.right, sums[0].left),
        (sums[0].right, sums[1].left),
        (sums[1].right, out.left),
    ):
        canvas.arrow(start, end, color="flow", thick=3)
    for corner, total, name, color in ((88, sums[0], slot, "lstm"), (206, sums[1], feed, "muted")):
        wide = 72.0
        box = canvas.box(total.x, branch, name, wide=wide, high=30, color=color)
        norm = canvas.box(corner, 62, "norm", wide=42, high=22, filled=False)
        canvas.arrow(Point(corner, stream), norm.bottom)
        canvas.arrow(norm.top, Point(corner, branch), box.left)
        canvas.arrow(box.bottom, total.top)
    return canvas.finish()
