"""Labels of a drawing: plain words, and maths between dollars as italic text.

``word $c_{t-1}$`` is a word, an italic c and a lowered t−1. Greek letters and operators are
written as themselves (σ, ∂, ⊙). Widths are those of DejaVu Sans, which is wider than the fonts
that browsers use for a page: what does not overlap here does not overlap there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from html import escape
from typing import NamedTuple

import svg
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

SMALL = 0.72  # size of a sub- or superscript, relative to its line
SHIFT = {"": 0.0, "_": 0.28, "^": -0.38}  # how far it is lowered, in sizes of its line
MATHS_FONTS = "'STIX Two Text', 'Times New Roman', 'DejaVu Serif', serif"
SCRIPT = re.compile(r"([_^])(?:\{([^}]*)\}|(.))")


class Span(NamedTuple):
    """A piece of a label: its text, whether it is a letter of maths, and "", "_" or "^"."""

    text: str
    italic: bool
    script: str


def spans(label: str) -> list[Span]:
    """Return the pieces of a label. Raises ValueError where a dollar is missing."""
    parts = label.split("$")
    if len(parts) % 2 == 0:
        raise ValueError(f"label {label!r}: maths stands between two dollars, one is missing")
    found: list[Span] = []
    for i, part in enumerate(parts):
        if i % 2 == 0:
            found += [Span(part, False, "")] if part else []
        else:
            found += maths(part)
    return found


def maths(text: str) -> Iterator[Span]:
    """Yield the pieces of a formula: letters italic, all else upright, scripts set apart."""
    text = text.replace("-", "−")
    at = 0
    for match in SCRIPT.finditer(text):
        yield from letters(text[at : match.start()], "")
        yield from letters(match[2] or match[3], match[1])
        at = match.end()
    yield from letters(text[at:], "")


def letters(text: str, script: str) -> Iterator[Span]:
    """Yield runs of letters and runs of everything else."""
    for run in re.findall(r"[^\W\d_]\u0303?|[\W\d]+", text):
        yield Span(run, run[0].isalpha(), script)


@cache
def width(label: str, size: float) -> float:
    """Return how wide a label is at most, in units of the drawing."""
    total = 0.0
    for span in spans(label):
        font = FontProperties(
            family="DejaVu Sans",
            style="oblique" if span.italic else "normal",
            size=size * (SMALL if span.script else 1),
        )
        # Matplotlib measures dollars as maths; none is left here.
        total += text_to_path.get_text_width_height_descent(span.text, font, ismath=False)[0]
    return total


def tspans(label: str, size: float) -> list[svg.TSpan]:
    """Return the pieces as SVG; each script moves the line and the next piece moves it back."""
    result = []
    level = 0.0
    for span in spans(label):
        wanted = SHIFT[span.script] * size
        result.append(
            svg.TSpan(
                text=escape(span.text),  # svg.py writes text as it comes
                dy=round(wanted - level, 2) or None,
                font_style="italic" if span.italic else None,
                font_family=MATHS_FONTS if span.italic else None,
                font_size=round(size * SMALL, 1) if span.script else None,
            )
        )
        level = wanted
    return result
