"""Figures to touch: controls over a picture whose lines are computed in the browser.

A module here describes one figure (its controls, panels, lines and data) and computes the same
lines in Python; ``_static/touch/NAME.js`` computes them in the browser, and a test compares the
two. The directive ``{touch} NAME`` puts the figure on a page. Without scripts a reader sees the
picture and the sentence for the settings that the controls start from.
"""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from drawing.canvas import Drawing
from drawing.chart import Axis, Frame, Line, Panel, chart

__all__ = [
    "Axis",
    "Choice",
    "Curve",
    "Frame",
    "Number",
    "Panel",
    "Slider",
    "Text",
    "TouchFigure",
    "Word",
    "figure",
]

HERE = Path(__file__).parent
SCRIPTS = HERE.parent / "_static" / "touch"
Settings = Mapping[str, Any]  # a number for each slider and choice, a string for each word
SHARES = (
    0.0,
    0.1,
    0.25,
    0.5,
    0.75,
    0.9,
    1.0,
)  # of a slider's range, where both languages are tried


class Slider(NamedTuple):
    """One setting: its name in the formula, its label, its range and where it starts."""

    name: str
    label: str
    low: float
    high: float
    step: float
    start: float

    def says(self, value: float) -> str:
        """Return the value as a sentence shows it."""
        return f"{value:g}"

    def sampled(self) -> list[float]:
        """Return places to compare the two languages at."""
        return [self.low + share * (self.high - self.low) for share in SHARES]


class Choice(NamedTuple):
    """One of several: the setting is the number of the option, counted from 0."""

    name: str
    label: str
    options: tuple[str, ...]
    start: int = 0

    def says(self, value: float) -> str:
        """Return the option as a sentence shows it."""
        return self.options[int(value)]

    def sampled(self) -> list[float]:
        """Return places to compare the two languages at: all options."""
        return [float(number) for number in range(len(self.options))]


class Word(NamedTuple):
    """A word to type, of the letters a to z and at most ``longest`` of them, or to pick."""

    name: str
    label: str
    longest: int
    picks: tuple[str, ...]
    start: str

    def says(self, value: str) -> str:
        """Return the word as a sentence shows it."""
        return value

    def sampled(self) -> list[str]:
        """Return words to compare the two languages at: those to pick, and hardly any word."""
        return [*self.picks, "q", "z" * self.longest]


Control = Slider | Choice | Word


class Curve(NamedTuple):
    """One line of the figure, the function that gives its values for settings, and its panel."""

    key: str
    label: str
    color: str
    dash: str
    values: Callable[[Settings], Sequence[float]]
    panel: int = 0


class Number(NamedTuple):
    """A number that the sentence shows beside the last values of the lines."""

    key: str
    value: Callable[[Settings], float]


class Text(NamedTuple):
    """Words that change with the settings, one after the other.

    Those that ``drawing.chart`` knows stand in the picture, the others in the sentence.
    """

    key: str
    words: Callable[[Settings], Sequence[str]]


@dataclass(frozen=True)
class TouchFigure:
    """All that a page needs to show a figure and a script to move it.

    ``says`` is a sentence about the lines, with ``{gain}`` for a setting, ``{bound}`` for the
    last value of a line and the keys of ``numbers`` and ``texts``. ``data`` is what the script's
    formulas need besides the settings.
    """

    title: str
    alt: str
    across: str
    frame: Frame
    panels: tuple[Panel, ...]
    controls: tuple[Control, ...]
    curves: tuple[Curve, ...]
    says: str
    data: dict[str, Any] = field(default_factory=dict)
    numbers: tuple[Number, ...] = ()
    texts: tuple[Text, ...] = ()
    files: tuple[str, ...] = ()  # results it reads, from the root of the repository

    def start(self) -> dict[str, Any]:
        """Return the settings that the controls start from."""
        return {
            control.name: control.start if isinstance(control, Word) else float(control.start)
            for control in self.controls
        }

    def samples(self) -> Iterator[dict[str, Any]]:
        """Yield settings to compare the two languages at."""
        yield self.start()
        ranges = [control.sampled() for control in self.controls]
        for control, places in zip(self.controls, ranges, strict=True):
            for place in places:
                yield self.start() | {control.name: place}
        for turn in (1, -1):  # all controls at once: from low to high, and crosswise
            names = [control.name for control in self.controls]
            ways = [r[::turn] if i % 2 else r for i, r in enumerate(ranges)]
            longest = max(map(len, ways))
            cycles = [itertools.islice(itertools.cycle(way), longest) for way in ways]
            for places in zip(*cycles, strict=True):
                yield dict(zip(names, places, strict=True))

    def values(self, settings: Settings) -> dict[str, list[float]]:
        """Return the values of every line for these settings."""
        return {curve.key: [float(v) for v in curve.values(settings)] for curve in self.curves}

    def counted(self, settings: Settings) -> dict[str, float]:
        """Return the numbers of the sentence that are no line's."""
        return {number.key: float(number.value(settings)) for number in self.numbers}

    def written(self, settings: Settings) -> dict[str, list[str]]:
        """Return the words that these settings make."""
        return {text.key: list(text.words(settings)) for text in self.texts}

    def sentence(self, settings: Settings) -> str:
        """Return the sentence about the lines for these settings."""
        ends = {key: values[-1] for key, values in self.values(settings).items()}
        words = {key: readable(value) for key, value in (ends | self.counted(settings)).items()}
        chosen = {control.name: control.says(settings[control.name]) for control in self.controls}
        texts = {key: " ".join(words) for key, words in self.written(settings).items()}
        return self.says.format(**chosen, **words, **texts)

    def picture(self) -> Drawing:
        """Return the picture for the settings that the controls start from."""
        values = self.values(self.start())
        lines = [Line(c.key, c.label, c.color, c.dash, values[c.key], c.panel) for c in self.curves]
        return chart(
            lines,
            self.frame,
            self.panels,
            alt=self.alt,
            title=self.title,
            across=self.across,
            texts=self.written(self.start()),
        )

    def payload(self) -> dict[str, Any]:
        """Return what the script reads from the page, as plain JSON data."""
        panels = [
            {"height": p.height, "dials": p.dials, "dots": p.dots}
            | (p.axis._asdict() if p.axis else {})
            for p in self.panels
        ]
        return {
            "width": self.frame.width,
            "panels": {curve.key: panels[curve.panel] for curve in self.curves},
            "says": self.says,
            "data": self.data,
        }


def readable(value: float) -> str:
    """Return a number for a sentence: 0.36, 12, 1.8e−7; the script writes it the same way."""
    if value < 0:
        return f"−{readable(-value)}"
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
