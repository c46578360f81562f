"""Train character language models of any kind on the standard library, and look inside the loss."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from experiments.training.descent import Descent
from experiments.training.text import library_source, windows

TEST_SEED = 10**6  # every model is tested on the same pieces
EVALUATED_AT_ONCE = 64  # pieces, to bound memory


def split(characters: int, held_out: float = 0.1) -> tuple[Tensor, Tensor]:
    """Return the corpus in two parts: to train on, and the last share, of other modules."""
    corpus = library_source(characters)
    cut = round(characters * (1 - held_out))
    return corpus[:cut], corpus[cut:]


def cut(corpus: Int[Tensor, " character"], count: int, length: int) -> Int[Tensor, "count length"]:
    """Cut the pieces that models are tested on, the same ones in every call."""
    return windows(corpus, count, length, torch.Generator().manual_seed(TEST_SEED))


def train(
    model: nn.Module,
    corpus: Int[Tensor, " character"],
    steps: int,
    batch: int,
    length: int,
    rate: float,
    seed: int,
) -> list[float]:
    """Train on windows of ``length`` predictions; return the loss of every step (nats).

    Adam, one cycle of the learning rate up to ``rate`` and down to nothing, clipping at 1. The
    model maps symbols (batch, time) to scores (batch, time, symbol) and stays on its device.
    """
    device = next(model.parameters()).device
    generator = torch.Generator().manual_seed(seed)
    descent = Descent(model, rate, steps, fused=True)
    losses = []
    for _ in range(steps):
        pieces = windows(corpus, batch, length + 1, generator).to(device)
        scores = model(pieces[:, :-1])
        loss = nn.functional.cross_entropy(scores.flatten(0, 1), pieces[:, 1:].flatten())
        descent.step(loss)
        losses.append(loss.item())
    return losses


def loss_by_position(
    model: nn.Module, pieces: Int[Tensor, "piece time"]
) -> Float[Tensor, " position"]:
    """Return the loss (nats) on the characters that follow 1, 2, ... characters of a piece."""
    device = next(model.parameters()).device
    total = torch.zeros(pieces.shape[1] - 1, dtype=torch.float64)
    with torch.no_grad():
        for some in pieces.to(device).split(EVALUATED_AT_ONCE):
            scores = model(some[:, :-1]).transpose(1, 2)
            loss = nn.functional.cross_entropy(scores, some[:, 1:], reduction="none")
            total += loss.double().sum(0).cpu()
    return total / len(pieces)


def octaves(longest: int) -> list[tuple[int, int]]:
    """Return position ranges, first and last included, that double: 1, 2, 3-4, 5-8, ..."""
    ranges = [(1, 1)]
    while ranges[-1][1] < longest:
        last = ranges[-1][1]
        ranges.append((last + 1, min(2 * last, longest)))
    return ranges


def reach(ends: list[int], losses: list[float], flat: float) -> int:
    """Return where a falling curve has become flat: the first end within ``flat`` of the last."""
    for end, loss in zip(ends, losses, strict=True):
        if loss < losses[-1] + flat:
            return end
    raise AssertionError("the last loss is within any distance of itself")
