"""Error on its way back through a plain net, a carousel and a gated cell, over the same inputs.

The plain net is that of ``error_through_time``. The carousel is s(t) = w s(t-1) + ..., so k steps
multiply by w^k. The gated cell is c(t) = f(t) c(t-1) + ... with f(t) = sigmoid(b + x(t)), and k
steps multiply by the gate's last k values.
"""

from __future__ import annotations

import torch

from touch import Axis, Curve, Frame, Panel, Settings, Slider, TouchFigure
from touch import error_through_time as before

DRIVE = 0.3  # size of the plain net's inputs


def plain(settings: Settings) -> list[float]:
    """Return the measured norm of dh(T)/dh(T-k) for every lag."""
    return before.plain({"gain": settings["gain"], "slope": 1.0, "drive": DRIVE})


def carousel(settings: Settings) -> list[float]:
    """Return w^k for every lag."""
    return [settings["loop"] ** k for k in range(before.LAGS + 1)]


def gated(settings: Settings) -> list[float]:
    """Return f(T) ... f(T-k+1) for every lag."""
    gates = torch.sigmoid(settings["bias"] + before.INPUTS[1:]).flip(0)
    return [1.0, *gates.cumprod(0).tolist()]


FIGURE = TouchFigure(
    title="Error through cells, to touch",
    alt=(
        "Size of the error against lag, from 0 to 60 steps, on a logarithmic axis. The line of the "
        "plain net falls or grows step by step, that of the carousel is straight and level at a "
        "self-loop of 1, that of the gated cell falls as its gate closes."
    ),
    across="lag $k$ (steps)",
    frame=Frame(width=300, last=before.LAGS, tick=20),
    panels=(Panel(190, Axis("error that is left", -9, 3, 3, log=True)),),
    controls=(
        Slider("loop", "Carousel: self-loop w", 0.9, 1.02, 0.01, 1.0),
        Slider("bias", "Gated cell: bias b of its gate", -2.0, 8.0, 0.5, 1.0),
        Slider("gain", "Plain net: norm ‖U‖", 0.5, 1.6, 0.05, 0.9),
    ),
    curves=(
        Curve("carousel", "carousel, $w^k$", "lstm1997", "-", carousel),
        Curve("gated", "gated cell", "lstm", "--", gated),
        Curve("plain", "plain net", "rnn", ":", plain),
    ),
    says=(
        "After 60 steps a carousel with w = {loop} has {carousel} of the error left, a gated cell "
        "with b = {bias} has {gated}, and a plain net with ‖U‖ = {gain} has {plain}."
    ),
    data={**before.FIGURE.data, "drive": DRIVE},
)
