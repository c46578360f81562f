"""Ablations that need no training: reach of the gradient, squashing functions, weight counts."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from experiments.harness.registry import Outcome
from experiments.instruments.probes import gradient_by_lag
from experiments.instruments.rounding import rounded
from solutions.carousel import LSTM1997, G, H
from solutions.gates import LSTM
from solutions.rnn import RNN


def run_reach(parameters: dict[str, Any], device: str) -> Outcome:
    """Return how much of the gradient of the last output is left ``lag`` steps before.

    Layers as they are drawn; ``forget_bias`` None is the default start, uniform around 0.
    """
    lag, hidden, left = parameters["lag"], parameters["hidden"], []
    for seed in parameters["seeds"]:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            layer = LSTM(hidden, hidden, parameters["forget_bias"]).double().to(device)
            x = torch.randn(8, lag + 1, hidden, dtype=torch.float64).to(device).requires_grad_()
            by_lag = gradient_by_lag(layer(x)[0], x)
        left.append(rounded((by_lag[lag] / by_lag[0]).item()))
    mean = math.exp(sum(map(math.log, left)) / len(left))
    return {"lag": lag, "left": left, "geometric_mean": rounded(mean)}


def run_squashing(parameters: dict[str, Any], device: str) -> Outcome:
    """Compare g = 4f - 2 and h = 2f - 1, f the logistic function, with hyperbolic tangents."""
    x = torch.linspace(-parameters["range"], parameters["range"], 10_001, dtype=torch.float64)
    x = x.to(device).requires_grad_()
    f, zero = torch.sigmoid(x), len(x) // 2

    def gap(a: torch.Tensor, b: torch.Tensor) -> float:
        return rounded((a - b).abs().max().item())

    def slope(y: torch.Tensor) -> float:
        (by_x,) = torch.autograd.grad(y.sum(), x)
        return round(by_x[zero].item(), 6)

    return {
        "g_and_2tanh_half": gap(4 * f - 2, G["scaled"](x)),
        "h_and_tanh_half": gap(2 * f - 1, H["scaled"](x)),
        "g_and_tanh": gap(4 * f - 2, G["tanh"](x)),
        "h_and_tanh": gap(2 * f - 1, H["tanh"](x)),
        "slopes_at_0": {
            "g": slope(G["scaled"](x)),
            "h": slope(H["scaled"](x)),
            "tanh": slope(G["tanh"](x)),
        },
    }


def run_counts(parameters: dict[str, Any], device: str) -> Outcome:
    """Count the weights of layers of equal width.

    The layer of 1997 has as many blocks of one cell as the others have units.
    """
    inputs, width = parameters["inputs"], parameters["width"]
    layers: dict[str, nn.Module] = {
        "rnn": RNN(inputs, width),
        "lstm-1997": LSTM1997(inputs, width),
        "lstm": LSTM(inputs, width),
        "torch-rnn": nn.RNN(inputs, width),
        "torch-lstm": nn.LSTM(inputs, width),
    }
    counts = {name: sum(p.numel() for p in layer.parameters()) for name, layer in layers.items()}
    recurrent = {
        "rnn": layers["rnn"].cell.weight_hh.numel(),
        "lstm-1997": layers["lstm-1997"].weight_hh.numel(),
    }
    return {"width": width, "weights": counts, "recurrent": recurrent}
