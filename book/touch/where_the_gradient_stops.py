"""Where the gradient stops: which weights of a net of 1997 hear of which step, by algorithm.

Two tasks of 30 steps with one error, at the end. What a step adds to the gradient, and the cosine
of each algorithm's gradient with the full one, are those of ``cuts-adding`` and ``cuts-xor``:
eight nets each, as they start and after training by the full gradient. A window keeps the last
terms of the full sum as they are; RTRL loses nothing, so it hears what full back-propagation hears.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Any

from committed import committed

from touch import Choice, Curve, Frame, Number, Panel, Settings, Slider, TouchFigure

RESULTS = ("experiments/results/cuts-adding.json", "experiments/results/cuts-xor.json")
WHEN = ("start", "end")
STEPS = 30
FULL, WINDOWS, RTRL, RULE = range(4)


def summary(heard: dict[str, Any]) -> dict[str, Any]:
    """Return what the figure shows of one outcome: [median, lowest] for each cosine."""
    cosine = heard["cosine"]
    return {
        "steps": heard["steps"],
        "matters": heard["matters"],
        "windows": [[median(nets), min(nets)] for nets in cosine["windows"]],
        "1997": [median(cosine["1997"]), min(cosine["1997"])],
    }


HEARD = [
    [summary(committed(path).outcomes["full"]["heard"][when]) for when in WHEN] for path in RESULTS
]


def of(settings: Settings) -> dict[str, Any]:
    return HEARD[int(settings["task"])][int(settings["when"])]


def window(settings: Settings) -> int:
    """Return how many steps error may go back."""
    return int(settings["window"]) if int(settings["rule"]) == WINDOWS else STEPS


def matters(settings: Settings) -> list[float]:
    """Return 1 for every step that may hold a mark or a bit."""
    found: list[float] = of(settings)["matters"]
    return found


def kept(settings: Settings) -> list[float]:
    """Return 1 for every step whose activations are kept at the end."""
    forward = int(settings["rule"]) in (RTRL, RULE)
    many = 1 if forward else window(settings)
    return [float(t >= STEPS - many) for t in range(STEPS)]


def hears(kind: str) -> Callable[[Settings], list[float]]:
    """Return the line of one kind of weights: the size of what every step adds."""

    def values(settings: Settings) -> list[float]:
        name = "1997" if int(settings["rule"]) == RULE else "full"
        first = STEPS - window(settings)
        added: list[float] = of(settings)["steps"][name][kind]
        return [value if t >= first else 0.0 for t, value in enumerate(added)]

    return values


def cosine(place: int) -> Callable[[Settings], float]:
    """Return the median (place 0) or the lowest cosine of eight nets."""

    def value(settings: Settings) -> float:
        rule = int(settings["rule"])
        if rule in (FULL, RTRL):
            return 1.0
        found = of(settings)
        pair = found["1997"] if rule == RULE else found["windows"][window(settings) - 1]
        return float(pair[place])

    return value


FIGURE = TouchFigure(
    title="Where the gradient stops, to touch",
    alt=(
        "Rows of thirty cells, one for each step. The first row shows the steps that matter, all "
        "in the first half, the second the steps that are kept. Below, what cells, input gates and "
        "output gates hear of each step; with a window nothing of the steps before it."
    ),
    across="step $t$ (the error is at step 30)",
    frame=Frame(width=240, first=1, last=STEPS, tick=29),
    panels=(Panel(0, None),),
    controls=(
        Choice("rule", "Algorithm", ("full BPTT", "windows", "RTRL", "the rule of 1997"), WINDOWS),
        Slider("window", "Window (steps), for windows", 1, STEPS, 1, 18),
        Choice("task", "Task", ("Adding", "Delayed XOR")),
        Choice("when", "Nets", ("untrained", "trained"), 1),
    ),
    curves=(
        Curve("matters", "marks, bits", "ink", "-", matters),
        Curve("kept", "steps kept", "muted", "-", kept),
        Curve("cells", "cells hear", "lstm1997", "-", hears("cells")),
        Curve("inputs", "input gates hear", "flow", "-", hears("input gates")),
        Curve("outputs", "output gates hear", "flow", "-", hears("output gates")),
    ),
    says=(
        "{task}, {when} nets, {rule} (slider: {window}). Cosine with the full gradient, over the "
        "weights of cells and gates: {cosine}, median of eight nets; {lowest} in the worst."
    ),
    data={"heard": HEARD},
    numbers=(Number("cosine", cosine(0)), Number("lowest", cosine(1))),
    files=RESULTS,
)
