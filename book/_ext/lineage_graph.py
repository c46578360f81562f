"""The lineage as data (``lineage.yaml``) and as a graph that can be clicked.

One row for each paper, the oldest on top, its dot in the column of its line of thought. A line
leads from whoever had an idea to whoever took it over. Between the columns run tracks: a line goes
along the row of its source, down a track, and along the row of its target. A row holds one dot, so
no line meets a dot or a word that is not its own.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import svg
import yaml
from drawing.canvas import FINE, WIDEST, Drawing, Point, along, ink
from linked_drawing import LinkedCanvas, wrapped

LINEAGE_FILE = Path(__file__).parents[1] / "lineage.yaml"
LINES = {  # the columns: what the legend calls them, and a colour of the palette
    "gradients": ("learning over time", "rnn"),
    "gates": ("gates and shortcuts", "lstm"),
    "attention": ("attention", "attention"),
    "linear": ("linear recurrence", "ssm"),
}
DOT, TRACK, MARGIN, CORNER = 5.0, 4.5, 9.0, 5.0
LEADING = 14.0  # of fine lines


class LineageError(Exception):
    """The lineage names what does not exist, or takes over from the future."""


@dataclass(frozen=True)
class Step:
    """One paper: what it added, which equation it changed, and what it took over from whom."""

    id: str
    year: int
    name: str
    line: str
    paper: str
    added: str
    changed: str
    place: str
    took: Mapping[str, str]


def load_lineage(path: Path = LINEAGE_FILE) -> list[Step]:
    """Read the steps, oldest first. Raises LineageError for a record that cannot be."""
    steps: list[Step] = []
    for entry in yaml.safe_load(path.read_text(encoding="utf-8")):
        step = Step(**entry)
        known = {other.id for other in steps}
        if step.line not in LINES:
            raise LineageError(f"{step.id}: no line is called {step.line!r}; there are {[*LINES]}")
        if step.id in known or (steps and step.year < steps[-1].year):
            raise LineageError(f"{step.id} stands twice, or is older than the one before it")
        if missing := set(step.took) - known:
            raise LineageError(f"{step.id} takes over from {missing}, which do not stand before it")
        steps.append(step)
    return steps


def tracks(steps: Sequence[Step]) -> dict[tuple[str, str], int]:
    """Return, by source and target column, which track left of that column the lines run in.

    Lines from one source into one column share a track. Two tracks are one where their rows allow.
    """
    row = {step.id: number for number, step in enumerate(steps)}
    ends: dict[tuple[str, str], int] = {}
    for step in steps:
        for source in step.took:
            ends[source, step.line] = max(row[step.id], ends.get((source, step.line), 0))
    free: dict[str, list[int]] = {line: [] for line in LINES}  # by track, the last row in use
    chosen = {}
    for source, line in sorted(ends, key=lambda key: (row[key[0]], -ends[key])):
        used = free[line]
        track = next((n for n, last in enumerate(used) if last < row[source]), len(used))
        used[track : track + 1] = [ends[source, line]]
        chosen[source, line] = track
    return chosen


def graph(steps: Sequence[Step], address: Callable[[Step], str], alt: str) -> Drawing:
    """Return the graph; ``address`` tells where a step's name leads."""
    canvas = LinkedCanvas("Who took what from whom", alt)
    chosen = tracks(steps)
    columns, x = {}, 0.0
    for line in LINES:
        wide = 1 + max((track for (_, to), track in chosen.items() if to == line), default=-1)
        x += MARGIN + wide * TRACK + DOT
        columns[line] = x
        x += DOT
    text = x + MARGIN
    legend(canvas)
    y, places = 62.0, {}
    for step in steps:
        lines = wrapped(step.added, FINE, WIDEST - 4 - text)
        at = places[step.id] = Point(columns[step.line], y)
        color = LINES[step.line][1]
        with canvas.link(address(step), f"{step.year}, {step.name}: {step.added}"):
            high = 18 + LEADING * len(lines)
            canvas.add(
                svg.Rect(
                    x=round(text - 4, 1),
                    y=round(y - 10, 1),
                    width=round(WIDEST - 5 - text, 1),
                    height=high,
                    rx=4,
                    fill="none",
                    pointer_events="all",
                )
            )
            for source in step.took:
                track = columns[step.line] - DOT - MARGIN / 2 - TRACK * chosen[source, step.line]
                start = places[source]
                way = [start, Point(track, start.y), Point(track, at.y), at]
                line_of = next(other.line for other in steps if other.id == source)
                canvas.add(rounded(way, LINES[line_of][1]))
                canvas.lines += itertools.pairwise(way)
            canvas.add(svg.Circle(cx=at.x, cy=at.y, r=DOT, fill=ink(color)))
            canvas.label(text, y, step.name, anchor="start", color="flow")
            canvas.label(WIDEST - 6, y, str(step.year), anchor="end", size=FINE, color="muted")
            for number, words in enumerate(lines, start=1):
                below = y + 2 + LEADING * number
                canvas.label(text, below, words, anchor="start", size=FINE, color="muted")
        y += high + 5
    return canvas.finish()


def legend(canvas: LinkedCanvas) -> None:
    """Say which colour is which line of thought."""
    for number, (name, color) in enumerate(LINES.values()):
        x, y = 12 + 180 * (number % 2), 10 + 20 * (number // 2)
        canvas.add(svg.Circle(cx=x, cy=y, r=DOT, fill=ink(color)))
        canvas.label(x + 12, y, name, anchor="start", size=FINE)


def rounded(way: Sequence[Point], color: str) -> svg.Path:
    """Return a line through points, its corners round."""
    start, *inner, end = way
    moves: list[Any] = [svg.M(*short(start))]
    before = start
    for corner, after in zip(inner, [*inner[1:], end], strict=True):
        near = min(CORNER, gap(before, corner) / 2)
        far = min(CORNER, gap(corner, after) / 2)
        moves += [
            svg.L(*short(along(corner, before, near))),
            svg.Q(*short(corner), *short(along(corner, after, far))),
        ]
        before = corner
    moves.append(svg.L(*short(end)))
    return svg.Path(
        d=moves, fill="none", stroke=ink(color), stroke_width=1.5, pointer_events="none"
    )


def gap(a: Point, b: Point) -> float:
    return abs(a.x - b.x) + abs(a.y - b.y)


def short(point: Point) -> tuple[float, float]:
    return round(point.x, 1), round(point.y, 1)
