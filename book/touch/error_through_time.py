"""How the norm of the error changes on its way back through a recurrent net.

Eight units with h(t) = f(U h(t-1) + d w x(t)) and f(a) = tanh(gamma a), whose steepest slope is
gamma. U is ``gain`` times a fixed orthogonal matrix, so its norm is ``gain``; w and the inputs
x(1), ..., x(61) are fixed too. The script gets these numbers and nothing else.
"""

from __future__ import annotations

import torch
from torch import Tensor

from solutions import rnn
from touch import Axis, Curve, Frame, Panel, Settings, Slider, TouchFigure

UNITS, LAGS = 8, 60


def fixed() -> tuple[Tensor, Tensor, Tensor]:
    """Return the orthogonal matrix, the input weights and the inputs, in 64 bits."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        net = rnn.orthogonal_start(rnn.RNN(1, UNITS).double())
        x = torch.randn(LAGS + 1, dtype=torch.float64)
    return net.cell.weight_hh.detach(), net.cell.weight_ih.detach()[:, 0], x


ORTHOGONAL, WEIGHTS, INPUTS = fixed()


def bound(settings: Settings) -> list[float]:
    """Return (gamma ||U||)^k for every lag."""
    return [(settings["slope"] * settings["gain"]) ** k for k in range(LAGS + 1)]


def plain(settings: Settings) -> list[float]:
    """Return the measured norm of dh(T)/dh(T-k) for every lag.

    tanh(gamma a) is the tanh of a net whose weights are gamma times as large, so the layer and
    the norms are those of ``solutions/rnn.py``.
    """
    net = rnn.RNN(1, UNITS).double()
    with torch.no_grad():
        net.cell.weight_hh.copy_(settings["slope"] * settings["gain"] * ORTHOGONAL)
        net.cell.weight_ih.copy_(settings["slope"] * settings["drive"] * WEIGHTS.unsqueeze(1))
        net.cell.bias.zero_()
        h, _ = net(INPUTS.reshape(1, -1, 1))
        norms: list[float] = rnn.jacobian_norms(h[0], net.cell.weight_hh).tolist()
    return norms


FIGURE = TouchFigure(
    title="Error through time, to touch",
    alt=(
        "Norm of the error against lag, from 0 to 60 steps, on a logarithmic axis. One dashed "
        "line is the bound, one solid line is measured in a net of eight tanh units and never "
        "rises above it. The sentence below gives both numbers at the longest lag."
    ),
    across="lag $k$ (steps)",
    frame=Frame(width=300, last=LAGS, tick=20),
    panels=(Panel(190, Axis("norm of ∂$h(T)$/∂$h(T-k)$", -9, 9, 3, log=True)),),
    controls=(
        Slider("gain", "Norm ‖U‖", 0.5, 1.6, 0.05, 1.3),
        Slider("slope", "Steepest slope γ of f", 0.25, 1.0, 0.05, 1.0),
        Slider("drive", "Size of the inputs d", 0.0, 3.0, 0.1, 0.3),
    ),
    curves=(
        Curve("bound", "bound $(γ‖U‖)^k$", "error", "--", bound),
        Curve("plain", "measured, plain net", "rnn", "-", plain),
    ),
    says=(
        "With ‖U‖ = {gain}, γ = {slope} and d = {drive}, over 60 steps the bound allows "
        "{bound}; measured: {plain}."
    ),
    data={
        "orthogonal": ORTHOGONAL.tolist(),
        "weights": WEIGHTS.tolist(),
        "inputs": INPUTS.tolist(),
    },
)
