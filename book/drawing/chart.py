"""Lines, rows of cells and clock hands, as a drawing whose lines a script can move.

A chart has one panel below the other, lines and rows over the same steps. In a panel with an axis
each line is a ``polyline``; in one without, each line is a row of cells, the fuller the nearer its
value is to 1. In a panel of dials each line is one hand on every dial, and its values are angles;
in one of dots each line is a dot (``drawing.dots``). All carry ``data-curve``: a figure to touch
shows this picture where scripts are off, and moves it where they are on. Axes and frames stand
still; so do names, but for those that a figure writes itself and marks with ``data-text``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import svg

from drawing.canvas import FINE, Canvas, Drawing, Point, ink, window
from drawing.dots import scatter
from drawing.label import width

DASHES = {"-": None, "--": [6, 4], ":": [2, 4], "-.": [8, 3, 2, 3]}
LOWEST = -400.0  # the power of ten that stands for 0
ROW = 17.0  # height of a row of cells
LEFT = 44.0  # room for the numbers of an axis


class Line(NamedTuple):
    """A line over steps: how it is told from the others, its values, and its panel."""

    key: str
    label: str
    color: str
    dash: str
    values: Sequence[float]
    panel: int = 0


class Axis(NamedTuple):
    """The values at a panel's edges, and the distance of its ticks; with ``log``, powers of ten."""

    name: str
    low: float
    high: float
    tick: float
    log: bool = False

    def share(self, value: float) -> float:
        """Return how high a value stands: 0 at the lower edge, 1 at the upper one."""
        if self.log:
            value = math.log10(value) if value > 0 else LOWEST
        return (value - self.low) / (self.high - self.low)

    def marks(self) -> Iterator[tuple[float, str]]:
        """Yield the height of every tick, as a share, and its label."""
        for number in range(round((self.high - self.low) / self.tick) + 1):
            value = self.low + number * self.tick
            label = f"$10^{{{value:.0f}}}$" if self.log else f"{value:g}".replace("-", "−")
            yield (value - self.low) / (self.high - self.low), label


class Panel(NamedTuple):
    """One frame: its height in units of the drawing, and its axis, or None for rows of cells.

    With ``dials``, and no axis, it is a row of dials; angles are in radians, clockwise from the
    top. With ``dots`` each line is one lettered dot: how far it stands to the right and upwards, as
    shares, and how full it is.
    """

    height: float
    axis: Axis | None
    dials: bool = False
    dots: bool = False

    @property
    def cells(self) -> bool:
        """Whether its lines are rows of cells."""
        return self.axis is None and not self.dials and not self.dots


class Frame(NamedTuple):
    """What all panels share: width in units of the drawing, the first and the last step.

    ``names`` stand at the ticks in place of the steps' numbers.
    """

    width: float
    last: int
    tick: int
    first: int = 0
    names: tuple[str, ...] = ()

    @property
    def steps(self) -> range:
        return range(self.first, self.last + 1)

    def x(self, number: int) -> float:
        """Return where the value with this number stands in a line, the first at the left edge."""
        return self.width * number / (len(self.steps) - 1)


def point(number: int, value: float, frame: Frame, panel: Panel) -> Point:
    """Return where a value of a line stands; what lies beyond the edge is cut off by the frame."""
    assert panel.axis is not None
    return Point(frame.x(number), panel.height * (1 - panel.axis.share(value)))


def fullness(value: float) -> float:
    """Return how full a cell is: the value, between 0 and 1."""
    return min(max(value, 0.0), 1.0)


def chart(
    lines: Sequence[Line],
    frame: Frame,
    panels: Sequence[Panel],
    *,
    alt: str,
    title: str,
    across: str,
    texts: Mapping[str, Sequence[str]] | None = None,
) -> Drawing:
    """Draw lines over steps; ``across`` names the steps.

    ``texts`` stand instead of names that do not change: ``heads`` under the steps, ``rows`` to the
    left of rows of cells, ``ends`` to their right, and ``sides`` above these two; ``right`` and
    ``up`` are an axis of dots each: its name, its lowest and its highest value.
    Raises ValueError for a line that does not have a value for every step (hands and dots may have
    others).
    """
    texts = texts or {}
    for line in lines:
        steps = panels[line.panel].axis or panels[line.panel].cells
        if steps and len(line.values) != len(frame.steps):
            raise ValueError(
                f"{title}: the line {line.key!r} has {len(line.values)} values, "
                f"steps {frame.first} to {frame.last} need {len(frame.steps)}"
            )
    canvas = Canvas(title, alt)
    rows = texts.get("rows") or [line.label for line in lines if panels[line.panel].cells]
    left = max([LEFT, *(width(label, FINE) + 12 for label in rows)])
    top = 0.0
    for number, panel in enumerate(panels):
        within = [line for line in lines if line.panel == number]
        if panel.axis:
            top += 12 if number and panels[number - 1].axis else 0  # the numbers of the axis above
            top = _lines(canvas, Point(left, top), within, frame, panel, panel.axis)
        elif panel.dials:
            top = _dials(canvas, Point(left, top), within, frame, panel)
        elif panel.dots:
            top = scatter(canvas, Point(left, top), within, frame, panel, texts)
        else:
            top = _rows(canvas, Point(left, top), within, frame, texts)
    if "heads" in texts:
        wide = frame.width / len(frame.steps)
        for number, head in enumerate(texts["heads"]):
            middle = left + wide * (number + 0.5)
            canvas.label(middle, top + 12, head, data={"text": "heads"})
    else:
        ticks = frame.steps[:: frame.tick]
        for step, name in zip(ticks, frame.names or map(str, ticks), strict=True):
            x = left + frame.x(step - frame.first)
            canvas.label(x, top + 12, name, size=FINE, color="muted")
    canvas.label(left + frame.width / 2, top + 30, across, size=FINE, color="muted")
    canvas.grow(left + frame.width + (LEFT if "ends" in texts else 6), top)
    return canvas.finish()


