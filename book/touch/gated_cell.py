"""One cell with forget gate over 16 steps: its gates are set by hand, one event for each.

c(t) = f(t) c(t-1) + i(t) g(t) and h(t) = o(t) tanh c(t). The input gate opens at one step, the
forget gate closes at another, the output gate opens at a third. A gate that is shut stands at
``leak``, one that is open at 1 - ``leak``. What is offered, g(t), is fixed.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

from touch import Axis, Curve, Frame, Number, Panel, Settings, Slider, TouchFigure

OFFERED = [0.3, -0.5, 0.9, -0.2, 0.6, -0.8, 0.4, 0.1, -0.6, 0.7, -0.9, 0.5, -0.3, 0.8, -0.4, 0.2]


class Step(NamedTuple):
    """What happened at one step."""

    i: float
    f: float
    o: float
    c: float
    h: float


@lru_cache
def course(write: int, clear: int, read: int, leak: float) -> tuple[Step, ...]:
    """Run the cell over all steps."""
    steps, c = [], 0.0
    for t, g in enumerate(OFFERED, start=1):
        i, o = (1 - leak if t == when else leak for when in (write, read))
        f = leak if t == clear else 1 - leak
        c = f * c + i * g
        steps.append(Step(i, f, o, c, o * math.tanh(c)))
    return tuple(steps)


def of(settings: Settings) -> tuple[Step, ...]:
    places = (int(settings[name]) for name in ("write", "clear", "read"))
    return course(*places, settings["leak"])


def line(key: str, label: str, color: str, dash: str, panel: int = 0) -> Curve:
    """Return the line of one part of ``Step``, which is called ``key``."""
    return Curve(
        key, label, color, dash, lambda settings: [getattr(s, key) for s in of(settings)], panel
    )


def taken(settings: Settings) -> float:
    """Return what the cell takes in at the step where the input gate opens."""
    place = int(settings["write"]) - 1
    return of(settings)[place].i * OFFERED[place]


def shown(settings: Settings) -> float:
    """Return what the cell shows at the step where the output gate opens."""
    return of(settings)[int(settings["read"]) - 1].h


LAST = len(OFFERED)
FIGURE = TouchFigure(
    title="One gated cell, gate by gate, to touch",
    alt=(
        "Content and output of one cell over 16 steps, and what is offered to it. The content "
        "jumps where the input gate opens, stays level and drops to zero where the forget gate "
        "closes. The output differs from zero only where the output gate opens. Rows of cells "
        "below show the three gates."
    ),
    across="step $t$",
    frame=Frame(width=270, first=1, last=LAST, tick=5),
    panels=(Panel(140, Axis("content, output, offer", -1, 1, 0.5)), Panel(0, None)),
    controls=(
        Slider("write", "The input gate opens at step", 1, LAST, 1, 3),
        Slider("read", "The output gate opens at step", 1, LAST, 1, 8),
        Slider("clear", "The forget gate closes at step", 1, LAST, 1, 12),
        Slider("leak", "How far gates miss 0 and 1", 0.0, 0.5, 0.05, 0.0),
    ),
    curves=(
        line("c", "content $c$", "lstm", "-"),
        line("h", "output $h$", "ink", "--"),
        Curve("g", "offer $g$", "muted", ":", lambda settings: OFFERED),
        line("i", "input gate", "flow", "-", panel=1),
        line("f", "forget gate", "flow", "-", panel=1),
        line("o", "output gate", "flow", "-", panel=1),
    ),
    says=(
        "At step {write} the cell takes in {taken}. At step {read} it shows {shown}. At the end "
        "its content is {c}."
    ),
    data={"offered": OFFERED},
    numbers=(Number("taken", taken), Number("shown", shown)),
)
