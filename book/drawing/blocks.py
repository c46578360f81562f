"""Parts of a transformer: one head, a block with its norm on either side, a cache that grows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from drawing.canvas import FINE, Canvas, Drawing, Node, Point

WIDE, HIGH, PITCH = 42.0, 26.0, 98.0


def head(*, alt: str, tokens: int = 3, architecture: str = "attention") -> Drawing:
    """Draw what one token gets from one head: its query meets every key, shares mix the values.

    The query is that of the last token. Raises ValueError for fewer than 2 tokens, or more than
    fit a phone (3).
    """
    if tokens < 2:
        raise ValueError(f"a head needs at least 2 tokens, got {tokens}")
    canvas = Canvas("One head, seen from one token", alt)
    rows = {"y": 20.0, "+": 66.0, "×": 114.0, "share": 164.0, "fit": 212.0, "kv": 262.0, "x": 314.0}
    x = 4 + WIDE / 2
    asked = canvas.box(x, rows["x"], f"$x({tokens})$", wide=WIDE, high=HIGH, filled=False)
    query = canvas.box(x, rows["kv"], "$q$", wide=WIDE, high=HIGH, color=architecture)
    canvas.arrow(asked.top, query.bottom)
    mixed: list[Node] = []
    previous = Point(query.x, query.top.y)
    for j in range(1, tokens + 1):
        middle = x + 20 + (j - 0.35) * PITCH
        left, right = middle - 23, middle + 23
        token = canvas.box(middle, rows["x"], f"$x({j})$", wide=WIDE, high=HIGH, filled=False)
        key = canvas.box(left, rows["kv"], f"$k({j})$", wide=WIDE, high=HIGH, color=architecture)
        value = canvas.box(right, rows["kv"], f"$v({j})$", wide=WIDE, high=HIGH, color=architecture)
        for box in (key, value):
            canvas.arrow(Point(box.x, token.top.y), box.bottom)
        fit = canvas.circle(left, rows["fit"], "·", color=architecture)
        canvas.arrow(key.top, fit.bottom)
        corner = (Point(query.x, fit.y),) if j == 1 else ()
        canvas.arrow(previous, *corner, fit.left, color="flow")
        previous = fit.right
        share = canvas.box(left, rows["share"], f"$α({j})$", wide=WIDE, high=HIGH, dashed=True)
        canvas.arrow(fit.top, share.bottom)
        mixed.append(canvas.circle(right, rows["×"], "×", color=architecture))
        canvas.arrow(Point(right, value.top.y), mixed[-1].bottom)
        canvas.arrow(share.top, Point(left, mixed[-1].y), mixed[-1].left)
    canvas.label(4, rows["fit"] - 14, "fit", anchor="start", size=FINE, color="muted")
    canvas.label(4, rows["share"], "softmax", anchor="start", size=FINE, color="muted")
    centre = mixed[len(mixed) // 2].x
    total = canvas.circle(centre, rows["+"], "+", color=architecture)
    for node in mixed:
        if node.x == centre:
            canvas.arrow(node.top, total.bottom)
        else:
            side = total.left if node.x < centre else total.right
            canvas.arrow(node.top, Point(node.x, side.y), side)
    told = canvas.box(centre, rows["y"], f"$y({tokens})$", wide=WIDE, high=HIGH, filled=False)
    canvas.arrow(total.top, told.bottom)
    return canvas.finish()


Place = Literal["pre", "post"]


def blocks(norms: Sequence[Place], *, alt: str, architecture: str = "transformer") -> Drawing:
    """Draw blocks side by side: a stream from below upwards, two sublayers beside it.

    Each has its norm before the sublayers ("pre") or on the stream itself ("post"). Raises
    ValueError for no block, or more than fit a phone (2).
    """
    if not norms:
        raise ValueError("needs at least one block to draw")
    canvas = Canvas("A transformer block", alt)
    for number, norm in enumerate(norms):
        _block(canvas, norm, 4 + 34 + number * 196, architecture)
    return canvas.finish()


def _block(canvas: Canvas, norm: Place, x: float, architecture: str) -> None:
    """Draw one block whose stream runs up at x."""
    y, beside = 380.0, x + 84
    canvas.label(x + 40, 12, f"{norm}-norm", size=FINE)
    end = canvas.box(x, y, "$x$", wide=40, high=HIGH, filled=False)
    for sublayer in ("attention", "feed-forward"):
        fork = Point(x, end.top.y - 16)
        inside = norm == "pre"
        name, color = ("norm", "rule") if inside else (sublayer, architecture)
        first = canvas.box(
            beside, y - (52 if inside else 72), name, wide=104, high=HIGH, color=color
        )
        last = first
        if inside:
            last = canvas.box(beside, y - 92, sublayer, wide=104, high=HIGH, color=architecture)
            canvas.arrow(first.top, last.bottom)
        plus = canvas.circle(x, y - 132, "+", color=architecture)
        canvas.arrow(end.top, plus.bottom, thick=3 if norm == "pre" else 1.5)
        canvas.arrow(fork, Point(beside, fork.y), first.bottom)
        canvas.arrow(last.top, Point(beside, plus.y), plus.right)
        end, y = plus, y - 152
        if norm == "post":
            end = canvas.box(x, y - 12, "norm", wide=56, high=HIGH, color="error")
            canvas.arrow(plus.top, end.bottom)
            y -= 6
    canvas.arrow(end.top, Point(x, 26), thick=3 if norm == "pre" else 1.5)


def cache(
    *, alt: str, steps: int = 5, architecture: str = "attention", fixed: str = "lstm"
) -> Drawing:
    """Draw what a layer holds after each step: a pair for every token read, beside a fixed state.

    Raises ValueError for fewer than 2 steps, or more than fit a phone (7).
    """
    if steps < 2:
        raise ValueError(f"a cache needs at least 2 steps to grow, got {steps}")
    canvas = Canvas("A cache that grows, and a state that does not", alt)
    left, side, pitch = 70.0, 26.0, 32.0
    beside = left + steps * side + 62
    canvas.label(left, 12, "cache: keys, values", anchor="start", size=FINE, color="muted")
    canvas.label(beside - 20, 12, "state of a cell", anchor="start", size=FINE, color="muted")
    for step in range(1, steps + 1):
        y = 40 + (step - 1) * pitch
        canvas.label(4, y, f"step {step}", anchor="start", size=FINE, color="muted")
        for j in range(1, step + 1):
            new = j == step
            x, color = left + (j - 0.5) * side, architecture if new else "rule"
            canvas.box(x, y, f"{j}", wide=side - 4, high=HIGH - 2, color=color, filled=new)
        canvas.box(beside, y, "$h, c$", wide=44, high=HIGH - 2, color=fixed)
    return canvas.finish()
