"""One trial of an experiment: from start weights to the stop rule, the budget and the test."""

from __future__ import annotations

from drawing.canvas import FINE, Canvas, Drawing, Node, Point

HIGH, WIDE = 40.0, 150.0
LEFT, RIGHT = 80.0, 294.0  # middles of the two columns


def trial(*, alt: str, architecture: str = "lstm1997") -> Drawing:
    """Draw a trial: a loop of reading, learning and asking, and its two ways out."""
    canvas = Canvas("One trial", alt)

    def box(x: float, y: float, first: str, second: str, color: str = "muted") -> Node:
        node = canvas.box(x, y, "", wide=WIDE, high=HIGH, color=color)
        canvas.label(x, y - 8, first, size=FINE)
        canvas.label(x, y + 8, second, size=FINE, color="muted")
        return node

    start = box(LEFT, 26, "start weights", "drawn from a seed")
    read = box(LEFT, 104, "one fresh sequence", "never seen before", architecture)
    learn = box(LEFT, 182, "one change of weights", "by the rule of 1997", architecture)
    rule = box(LEFT, 260, "the stop rule:", "last 2,000 all right?", "flow")
    spent = box(RIGHT, 182, "the budget:", "sequences left?", "error")
    test = box(LEFT, 350, "test, no learning", "2,560 fresh sequences", "flow")
    never = box(RIGHT, 104, "not within", "the budget", "error")
    for before, after in ((start, read), (read, learn), (learn, rule)):
        canvas.arrow(before.bottom, after.top)
    canvas.arrow(rule.bottom, test.top, color="flow")
    canvas.label(LEFT + 10, 305, "yes: this many sequences", anchor="start", size=FINE)
    canvas.arrow(rule.right, Point(RIGHT, 260), spent.bottom)
    canvas.label((rule.right.x + RIGHT) / 2, 248, "no", size=FINE)
    canvas.arrow(spent.top, never.bottom, color="error")
    canvas.label(RIGHT + 10, 143, "none", anchor="start", size=FINE)
    between = (read.right.x + spent.left.x) / 2
    canvas.arrow(spent.left, Point(between, 182), Point(between, 104), read.right)
    canvas.label(between + 7, 130, "some", anchor="start", size=FINE)
    return canvas.finish()
