"""Adding over many steps without gates: what the start of a plain recurrent net decides.

Every start gets the same data, budget, clipping and learning rates, and five seeds; they train
side by side. What is kept is the squared error itself, averaged over blocks of batches, from the
first batch on: nothing is smoothed away.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from experiments.harness.registry import Outcome
from experiments.nets.rnn_stack import SideBySide, clip_each_
from experiments.tasks.dense import adding
from solutions.rnn import RNN, identity_start, orthogonal_start

INPUTS = 2  # the number and the mark


def identity(units: int) -> RNN:
    """Return ReLU units that copy their state and add a little of the input (Le et al. 2015)."""
    layer = identity_start(RNN(INPUTS, units, "relu"))
    nn.init.normal_(layer.cell.weight_ih, std=0.1)
    return layer


STARTS: dict[str, Callable[[int], RNN]] = {
    "usual": lambda units: RNN(INPUTS, units),
    "orthogonal": lambda units: orthogonal_start(RNN(INPUTS, units)),
    "identity": identity,
}


def run_ungated(p: dict[str, Any], device: str) -> Outcome:
    """Train one start; return the mean squared error of every block of batches, by seed.

    ``worst`` is the largest error of any batch. Answering 1 every time has an error of 1/6.
    """
    layers = []
    for seed in p["seeds"]:
        torch.manual_seed(seed)
        layers.append(STARTS[p["start"]](p["units"]))
    nets = SideBySide(layers, outputs=1).to(device)
    optimizer = torch.optim.Adam(nets.parameters(), lr=p["rate"])
    data = torch.Generator().manual_seed(len(p["seeds"]))
    errors = []
    for _ in range(p["batches"]):
        batch = adding(p["batch"], p["time"], data)
        answer = nets.read(nets.states(batch.x.to(device))[:, :, -1]).squeeze(-1)
        error = (answer - batch.target.to(device)).square().mean(1)
        optimizer.zero_grad()
        error.sum().backward()
        clip_each_(nets.parameters(), p["clip"])
        optimizer.step()
        errors.append(error.detach().double().cpu())
    by_batch = torch.stack(errors)
    blocks = by_batch.view(-1, p["block"], len(layers)).mean(1)
    return {
        "error": [[float(f"{value:.4g}") for value in seed] for seed in blocks.T.tolist()],
        "worst": [float(f"{value:.4g}") for value in by_batch.amax(0).tolist()],
        "weights": sum(w.numel() for w in nets.parameters()) // len(layers),
    }
