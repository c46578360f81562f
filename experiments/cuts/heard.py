"""What the weights of a net of 1997 hear of every step, when the only error is at the last one.

The gradient by a weight is a sum over the steps at which it was used. ``by_step`` takes the sum
apart: every step gets a copy of the weights, all equal, and the gradient by a copy is what its step
adds. A window of k steps keeps the last k of these terms as they are; the rule of 1997 keeps
another part of each.
"""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from experiments.instruments.rounding import rounded
from experiments.training.course import Task, drawn, squared_error
from solutions.nets1997 import LSTM1997Net

KINDS = ("cells", "input gates", "output gates")


def by_step(
    net: LSTM1997Net,
    x: Float[Tensor, "seed batch time input"],
    target: Float[Tensor, "seed batch output"],
    truncated: bool,
) -> dict[str, Float[Tensor, "time seed weight"]]:
    """Return what every step adds to the gradient by the hidden weights of each kind.

    ``net`` is a stack whose outputs see the cells only. The error is that of the last step.
    """
    hidden, own = net.hidden, net.hidden.truncated
    hidden.truncated = truncated
    copies = [
        {name: p.detach().clone().requires_grad_() for name, p in hidden.named_parameters()}
        for _ in range(x.shape[2])
    ]
    state = hidden.initial_state(x.shape[1])
    for x_t, weights in zip(x.split(1, dim=2), copies, strict=True):
        yc, state = torch.func.functional_call(hidden, weights, (x_t, state))
    hidden.truncated = own
    assert net.bias_out is not None
    out = torch.sigmoid(yc[..., 0, :] @ net.weight_out.mT + net.bias_out.unsqueeze(1))
    flat = [p for weights in copies for p in weights.values()]
    found = iter(torch.autograd.grad(squared_error(out, target).sum(), flat))
    steps = []
    for weights in copies:  # (seed, unit, input, recurrent and bias) of every step
        parts = [next(found) for _ in weights]
        steps.append(torch.cat([p if p.ndim == 3 else p.unsqueeze(-1) for p in parts], dim=-1))
    rows = torch.stack(steps).split([hidden.cells, hidden.blocks, hidden.blocks], dim=2)
    return {kind: part.flatten(2) for kind, part in zip(KINDS, rows, strict=True)}


def hear(net: LSTM1997Net, task: Task, seeds: int, batch: int = 512) -> dict[str, Any]:
    """Say what each kind of weight hears of each step, and how near each cut comes to the whole.

    ``steps``: size of what a step adds under the full gradient and under the rule of 1997, as a
    share of the largest under the full gradient, mean of the nets. ``cosine``: that of each cut's
    gradient and the full one, by the weights of cells and gates, for every net; windows of 1, 2,
    ... steps, each ending with the sequence. ``matters``: 1 for a step that may hold a mark or bit
    (a 1 on the last input line).
    """
    like = net.weight_out
    x, target = drawn(task, seeds, batch, torch.Generator().manual_seed(0), like)
    full, rule = (by_step(net, x, target, truncated) for truncated in (False, True))
    loudest = {kind: full[kind].norm(dim=-1).amax(0) for kind in KINDS}
    steps = {
        name: {kind: numbers((found[kind].norm(dim=-1) / loudest[kind]).mean(1)) for kind in KINDS}
        for name, found in (("full", full), ("1997", rule))
    }
    whole, cut = (torch.cat([found[kind] for kind in KINDS], -1) for found in (full, rule))
    windows = whole.flip(0).cumsum(0)  # entry k - 1: the last k steps together
    return {
        "steps": steps,
        "cosine": {
            "windows": [numbers(row) for row in torch.cosine_similarity(windows, windows[-1], -1)],
            "1997": numbers(torch.cosine_similarity(cut.sum(0), windows[-1], -1)),
        },
        "matters": (x[..., -1] == 1).flatten(0, 1).any(0).int().tolist(),
    }


def numbers(values: Tensor) -> list[float]:
    """Return four significant digits of each."""
    return [rounded(value) for value in values.tolist()]
