"""What a state remembers: a signal that the reader draws, and what HiPPO's numbers give back.

The state of HiPPO-LegS holds the Legendre coefficients of the whole past, stretched to [0, 1]:
c(n) = integral of u(s) p(n, s), p(n, s) = root(2n + 1) P(n, 2s - 1). Rebuilt: sum of c(n) p(n, s).
The signal goes through four heights, in straight lines, with a wave on top.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from touch import Axis, Curve, Frame, Number, Panel, Settings, Slider, TouchFigure

HEIGHTS = ("first", "second", "third", "fourth")
POINTS, FINE = 100, 400  # of the lines, and of the integrals
WAVE = 0.4


def signal(s: float, settings: Settings) -> float:
    """Return the signal at a time between 0 and 1."""
    place = s * (len(HEIGHTS) - 1)
    left = min(int(place), len(HEIGHTS) - 2)
    low, high = (settings[name] for name in HEIGHTS[left : left + 2])
    return float(
        low + (place - left) * (high - low) + WAVE * math.sin(2 * math.pi * settings["waves"] * s)
    )


def functions(s: float, count: int) -> list[float]:
    """Return p(0, s), p(1, s), ..."""
    x, before, here, found = 2 * s - 1, 0.0, 1.0, []
    for n in range(count):
        found.append(math.sqrt(2 * n + 1) * here)
        before, here = here, ((2 * n + 1) * x * here - n * before) / (n + 1)
    return found


def state(settings: Settings, count: int) -> list[float]:
    """Return the coefficients of the signal."""
    found = [0.0] * count
    for number in range(FINE):
        s = (number + 0.5) / FINE
        u = signal(s, settings)
        for n, p in enumerate(functions(s, count)):
            found[n] += u * p / FINE
    return found


def rebuilt(settings: Settings, count: int, times: list[float]) -> list[float]:
    """Return what so many coefficients give back."""
    held = state(settings, count)
    return [sum(c * p for c, p in zip(held, functions(s, count), strict=True)) for s in times]


TIMES = [number / POINTS for number in range(POINTS + 1)]


def error(times_as_many: int) -> Callable[[Settings], float]:
    """Return the root mean square of what is missing."""

    def value(settings: Settings) -> float:
        back = rebuilt(settings, times_as_many * int(settings["states"]), TIMES)
        missing = [b - signal(s, settings) for b, s in zip(back, TIMES, strict=True)]
        return math.sqrt(sum(m * m for m in missing) / len(missing))

    return value


FIGURE = TouchFigure(
    title="What a state remembers, to touch",
    alt=(
        "A signal over time with straight slopes and waves on top, and a smoother line that "
        "follows it: what a state of a few numbers gives back. With more numbers the two lines "
        "come together; corners and fast waves are lost first."
    ),
    across="time (percent of what has been read)",
    frame=Frame(width=300, last=POINTS, tick=25),
    panels=(Panel(170, Axis("signal", -2, 2, 1)),),
    controls=(
        Slider("states", "Numbers in the state", 1, 32, 1, 8),
        Slider("waves", "Waves on top", 0, 16, 1, 6),
        Slider("first", "Height at the start", -1, 1, 0.25, -0.5),
        Slider("second", "Height after a third", -1, 1, 0.25, 1),
        Slider("third", "Height after two thirds", -1, 1, 0.25, 0),
        Slider("fourth", "Height at the end", -1, 1, 0.25, 0.5),
    ),
    curves=(
        Curve(
            "back",
            "rebuilt from the state",
            "ssm",
            "-",
            lambda settings: rebuilt(settings, int(settings["states"]), TIMES),
        ),
        Curve(
            "signal", "signal", "ink", "--", lambda settings: [signal(s, settings) for s in TIMES]
        ),
    ),
    says=(
        "{states} numbers hold a signal with {waves} waves: what is missing has a size of "
        "{missing}; with twice as many numbers, {missing_twice}."
    ),
    data={"points": POINTS, "fine": FINE, "wave": WAVE},
    numbers=(Number("missing", error(1)), Number("missing_twice", error(2))),
)