def _lines(
    canvas: Canvas, corner: Point, lines: Sequence[Line], frame: Frame, panel: Panel, axis: Axis
) -> float:
    """Draw a panel with an axis below ``corner``; return its lower edge."""
    canvas.label(4, corner.y + 10, axis.name, anchor="start", size=FINE, color="muted")
    left, top = corner.x, _legend(canvas, corner.y + 28, lines) + 16
    for share, label in axis.marks():
        y = top + panel.height * (1 - share)
        canvas.label(left - 7, y, label, anchor="end", size=FINE, color="muted")
        _rule(canvas, Point(left, y), Point(left + frame.width, y))
    bottom = top + panel.height
    for step in frame.steps[:: frame.tick]:
        x = left + frame.x(step - frame.first)
        _rule(canvas, Point(x, top), Point(x, bottom))
    drawn = [_drawn(line, frame, panel) for line in reversed(lines)]  # the first on top
    canvas.add(window(Point(left, top), frame.width, panel.height, drawn))
    return bottom


def _rows(
    canvas: Canvas,
    corner: Point,
    lines: Sequence[Line],
    frame: Frame,
    texts: Mapping[str, Sequence[str]],
) -> float:
    """Draw a row of cells for each line below ``corner``; return the lower edge."""
    wide = frame.width / len(frame.steps)
    right = corner.x + frame.width
    top = corner.y + 8
    if "sides" in texts:
        first, second = texts["sides"]
        canvas.label(4, top + ROW / 2, first, anchor="start", size=FINE, color="muted")
        edge = right + LEFT
        canvas.label(edge, top + ROW / 2, second, anchor="end", size=FINE, color="muted")
        top += ROW
    for number, line in enumerate(lines):
        middle = top + ROW / 2
        if "rows" in texts:
            label, data = texts["rows"][number], {"text": "rows"}
        else:
            label, data = line.label, {}
        canvas.label(corner.x - 7, middle, label, anchor="end", size=FINE, data=data)
        if "ends" in texts:
            end, data = texts["ends"][number], {"text": "ends"}
            canvas.label(right + 7, middle, end, anchor="start", size=FINE, data=data)
        cells: list[svg.Element] = [
            svg.Rect(
                x=round(corner.x + wide * number, 2),
                y=top + 1,
                width=round(wide - min(1.0, wide / 5), 2),
                height=ROW - 2,
                fill_opacity=round(fullness(value), 3),
            )
            for number, value in enumerate(line.values)
        ]
        canvas.add(svg.G(elements=cells, fill=ink(line.color), data={"curve": line.key}))
        _rule(canvas, Point(corner.x, top + ROW), Point(corner.x + frame.width, top + ROW))
        top += ROW
    return top


def turned(angle: float) -> float:
    """Return an angle in radians as degrees of one turn."""
    return math.degrees(angle) % 360


def _dials(
    canvas: Canvas, corner: Point, lines: Sequence[Line], frame: Frame, panel: Panel
) -> float:
    """Draw a row of dials below ``corner``, with a hand of each line; return the lower edge."""
    count = len(lines[0].values)
    wide = frame.width / count
    radius = round(min(wide / 2 - 2, panel.height / 2 - 2), 1)
    top = _legend(canvas, corner.y + 12, lines) + 12
    middles = [
        Point(round(corner.x + wide * (number + 0.5), 1), round(top + panel.height / 2, 1))
        for number in range(count)
    ]
    for x, y in middles:
        canvas.add(svg.Circle(cx=x, cy=y, r=radius, fill="none", stroke=ink("rule")))
    for line in reversed(lines):  # the first on top
        hands: list[svg.Element] = [
            svg.Line(
                x1=x,
                y1=y,
                x2=x,
                y2=round(y - radius, 1),
                transform=f"rotate({turned(angle):.2f} {x} {y})",  # type: ignore[arg-type]
            )
            for (x, y), angle in zip(middles, line.values, strict=True)
        ]
        look = {"stroke": ink(line.color), "stroke_width": 2.25}
        dashes: Any = DASHES[line.dash]
        canvas.add(svg.G(elements=hands, **look, stroke_dasharray=dashes, data={"curve": line.key}))
    return top + panel.height + 4


def _legend(canvas: Canvas, y: float, lines: Sequence[Line]) -> float:
    """Write the names of the lines, as many in a row as fit; return the lower edge."""
    x = 4.0
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


def _rule(canvas: Canvas, start: Point, end: Point) -> None:
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


def _drawn(line: Line, frame: Frame, panel: Panel) -> svg.Polyline:
    points = [point(number, value, frame, panel) for number, value in enumerate(line.values)]
    return svg.Polyline(
        points=[round(c, 2) for p in points for c in p],
        fill="none",
        stroke=ink(line.color),
        stroke_width=2.25,
        stroke_dasharray=DASHES[line.dash],  # type: ignore[arg-type]
        data={"curve": line.key},
    )
