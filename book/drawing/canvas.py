"""What all pictures are made of: boxes, circles, labels and arrows with known bounds.

The canvas remembers where every label and every line lies, so that tests can see that nothing
overlaps. Coordinates are units of the drawing; x to the right, y downwards.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

import svg
from style import PALETTE, ROLES

from drawing.label import tspans, width

SIZE = 14.0  # of letters
FINE = 12.0  # of names and factors
WIDEST = 380.0  # at 311 px, a phone's column, FINE is still 9.8 px and SIZE 11.5 px
SCALE = 1.25  # px per unit where there is room
HEAD = 7.0  # length of an arrow's head


def ink(name: str) -> str:
    """Return a colour of the palette as a CSS variable, with the light colour as fallback.

    The fallback serves notebooks outside the book. Raises KeyError for an unknown name.
    """
    known = PALETTE | ROLES
    if name not in known:
        raise KeyError(f"no colour for {name!r}; the palette has {', '.join(known)}")
    return f"var(--{name}, {known[name]['color']})"


class Point(NamedTuple):
    x: float
    y: float


class Bounds(NamedTuple):
    """A rectangle that a label fills."""

    left: float
    top: float
    right: float
    bottom: float
    text: str


class Node(NamedTuple):
    """A box or circle that arrows start from and lead to."""

    x: float
    y: float
    half_width: float
    half_height: float

    @property
    def left(self) -> Point:
        return Point(self.x - self.half_width, self.y)

    @property
    def right(self) -> Point:
        return Point(self.x + self.half_width, self.y)

    @property
    def top(self) -> Point:
        return Point(self.x, self.y - self.half_height)

    @property
    def bottom(self) -> Point:
        return Point(self.x, self.y + self.half_height)


class Drawing:
    """A finished picture: ``svg`` is its source, ``labels`` and ``lines`` say what lies where."""

    def __init__(
        self, source: str, size: Point, labels: list[Bounds], lines: list[tuple[Point, Point]]
    ) -> None:
        self.svg, self.size, self.labels, self.lines = source, size, labels, lines

    def _repr_html_(self) -> str:
        return self.svg


class Canvas:
    """Collects the parts of one picture."""

    def __init__(self, title: str, alt: str) -> None:
        self.title, self.alt = title, " ".join(alt.split())
        if self.alt.count(" ") < 4:
            raise ValueError(
                f"{title}: alt must tell in a sentence what the picture shows, got {alt!r}"
            )
        self.parts: list[svg.Element] = []
        self.labels: list[Bounds] = []
        self.lines: list[tuple[Point, Point]] = []
        self.edge = Point(0.0, 0.0)  # the lower right corner of what has been drawn

    def grow(self, x: float, y: float) -> None:
        self.edge = Point(max(self.edge.x, x), max(self.edge.y, y))

    def label(
        self,
        x: float,
        y: float,
        text: str,
        *,
        anchor: str = "middle",
        size: float = SIZE,
        color: str = "ink",
        data: Mapping[str, str] | None = None,
    ) -> None:
        """Write a label whose middle line is at y; ``data`` is for scripts that write another."""
        long = width(text, size)
        left = {"start": x, "middle": x - long / 2, "end": x - long}[anchor]
        bounds = Bounds(left, y - 0.5 * size, left + long, y + 0.5 * size, text)
        self.labels.append(bounds)
        self.grow(bounds.right, bounds.bottom)
        self.parts.append(
            svg.Text(
                x=round(x, 1),
                y=round(y + 0.35 * size, 1),
                text_anchor=anchor,  # type: ignore[arg-type]
                font_size=size,
                fill=ink(color),
                elements=list(tspans(text, size)),
                data=dict(data) if data else None,
            )
        )

    def box(
        self,
        x: float,
        y: float,
        text: str = "",
        *,
        wide: float = 56,
        high: float = 32,
        name: str = "",
        color: str = "muted",
        dashed: bool = False,
        filled: bool = True,
    ) -> Node:
        """Draw a box around (x, y) with a label, and a smaller name in a second line."""
        self.parts.append(
            svg.Rect(
                x=round(x - wide / 2, 1),
                y=round(y - high / 2, 1),
                width=wide,
                height=high,
                rx=6,
                fill=ink("fill") if filled else "none",
                stroke=ink(color),
                stroke_width=1.5,
                stroke_dasharray=[4, 3] if dashed else None,
            )
        )
        self.grow(x + wide / 2 + 1, y + high / 2 + 1)
        if text:
            self.label(x, y - 7 if name else y, text)
        if name:
            self.label(x, y + 10, name, size=FINE, color="muted")
        return Node(x, y, wide / 2, high / 2)

    def circle(self, x: float, y: float, text: str, *, color: str = "muted") -> Node:
        """Draw a small circle with an operation in it."""
        radius = 10.0
        self.parts.append(
            svg.Circle(
                cx=round(x, 1),
                cy=round(y, 1),
                r=radius,
                fill=ink("fill"),
                stroke=ink(color),
                stroke_width=1.5,
            )
        )
        self.grow(x + radius + 1, y + radius + 1)
        self.label(x, y, text)
        return Node(x, y, radius, radius)

    def arrow(
        self,
        *points: Point,
        color: str = "ink",
        thick: float = 1.5,
        head: bool = True,
        dotted: bool = False,
    ) -> None:
        """Draw a line through the points, with a head at the last one."""
        *way, last = points
        towards = way[-1]
        if head:  # the line ends inside the head, whose tip touches the node
            end = along(last, towards, HEAD * 0.6)
            self.parts.append(
                svg.Polygon(points=flat(arrowhead(last, towards, HEAD + thick)), fill=ink(color))
            )
        else:
            end = last
        self.parts.append(
            svg.Polyline(
                points=flat([*way, end]),
                fill="none",
                stroke=ink(color),
                stroke_width=round(thick, 2),
                stroke_dasharray=[1.5, 4] if dotted else None,
                stroke_linecap="round" if dotted else None,
                stroke_linejoin="round",
            )
        )
        self.lines += list(itertools.pairwise(points))
        for point in points:
            self.grow(point.x + 2, point.y + 2)

    def add(self, part: svg.Element) -> None:
        self.parts.append(part)

    def finish(self) -> Drawing:
        """Return the drawing. Raises ValueError if it is too wide for a phone."""
        wide, high = math.ceil(self.edge.x + 4), math.ceil(self.edge.y + 4)
        if wide > WIDEST:
            raise ValueError(
                f"{self.title}: {wide} units wide, a phone shows {WIDEST:.0f} legibly: "
                "draw fewer steps, rows or gates, or shorten the labels"
            )
        # The same picture twice on a page has the same ids, which then name the same words.
        key = hashlib.sha256(repr((self.alt, self.parts)).encode()).hexdigest()[:10]
        about = [
            svg.Title(id=f"drawing-{key}-title", text=escape(self.title)),
            svg.Desc(id=f"drawing-{key}-alt", text=escape(self.alt)),
        ]
        source = svg.SVG(
            viewBox=svg.ViewBoxSpec(0, 0, wide, high),
            width=round(wide * SCALE),
            height=round(high * SCALE),
            class_=["drawing"],
            style="max-width: 100%; height: auto; font-family: inherit",
            extra={
                "role": "img",
                "aria-labelledby": f"drawing-{key}-title drawing-{key}-alt",
            },
            elements=[*about, *self.parts],
        )
        return Drawing(str(source), Point(wide, high), self.labels, self.lines)


def along(start: Point, end: Point, distance: float) -> Point:
    """Return the point at a distance from start on the way to end."""
    share = distance / math.dist(start, end)
    return Point(start.x + share * (end.x - start.x), start.y + share * (end.y - start.y))


def arrowhead(tip: Point, towards: Point, length: float) -> list[Point]:
    """Return the three corners of a head whose line comes from ``towards``."""
    base = along(tip, towards, length)
    across = Point((base.y - tip.y) * 0.45, (tip.x - base.x) * 0.45)
    return [
        tip,
        Point(base.x + across.x, base.y + across.y),
        Point(base.x - across.x, base.y - across.y),
    ]


def window(corner: Point, width: float, height: float, elements: list[svg.Element]) -> svg.SVG:
    """Return a picture within a picture: its own zero, and nothing shows outside of it."""
    return svg.SVG(
        xmlns=None,
        x=corner.x,
        y=corner.y,
        width=width,  # type: ignore[arg-type]
        height=height,  # type: ignore[arg-type]
        viewBox=svg.ViewBoxSpec(0, 0, width, height),  # type: ignore[arg-type]
        elements=elements,
    )


def flat(points: Sequence[Point]) -> list[float]:
    """Return coordinates as SVG lists them."""
    return [round(c, 1) for point in points for c in point]
