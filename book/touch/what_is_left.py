"""What is left of an error that is multiplied by one number at each step: w^k after k steps.

The front page's figure, and the smallest: one line, one formula, no data.
"""

from __future__ import annotations

from touch import Axis, Curve, Frame, Number, Panel, Settings, Slider, TouchFigure

STEPS = 100


def left(settings: Settings) -> list[float]:
    """Return w^0, w^1, ..., w^100."""
    return [settings["factor"] ** k for k in range(STEPS + 1)]


def after(settings: Settings) -> float:
    """Return what is left at the chosen step."""
    return float(settings["factor"] ** settings["lag"])


def read(settings: Settings) -> list[float]:
    """Return 1 for every step that the error has gone back."""
    return [float(k <= settings["lag"]) for k in range(STEPS + 1)]


FIGURE = TouchFigure(
    title="What is left, to touch",
    alt=(
        "Share of an error that is left, from 0 to 100 steps back, on a logarithmic axis. The line "
        "is straight: level with a factor of 1, falling below it, rising above it. A row of cells "
        "fills up to the chosen step."
    ),
    across="steps back",
    frame=Frame(width=300, last=STEPS, tick=20),
    panels=(Panel(120, Axis("error that is left", -9, 3, 3, log=True)), Panel(0, None)),
    controls=(
        Slider("factor", "Factor of each step", 0.8, 1.05, 0.01, 0.9),
        Slider("lag", "Steps back", 1, STEPS, 1, STEPS),
    ),
    curves=(
        Curve("left", "left", "flow", "-", left),
        Curve("read", "steps", "flow", "-", read, 1),
    ),
    says="Of an error multiplied by {factor} at each of {lag} steps, {after} is left.",
    data={"steps": STEPS},
    numbers=(Number("after", after),),
)
