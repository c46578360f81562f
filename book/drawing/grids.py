"""Values as a grid, and the tree of an associative scan."""

from __future__ import annotations

from collections.abc import Sequence

import svg

from drawing.canvas import FINE, SIZE, Canvas, Drawing, Point, ink
from drawing.label import width

ROW = 56.0


def matrix(
    values: Sequence[Sequence[float]],
    *,
    alt: str,
    rows: Sequence[str] = (),
    columns: Sequence[str] = (),
    form: str | None = None,
    title: str = "A matrix",
) -> Drawing:
    """Draw values as a grid: the larger the fuller, blue above zero, red with a minus below it.

    ``rows`` and ``columns`` are the names beside and above; ``form`` (".1f") also writes each
    value into its cell. Raises ValueError for rows of unequal length, names that do not fit the
    values, or more columns than a phone shows (about ten with values written, 37 without).
    """
    values = [[float(v) for v in row] for row in values]
    count = {len(row) for row in values}
    if len(count) != 1 or count == {0}:
        raise ValueError(f"a matrix needs rows of one length, at least 1, got {sorted(count)}")
    (wide,) = count
    for given, size, what in ((rows, len(values), "rows"), (columns, wide, "columns")):
        if given and len(given) != size:
            raise ValueError(f"{len(given)} names for {size} {what} of the matrix")
    canvas = Canvas(title, alt)
    left = 4 + max((width(name, SIZE) for name in rows), default=0) + (8 if rows else 0)
    names = max((width(name, SIZE) for name in columns), default=0)
    written = (
        max((width(format(v, form), FINE) for r in values for v in r), default=0) if form else 0
    )
    least = max(names, written) + 10
    side = max(least, min(36.0, 288 / max(wide, len(values))))
    top = 24.0 if columns else 4.0
    largest = max(abs(v) for row in values for v in row) or 1.0
    for i, row in enumerate(values):
        if rows:
            canvas.label(left - 8, top + (i + 0.5) * side, rows[i], anchor="end")
        for j, value in enumerate(row):
            square(
                canvas, Point(left + j * side, top + i * side), side, value / largest, sign=not form
            )
            if form:
                middle = Point(left + (j + 0.5) * side, top + (i + 0.5) * side)
                canvas.label(*middle, format(value, form).replace("-", "−"), size=FINE)
    for j, name in enumerate(columns):
        canvas.label(left + (j + 0.5) * side, 11, name)
    return canvas.finish()


def square(canvas: Canvas, corner: Point, side: float, share: float, *, sign: bool) -> None:
    """Draw one value: the larger the fuller; with ``sign`` a minus, for prints without colour."""
    x, y, side = round(corner.x, 1), round(corner.y, 1), round(side, 1)
    frame = {"x": x, "y": y, "width": side, "height": side}
    canvas.add(svg.Rect(**frame, fill="none", stroke=ink("rule"), stroke_width=0.75))
    if share:
        color = ink("flow" if share > 0 else "error")
        canvas.add(svg.Rect(**frame, fill=color, fill_opacity=round(0.08 + 0.5 * abs(share), 3)))
    if share < 0 and sign:
        middle = Point(x + side / 2, y + side / 2)
        ends = Point(middle.x - side / 5, middle.y), Point(middle.x + side / 5, middle.y)
        canvas.arrow(*ends, head=False)
    canvas.grow(x + side, y + side)


def tree(
    levels: int,
    *,
    alt: str,
    leaf: str = "x",
    operation: str = "∘",
    architecture: str = "ssm",
) -> Drawing:
    """Draw how a scan combines 2**levels items in ``levels`` parallel steps, from below upwards.

    Each circle combines two neighbours; beside the steps stands how many items a node then
    covers. Raises ValueError for fewer than 1 or more than 3 levels (8 items fit a phone).
    """
    if not 1 <= levels <= 3:
        raise ValueError(f"a tree of 1 to 3 levels fits a phone, got {levels}")
    canvas = Canvas(f"A scan of {2**levels} items in {levels} steps", alt)
    left, pitch = 52.0, 39.0
    bottom = 20 + levels * ROW
    nodes = [
        canvas.box(
            left + (i + 0.5) * pitch, bottom, f"${leaf}_{i + 1}$", wide=32, high=28, filled=False
        )
        for i in range(2**levels)
    ]
    for level in range(1, levels + 1):
        y = bottom - level * ROW
        pairs = list(zip(nodes[::2], nodes[1::2], strict=True))
        nodes = [
            canvas.circle((one.x + two.x) / 2, y, operation, color=architecture)
            for one, two in pairs
        ]
        for node, pair in zip(nodes, pairs, strict=True):
            for child, side in zip(pair, (-7, 7), strict=True):
                canvas.arrow(child.top, Point(node.x + side, node.y + 8), color=architecture)
        canvas.label(4, y, f"step {level}", anchor="start", size=FINE, color="muted")
    return canvas.finish()
