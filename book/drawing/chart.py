"""Lines over a logarithmic axis, as a drawing whose lines a script can move.

Axes, names and frame stand still; each line is a ``polyline`` with ``data-curve``. A figure to
touch shows this picture where scripts are off, and moves its lines where they are on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import svg

from drawing.canvas import FINE, Canvas, Drawing, Point, ink
from drawing.label import width

DASHES = {"-": None, "--": [6, 4], ":": [2, 4], "-.": [8, 3, 2, 3]}
LOWEST = -400.0  # the power of ten that stands for 0


class Line(NamedTuple):
    """A line over lags 0, 1, 2, ...: how it is told from the others, and its values."""

    key: str
    label: str
    color: str
    dash: str
    values: Sequence[float]


class Frame(NamedTuple):
    """Where the lines lie: size in units of the drawing, lags and powers of ten at the edges."""

    width: float
    height: float
    lags: int
    low: int
    high: int

    def point(self, lag: int, value: float) -> Point:
        """Return where a value stands; what lies beyond the edge is cut off by the frame."""
        power = math.log10(value) if value > 0 else LOWEST
        share = (power - self.low) / (self.high - self.low)
        return Point(self.width * lag / self.lags, self.height * (1 - share))


def chart(
    lines: Sequence[Line],
    frame: Frame,
    *,
    alt: str,
    title: str,
    across: str,
    up: str,
    tick: tuple[int, int],
) -> Drawing:
    """Draw lines by lag over powers of ten; ``across`` and ``up`` name the axes.

    ``tick`` is the distance of ticks in lags and in powers of ten. Raises ValueError for a line
    that does not have a value for every lag from 0 to the last.
    """
    for line in lines:
        if len(line.values) != frame.lags + 1:
            raise ValueError(
                f"{title}: the line {line.key!r} has {len(line.values)} values, "
                f"lags 0 to {frame.lags} need {frame.lags + 1}"
            )
    canvas = Canvas(title, alt)
    canvas.label(4, 10, up, anchor="start", size=FINE, color="muted")
    left, top = 44.0, legend(canvas, lines) + 16
    for power in range(frame.low, frame.high + 1, tick[1]):
        y = top + frame.point(0, 10.0**power).y
        canvas.label(left - 7, y, f"$10^{{{power}}}$", anchor="end", size=FINE, color="muted")
        rule(canvas, Point(left, y), Point(left + frame.width, y))
    bottom = top + frame.height
    for lag in range(0, frame.lags + 1, tick[0]):
        x = left + frame.point(lag, 1).x
        canvas.label(x, bottom + 12, str(lag), size=FINE, color="muted")
        rule(canvas, Point(x, top), Point(x, bottom))
    canvas.label(left + frame.width / 2, bottom + 30, across, size=FINE, color="muted")
    canvas.add(
        svg.SVG(
            xmlns=None,
            x=left,
            y=top,
            width=frame.width,  # type: ignore[arg-type]
            height=frame.height,  # type: ignore[arg-type]
            viewBox=svg.ViewBoxSpec(0, 0, frame.width, frame.height),  # type: ignore[arg-type]
            elements=[drawn(line, frame) for line in reversed(lines)],  # the first lies on top
        )
    )
    canvas.grow(left + frame.width + 6, bottom)
    return canvas.finish()


def legend(canvas: Canvas, lines: Sequence[Line]) -> float:
    """Write the names of the lines, as many in a row as fit; return the lower edge."""
    x, y = 4.0, 28.0
    for line in lines:
        long = 32 + width(line.label, FINE)
        if x > 4 and x + long > 360:
            x, y = 4.0, y + 17
        canvas.add(
            svg.Line(
                x1=x,
                y1=y,
                x2=x + 24,
                y2=y,
                stroke=ink(line.color),
                stroke_width=2.25,
                stroke_dasharray=DASHES[line.dash],  # type: ignore[arg-type]
            )
        )
        canvas.label(x + 30, y, line.label, anchor="start", size=FINE)
        x += long + 16
    return y


def rule(canvas: Canvas, start: Point, end: Point) -> None:
    """Draw a thin line of the grid, behind everything else."""
    canvas.add(
        svg.Line(
            x1=round(start.x, 1),
            y1=round(start.y, 1),
            x2=round(end.x, 1),
            y2=round(end.y, 1),
            stroke=ink("rule"),
            stroke_width=0.5,
            stroke_opacity=0.5,
        )
    )


def drawn(line: Line, frame: Frame) -> svg.Polyline:
    points = [frame.point(lag, value) for lag, value in enumerate(line.values)]
    return svg.Polyline(
        points=[round(c, 2) for point in points for c in point],
        fill="none",
        stroke=ink(line.color),
        stroke_width=2.25,
        stroke_dasharray=DASHES[line.dash],  # type: ignore[arg-type]
        data={"curve": line.key},
    )
