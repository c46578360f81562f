"""The scan tree: three ways to join sixteen steps, round by round, with so many processors.

A cell of a scan stands for one step of time. It is as full as the share of its past that it has
taken in: at first itself alone, at the end all steps up to itself. The rounds are those of
``drawing.scans``. A round with more joins than processors takes several turns.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from drawing.scans import SCANS, Rounds

from touch import Curve, Frame, Number, Panel, Settings, Slider, TouchFigure

STEPS = 16
ROUNDS = {name.replace(" ", "_").replace("-", "_"): make(STEPS) for name, make in SCANS.items()}
LABELS = dict(zip(ROUNDS, SCANS, strict=True))
MOST = max(map(len, ROUNDS.values()))


def shares(rounds: Rounds, done: int) -> list[float]:
    """Return how much of its past every step has taken in after so many rounds."""
    reach = list(range(STEPS))  # the earliest step that each has taken in
    for joins in rounds[:done]:
        before = list(reach)
        for early, late in joins:
            reach[late] = before[early]
    return [(t - first + 1) / (t + 1) for t, first in enumerate(reach)]


def knows(name: str) -> Callable[[Settings], list[float]]:
    return lambda settings: shares(ROUNDS[name], int(settings["round"]))


def joined(name: str) -> Callable[[Settings], list[float]]:
    """Return 1 for every step that takes something in, in this round."""

    def values(settings: Settings) -> list[float]:
        number = int(settings["round"])
        now = ROUNDS[name][number - 1 : number] if number else []
        late = {late for joins in now for _, late in joins}
        return [float(t in late) for t in range(STEPS)]

    return values


def ready(name: str) -> Callable[[Settings], float]:
    return lambda settings: sum(share == 1 for share in knows(name)(settings))


def work(name: str) -> Callable[[Settings], float]:
    return lambda settings: sum(map(len, ROUNDS[name][: int(settings["round"])]))


def turns(name: str) -> Callable[[Settings], float]:
    """Return how many turns the whole scan takes."""
    return lambda settings: sum(
        math.ceil(len(joins) / int(settings["processors"])) for joins in ROUNDS[name]
    )


def said(name: str) -> str:
    """Return the part of the sentence about one scan."""
    return (
        f"{LABELS[name]}: {{{name}_work}} joins, {{{name}_ready}} of {STEPS} states ready, "
        f"{{{name}_turns}} turns for the whole"
    )


FIGURE = TouchFigure(
    title="The scan tree, to touch",
    alt=(
        "Two rows of sixteen cells for each of three scans: how much of its past each step has "
        "taken in, and which steps take something in now. One by one fills a cell a round; "
        "Hillis-Steele fills all in four rounds; odd-even fills every second, fourth and eighth "
        "cell first and the others on the way back."
    ),
    across="step of time",
    frame=Frame(width=250, first=1, last=STEPS, tick=15),
    panels=(Panel(0, None),),
    controls=(
        Slider("round", "Rounds done", 0, MOST, 1, 3),
        Slider("processors", "Processors", 1, STEPS, 1, 4),
    ),
    curves=tuple(
        curve
        for name in ROUNDS
        for curve in (
            Curve(f"{name}_knows", LABELS[name], "ssm", "-", knows(name)),
            Curve(
                f"{name}_joined",
                "joined now",
                "flow",
                "-" if name == "one_by_one" else "--" if name == "odd_even" else ":",
                joined(name),
            ),
        )
    ),
    says=(
        "After {round} rounds. " + "; ".join(map(said, ROUNDS)) + ", with {processors} to a turn."
    ),
    data={"rounds": ROUNDS, "steps": STEPS},
    numbers=tuple(
        Number(f"{name}_{key}", value(name))
        for name in ROUNDS
        for key, value in (("work", work), ("ready", ready), ("turns", turns))
    ),
)
