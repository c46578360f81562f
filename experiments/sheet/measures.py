"""What a layer of the sheet carries on, what a token costs, and how far its gradient reaches."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch

from experiments.cost.measure import fastest, one_thread, state_bytes
from experiments.cost.single import multiplications
from experiments.harness.registry import Outcome
from experiments.instruments.in_turn import training_pass
from experiments.instruments.probes import gradient_by_lag
from experiments.instruments.rounding import rounded
from experiments.sheet.layers import LAYERS, kernel, weights


def cost(parameters: dict[str, Any], device: str) -> Outcome:
    """Measure one layer alone, in single precision: state, one more token, training.

    ``step_s``: one step after ``context`` tokens, one sequence. ``training_s``: forward and
    backward of ``batch`` sequences of ``length`` steps, per token, by PyTorch's own kernel
    where it has the layer.
    """
    p = parameters
    torch.manual_seed(p["seed"])
    layer = LAYERS[p["layer"]].build(p["width"]).to(device)
    fast = kernel(layer).to(device)
    x = torch.randn(p["batch"], p["length"], p["width"], device=device).requires_grad_()
    leaves = [x, *(w for w in fast.parameters() if w.requires_grad)]
    with one_thread(), torch.no_grad():
        _, state = layer(torch.randn(1, p["context"], p["width"], device=device))
        token = torch.randn(1, p["width"], device=device)
        step = partial(layer.step, token, state)
        step_s = fastest({"step": step}, p["turns"])["step"]
        counted = multiplications(step)
    with one_thread():
        training = training_pass(lambda: fast(x)[0], leaves)
        training_s = fastest({"training": training}, p["turns"])["training"]
    return {
        "weights": weights(layer),
        "state_bytes": state_bytes(state),
        "step_s": rounded(step_s),
        "step_multiplications": counted,  # in products of matrices
        "training_s": rounded(training_s / (p["batch"] * p["length"])),
    }


def reach(parameters: dict[str, Any], device: str) -> Outcome:
    """Measure what is left of an untrained layer's gradient over ``lag`` steps, seed by seed.

    It is the gradient of the last output by the input ``lag`` + 1 steps before, over that by the
    input one step before; inputs are white noise.
    """
    p, left = parameters, []
    for seed in p["seeds"]:
        torch.manual_seed(seed)
        layer = LAYERS[p["layer"]].build(p["width"]).double().to(device)
        x = torch.randn(p["batch"], p["lag"] + p["before"], p["width"], dtype=torch.float64)
        x = x.to(device).requires_grad_()
        norm = gradient_by_lag(layer(x)[0], x)
        left.append(rounded((norm[p["lag"] + 1] / norm[1]).item()))
    return {"left": left, "lag": p["lag"]}
