"""Variants of the LSTM as character language models of the standard library."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from experiments.ablations.gated import build, weights_used
from experiments.harness.registry import Outcome
from experiments.nets.stacked import Stack
from experiments.training.contest import Adam, Plan
from experiments.training.language import split
from experiments.training.text import SYMBOLS, windows


def run(parameters: dict[str, Any], device: str) -> Outcome:
    """Train one variant to predict the next character; return the held-out loss in bits."""
    seeds, steps, length = parameters["seeds"], parameters["steps"], parameters["length"]
    batch, top = parameters["batch"], parameters["rate"]
    stack = Stack(lambda: build(parameters, SYMBOLS, SYMBOLS, True), seeds, device)
    adam = Adam(stack, Plan(seeds, steps * batch, batch, top))
    corpus, held_out = split(parameters["characters"])
    generator = torch.Generator().manual_seed(seeds[0])
    for step in range(1, steps + 1):
        pieces = windows(corpus, len(seeds) * batch, length + 1, generator).to(device)
        pieces = pieces.unflatten(0, (len(seeds), batch))
        adam.step(_losses(stack, pieces), top * (1 - 0.9 * step / steps))
    test = torch.Generator().manual_seed(0)
    pieces = windows(held_out, 256, length + 1, test).to(device)
    with torch.no_grad():
        nats = _losses(stack, pieces.expand(len(seeds), -1, -1)).tolist()
    return {
        "weights": weights_used(stack),
        "characters_read": steps * batch * length,
        "seeds": [
            {"seed": seed, "bits": round(loss / math.log(2), 4)}
            for seed, loss in zip(seeds, nats, strict=True)
        ],
    }


def _losses(stack: Stack, pieces: Tensor) -> Float[Tensor, " seed"]:
    """Return every seed's mean loss on its pieces (seed, batch, time), in nats."""
    x = F.one_hot(pieces[..., :-1], SYMBOLS).to(stack.theta.dtype)
    scores = stack(x).movedim(-1, 1)
    return F.cross_entropy(scores, pieces[..., 1:], reduction="none").mean((1, 2))
