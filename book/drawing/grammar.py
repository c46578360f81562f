"""The embedded Reber grammar: the inner graph, and the frame that asks for a memory."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from drawing.canvas import FINE, Canvas, Drawing, Node, Point

LETTERS = "BTPSXVE"
# Where the seven inner states stand: column and row. What joins them is read from the grammar.
PLACES = ((0, 1), (1, 1), (2, 0), (2, 2), (3, 0), (3, 2), (4, 1))
COLUMN, ROW = 74.0, 62.0
LEFT, TOP = 20.0, 44.0


def grammar(
    edges: Sequence[Sequence[tuple[int, int]]], *, alt: str, architecture: str = "lstm1997"
) -> Drawing:
    """Draw the Reber graph above, and its frame below.

    ``edges[state]`` lists (symbol, next state), symbols counted in "BTPSXVE"; a state beyond the
    last one is the end. Raises ValueError for a graph that does not have the seven states.
    """
    if len(edges) != len(PLACES):
        raise ValueError(f"the Reber graph has {len(PLACES)} states, got {len(edges)}")
    canvas = Canvas("The embedded Reber grammar", alt)
    nodes = [
        canvas.circle(LEFT + column * COLUMN, TOP + row * ROW, str(state))
        for state, (column, row) in enumerate(PLACES)
    ]
    for state, ways in enumerate(edges):
        for symbol, following in dict.fromkeys((s, n) for s, n in ways):
            _edge(canvas, nodes, state, following, LETTERS[symbol])
    _frame(canvas, TOP + 2 * ROW + 104, architecture)
    return canvas.finish()


def _edge(canvas: Canvas, nodes: Sequence[Node], state: int, following: int, letter: str) -> None:
    """Draw one way from a state to the next, and the symbol that it says."""
    start = nodes[state]
    if following == len(nodes):
        goal = Point(start.right.x + 34, start.y)
        canvas.arrow(start.right, goal)
        canvas.label(start.right.x + 16, start.y - 12, letter, size=FINE)
    elif following == state:
        upper = start.y < TOP + ROW
        side = -1 if upper else 1
        far = start.y + side * 26
        canvas.arrow(
            Point(start.x - 6, start.y + side * 8),
            Point(start.x - 6, far),
            Point(start.x + 6, far),
            Point(start.x + 6, start.y + side * 9),
        )
        canvas.label(start.x, far + side * 10, letter, size=FINE)
    else:
        _straight(canvas, start, nodes[following], letter)


def _straight(canvas: Canvas, start: Node, end: Node, letter: str) -> None:
    """Draw an arrow between two circles, its letter beside the middle."""
    dx, dy = end.x - start.x, end.y - start.y
    long = (dx * dx + dy * dy) ** 0.5
    ux, uy = dx / long, dy / long
    tail = Point(start.x + 10 * ux, start.y + 10 * uy)
    tip = Point(end.x - 10 * ux, end.y - 10 * uy)
    canvas.arrow(tail, tip)
    # Always on the side that is above, or left of an upright arrow.
    side = -1 if dx > 0 or (dx == 0 and dy > 0) else 1
    middle = Point((tail.x + tip.x) / 2, (tail.y + tip.y) / 2)
    canvas.label(middle.x - side * uy * 11, middle.y + side * ux * 11, letter, size=FINE)


def _frame(canvas: Canvas, y: float, color: str) -> None:
    """Draw the string around the inner one: what has to be remembered, over it, to the end."""
    wide, high = 56.0, 26.0
    xs = [LEFT + 6, LEFT + 72, LEFT + 158, LEFT + 244, LEFT + 310]
    names = ("B", "T or P", "Reber string", "the same", "E")
    sizes = (24.0, wide, 92.0, wide + 8, 24.0)
    boxes = [
        canvas.box(x, y, "", wide=size, high=high, color=color if number in (1, 3) else "muted")
        for number, (x, size) in enumerate(zip(xs, sizes, strict=True))
    ]
    for box, name in zip(boxes, names, strict=True):
        canvas.label(box.x, y, name, size=FINE)
    for before, after in itertools.pairwise(boxes):
        canvas.arrow(before.right, after.left)
    above = y - 32
    canvas.arrow(
        boxes[1].top,
        Point(boxes[1].x, above),
        Point(boxes[3].x, above),
        boxes[3].top,
        color=color,
        dotted=True,
    )
    canvas.label(xs[2], above - 10, "to be remembered", size=FINE, color=color)
