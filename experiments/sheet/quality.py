"""Train one layer on one task: the rate from a small search, then several seeds at the best."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from experiments.harness.registry import Outcome
from experiments.sheet.layers import OUTER, Block, weights
from experiments.sheet.tasks import Task, task
from experiments.training.descent import Descent

MARKS = 10  # places along the training at which the training loss is kept
AT_ONCE = 100  # sequences of a test, to bound memory


class Model(nn.Module):
    """A task's reader, a block with one layer, and the scores of its answers."""

    def __init__(self, layer: str, width: int, what: Task) -> None:
        super().__init__()
        self.read, self.block = what.reader(), Block(layer, width)
        self.answer = nn.Linear(OUTER, what.outputs)

    def forward(self, tokens: tuple[Tensor, ...], last: int) -> Tensor:
        """Return the scores at the ``last`` steps, (batch, last, outputs)."""
        y: Tensor = self.answer(self.block(self.read(*tokens), last))
        return y


def train(
    p: dict[str, Any], what: Task, seed: int, rate: float, steps: int, device: str
) -> tuple[Model, list[float]]:
    """Train from one seed; return the model and the mean training loss of every tenth."""
    torch.manual_seed(seed)
    model = Model(p["layer"], p["width"], what).to(device)
    generator = torch.Generator().manual_seed(seed)
    descent = Descent(model, rate, steps, fused=True)
    losses = []
    for _ in range(steps):
        tokens, answers = what.draw(p["batch"], what.length, generator)
        scores = model(tuple(part.to(device) for part in tokens), answers.shape[1])
        loss = what.loss(scores, answers.to(device))
        descent.step(loss)
        losses.append(loss.detach())
    parts = torch.stack(losses).tensor_split(MARKS)
    return model, [round(part.mean().item(), 4) for part in parts]


@torch.no_grad()
def quality(model: Model, what: Task, count: int, device: str) -> float:
    """Return how well a model does on the sequences that all are tested on."""
    tokens, answers = what.test(count)
    parts = zip(*(part.split(AT_ONCE) for part in tokens), strict=True)
    scores = [model(tuple(t.to(device) for t in part), answers.shape[1]).cpu() for part in parts]
    return round(what.quality(torch.cat(scores), answers), 4)


def run(parameters: dict[str, Any], device: str) -> Outcome:
    """Search the rate with one seed on part of the steps, then train every seed at the best.

    The seed of the search is in no comparison. The best rate has the lowest training loss in the
    last tenth of its steps; a rate whose loss is no number loses.
    """
    p = parameters
    what = task(p["task"], p["settings"])
    tried = {}
    for rate in p["rates"]:
        _, curve = train(p, what, p["search_seed"], rate, p["search_steps"], device)
        tried[str(rate)] = curve[-1] if curve[-1] == curve[-1] else None
    known = [rate for rate in p["rates"] if tried[str(rate)] is not None]
    best = min(known, key=lambda rate: tried[str(rate)])
    found, curves, model = [], [], None
    for seed in p["seeds"]:
        model, curve = train(p, what, seed, best, p["steps"], device)
        found.append(quality(model, what, p["test"], device))
        curves.append(curve)
    assert model is not None
    return {
        "quality": found,
        "rate": best,
        "tried": tried,  # training loss
        "weights": weights(model),
        "block_weights": weights(model.block),
        "sequences": p["steps"] * p["batch"],
        "curves": curves,  # training loss
    }
