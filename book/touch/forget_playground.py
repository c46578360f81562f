"""A bit in a cell whose forget gate stands still: how long is it there, and can it be read?

c(t) = f c(t-1) + i n(t) with f = sigmoid(b), i = sigmoid(b_i) and noise n(t), uniform in [-1, 1].
The bit is c(0) = 1 or c(0) = -1. Of the thousand steps every tenth is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from touch import Axis, Curve, Frame, Number, Panel, Settings, Slider, TouchFigure

STEPS, EVERY = 1000, 10
_DRAWN = 2 * torch.rand(STEPS, generator=torch.Generator().manual_seed(0)).double() - 1
NOISE = [round(value, 3) for value in _DRAWN.tolist()]


def gate(bias: float) -> float:
    return 1 / (1 + math.exp(-bias))


def content(settings: Settings, bit: float) -> list[float]:
    """Return c(0), c(10), ..., c(1000)."""
    keep, let_in = gate(settings["keep"]), gate(settings["write"])
    c, drawn = bit, [bit]
    for step, noise in enumerate(NOISE, start=1):
        c = keep * c + let_in * noise
        if step % EVERY == 0:
            drawn.append(c)
    return drawn


def positive(settings: Settings) -> Sequence[float]:
    return content(settings, 1.0)


def negative(settings: Settings) -> Sequence[float]:
    return content(settings, -1.0)


def half_life(settings: Settings) -> float:
    """Return after how many steps half is left: ln 2 / ln(1 + exp(-b))."""
    return math.log(2) / math.log1p(math.exp(-settings["keep"]))


def apart(settings: Settings) -> float:
    """Return how far the two cells are from each other at the end, whatever the noise."""
    return 2 * gate(settings["keep"]) ** STEPS


def spread(settings: Settings) -> float:
    """Return the standard deviation of what noise leaves in the cell: its variance is 1/3."""
    squared = gate(settings["keep"]) ** 2
    left = (1 - squared**STEPS) / (1 - squared)
    return gate(settings["write"]) * math.sqrt(left / 3)


FIGURE = TouchFigure(
    title="Forget-gate playground, to touch",
    alt=(
        "Content of two cells over 1,000 steps. One starts at 1, the other at -1. Both decline "
        "towards 0 at the rate of their forget gate, and noise that gets through the input gate "
        "moves both in the same way."
    ),
    across="step $t$, in tens",
    frame=Frame(width=300, last=STEPS // EVERY, tick=20),
    panels=(Panel(170, Axis("content $c(t)$", -1.5, 1.5, 0.5)),),
    controls=(
        Slider("keep", "Forget gate: bias b", 0.0, 10.0, 0.5, 5.0),
        Slider("write", "Input gate: bias", -12.0, 0.0, 0.5, -5.0),
    ),
    curves=(
        Curve("positive", "the bit was +1", "lstm", "-", positive),
        Curve("negative", "the bit was −1", "lstm", "--", negative),
    ),
    says=(
        "With b = {keep} the gate lets half of the content go in {half} steps. After 1,000 steps "
        "the two cells are {apart} apart, and noise has moved each by {spread} or so."
    ),
    data={"noise": NOISE, "every": EVERY},
    numbers=(
        Number("half", half_life),
        Number("apart", apart),
        Number("spread", spread),
    ),
)
