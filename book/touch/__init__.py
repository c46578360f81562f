"""Figures to touch: sliders over a picture whose lines are computed in the browser.

A module here describes one figure (its sliders, lines and data) and computes the same lines in
Python; ``_static/touch/NAME.js`` computes them in the browser, and a test compares the two. The
directive ``{touch} NAME`` puts the figure on a page. Without scripts a reader sees the picture
and the sentence for the settings that the sliders start from.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from drawing.canvas import Drawing
from drawing.chart import Frame, Line, chart

HERE = Path(__file__).parent
SCRIPTS = HERE.parent / "_static" / "touch"
Settings = Mapping[str, float]


class Slider(NamedTuple):
    """One setting: its name in the formula, its label, its range and where it starts."""

    name: str
    label: str
    low: float
    high: float
    step: float
    start: float


class Curve(NamedTuple):
    """One line of the figure, and the function that gives its values for settings."""

    key: str
    label: str
    color: str
    dash: str
    values: Callable[[Settings], Sequence[float]]


@dataclass(frozen=True)
class TouchFigure:
    """All that a page needs to show a figure and a script to move it.

    ``says`` is a sentence about the lines, with ``{gain}`` for a setting and ``{bound}`` for the
    last value of a line. ``data`` is what the script's formulas need besides the settings.
    """

    title: str
    alt: str
    across: str
    up: str
    frame: Frame
    tick: tuple[int, int]  # distance of ticks: lags, powers of ten
    sliders: tuple[Slider, ...]
    curves: tuple[Curve, ...]
    says: str
    data: dict[str, Any]

    def start(self) -> dict[str, float]:
        """Return the settings that the sliders start from."""
        return {slider.name: slider.start for slider in self.sliders}

    def values(self, settings: Settings) -> dict[str, list[float]]:
        """Return the values of every line for these settings."""
        return {curve.key: [float(v) for v in curve.values(settings)] for curve in self.curves}

    def sentence(self, settings: Settings) -> str:
        """Return the sentence about the lines for these settings."""
        ends = {key: readable(values[-1]) for key, values in self.values(settings).items()}
        return self.says.format(**{s: f"{v:g}" for s, v in settings.items()}, **ends)

    def picture(self) -> Drawing:
        """Return the picture for the settings that the sliders start from."""
        values = self.values(self.start())
        lines = [Line(c.key, c.label, c.color, c.dash, values[c.key]) for c in self.curves]
        return chart(
            lines,
            self.frame,
            alt=self.alt,
            title=self.title,
            across=self.across,
            up=self.up,
            tick=self.tick,
        )

    def payload(self) -> dict[str, Any]:
        """Return what the script reads from the page, as plain JSON data."""
        return {"frame": self.frame._asdict(), "says": self.says, "data": self.data}


def readable(value: float) -> str:
    """Return a number for a sentence: 0.36, 12, 1.8e−7; the script writes it the same way."""
    if value == 0 or 0.01 <= value < 1000:
        return f"{value:.2g}" if value < 100 else f"{value:.0f}"
    digits, power = f"{value:.1e}".split("e")
    return f"{digits}e{int(power)}".replace("-", "−")


def figure(name: str) -> TouchFigure:
    """Return the figure ``name``, as in ``{touch} error-through-time``.

    Raises KeyError with the names there are for one that does not exist.
    """
    known = sorted(
        path.stem.replace("_", "-") for path in HERE.glob("*.py") if path.stem != "__init__"
    )
    if name not in known:
        raise KeyError(f"no figure to touch is called {name!r}; there are {', '.join(known)}")
    made: TouchFigure = importlib.import_module(f"touch.{name.replace('-', '_')}").FIGURE
    return made
