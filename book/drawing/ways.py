"""Ways to a gradient over time: which steps an error reaches, by which path, where it is cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from drawing.canvas import FINE, Canvas, Drawing, Node, Point

WIDE, HIGH, GAP = 48.0, 24.0, 32.0
ROW, HEADED = 38.0, 96.0  # between the two paths, and between two ways
CROSS = 5.0  # half the width of the mark that stands for a cut


@dataclass(frozen=True)
class Way:
    """One algorithm: its name, and what it lets through.

    ``forward``: nothing goes back; what a weight has done is carried along with the states.
    ``weights``: the path through the recurrent weights is open. ``window``: steps from one cut of
    everything to the next.
    """

    name: str
    forward: bool = False
    weights: bool = True
    window: int | None = None


def ways(
    listed: Sequence[Way], *, alt: str, steps: int = 4, state: str = "s", fed_back: str = "y"
) -> Drawing:
    """Draw each way over the same steps: above the states' own path, below that through weights.

    The only error is at the last step. Red arrows are error on its way back, blue ones what is
    carried forward; a cross is a cut, and a grey box hears nothing. Raises ValueError for no way at
    all, fewer than 2 steps, or more than fit a phone (4).
    """
    if not listed or steps < 2:
        raise ValueError(f"needs a way and at least 2 steps, got {len(listed)} and {steps}")
    canvas = Canvas("Ways to a gradient over time", alt)
    for number, way in enumerate(listed):
        _one(canvas, way, number * HEADED, steps, (state, fed_back))
    return canvas.finish()


def _one(canvas: Canvas, way: Way, top: float, steps: int, letters: tuple[str, str]) -> None:
    canvas.label(4, top + 10, way.name, anchor="start", size=FINE)
    color, last = "flow" if way.forward else "error", steps - 1
    first = 0 if way.window is None else steps - way.window  # step of the last window
    rows: list[list[Node]] = []
    for row, letter in enumerate(letters):
        # Error enters below at the last step; whether it goes on there is the matter.
        looks = [
            color if t >= first and (row == 0 or way.weights) else "rule" for t in range(steps)
        ]
        if looks[last] == "rule":
            looks[last] = "error"
        rows.append(
            [
                canvas.box(
                    4 + WIDE / 2 + t * (WIDE + GAP),
                    top + 36 + row * ROW,
                    f"${letter}({t + 1})$",
                    wide=WIDE,
                    high=HIGH,
                    color=look,
                    filled=look != "rule",
                )
                for t, look in enumerate(looks)
            ]
        )
    for row, boxes in enumerate(rows):
        for t in range(last):
            pair = (boxes[t], boxes[t + 1])
            if t >= first and (row == 0 or way.weights):
                _pass_on(canvas, *pair, color, forward=way.forward)
            else:
                _stop(canvas, *pair, cut=way.window is None or (last - t) % way.window == 0)
    above, below = rows
    for t in range(first if way.weights else last, steps):
        if way.forward and way.weights:
            canvas.arrow(above[t].bottom, below[t].top, color=color)
        else:  # also where the error of the last step meets a trace
            canvas.arrow(below[t].top, above[t].bottom, color="error")
    start = Point(below[last].right.x + GAP, below[last].y)
    canvas.arrow(start, below[last].right, color="error")
    canvas.label(start.x + 3, start.y, "$L$", anchor="start", color="error")


def _pass_on(canvas: Canvas, left: Node, right: Node, color: str, *, forward: bool) -> None:
    """Draw what goes from one step to the next, or from the next back."""
    ends = (left.right, right.left) if forward else (right.left, left.right)
    canvas.arrow(*ends, color=color)


def _stop(canvas: Canvas, left: Node, right: Node, *, cut: bool) -> None:
    """Draw a path that carries nothing; a cross says that it is cut here."""
    canvas.arrow(right.left, left.right, color="rule", head=False, dotted=True)
    x, y = (left.right.x + right.left.x) / 2, left.y
    for side in (-CROSS, CROSS) if cut else ():
        canvas.arrow(Point(x - CROSS, y - side), Point(x + CROSS, y + side), head=False, thick=2)
