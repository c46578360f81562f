"""Train one character language model of a given kind and size, on a fixed number of characters."""

from __future__ import annotations

from typing import Any

import torch

from experiments.harness.registry import Outcome
from experiments.nets.sized import SequenceModel, parameters, width_for
from experiments.training import language, text


def run_scaling(p: dict[str, Any], device: str) -> Outcome:
    """Train one model of about ``size`` parameters on a fixed number of characters.

    The loss is that on held-out modules, from the 33rd predicted character of a piece on, so
    that the start of a piece, alike for all, does not blur the difference.
    """
    training, held_out = language.split(p["characters"])
    torch.manual_seed(p["seed"])
    width = width_for(p["kind"], text.SYMBOLS, text.SYMBOLS, p["size"])
    model = SequenceModel(p["kind"], text.SYMBOLS, text.SYMBOLS, width).to(device)
    losses = language.train(
        model, training, p["steps"], p["batch"], p["length"], p["rate"], p["seed"]
    )
    pieces = language.cut(held_out, p["test"], p["length"] + 1)
    by_position = language.loss_by_position(model, pieces)
    tail = losses[-50:]
    count = parameters(model)
    outer = sum(q.numel() for part in (model.read, model.output) for q in part.parameters())
    return {
        "weights": count,
        "inner_weights": count - outer,
        "width": width,
        "loss": round(by_position[32:].mean().item(), 4),
        "training_loss": round(sum(tail) / len(tail), 4),
        "characters_read": p["steps"] * p["batch"] * p["length"],
        "epochs": round(p["steps"] * p["batch"] * p["length"] / len(training), 3),
        "unit": "nats per character",
    }
