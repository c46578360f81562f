"""A scatter of lettered dots that a script can move, with an axis each way that it can rename."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import svg

from drawing.canvas import FINE, Canvas, Point, ink, window
from drawing.label import tspans

if TYPE_CHECKING:
    from drawing.chart import Frame, Line, Panel

RADIUS = 8.0


def moved(values: Sequence[float], frame: Frame, panel: Panel) -> tuple[float, float, float]:
    """Return where a dot stands in its panel, and how full it is."""
    right, up, full = values
    return frame.width * right, panel.height * (1 - up), full


def scatter(
    canvas: Canvas,
    corner: Point,
    lines: Sequence[Line],
    frame: Frame,
    panel: Panel,
    texts: Mapping[str, Sequence[str]],
) -> float:
    """Draw a panel of dots below ``corner``, its axes at two sides; return the lower edge."""
    left, top = corner.x, corner.y + 28
    bottom = top + panel.height
    for key, name, low, high in (
        ("up", (4, corner.y + 10, "start"), (left - 7, bottom, "end"), (left - 7, top, "end")),
        (
            "right",
            (left + frame.width / 2, bottom + 30, "middle"),
            (left, bottom + 14, "start"),
            (left + frame.width, bottom + 14, "end"),
        ),
    ):
        for (x, y, anchor), words in zip((name, low, high), texts[key], strict=True):
            canvas.label(x, y, words, anchor=anchor, size=FINE, color="muted", data={"text": key})
    canvas.add(
        svg.Rect(
            x=left, y=top, width=frame.width, height=panel.height, fill="none", stroke=ink("rule")
        )
    )
    dots = [_dot(line, frame, panel) for line in lines]
    canvas.add(window(Point(left, top), frame.width, panel.height, dots))
    return bottom + 42


def _dot(line: Line, frame: Frame, panel: Panel) -> svg.G:
    x, y, full = moved(line.values, frame, panel)
    letter = svg.Text(
        x=0,
        y=round(0.35 * FINE, 1),
        text_anchor="middle",
        font_size=FINE,
        fill=ink("ink"),
        elements=list(tspans(line.label, FINE)),
    )
    circle = svg.Circle(r=RADIUS, fill=ink("fill"), stroke=ink(line.color), stroke_width=2)
    return svg.G(
        elements=[circle, letter],
        transform=f"translate({x:.2f} {y:.2f})",  # type: ignore[arg-type]
        opacity=round(full, 3),
        data={"curve": line.key},
    )
