"""Random weight guessing: the baseline that asks whether a task is hard at all.

Draw all weights of a small net at random, test it, throw it away, draw again. No gradient, no
learning. Source: Schmidhuber & Hochreiter 1996; 1997 paper, section 5.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from experiments.tasks.dense import Batch


class Guesses(NamedTuple):
    """How long the guessing took: nets drawn, and sequences read, over all rounds."""

    solved: int
    tries: int
    sequences: int


class Nets(NamedTuple):
    """Tanh nets with one input and a logistic output, stacked along the first axis."""

    weight_ih: Float[Tensor, "net 1 hidden"]
    weight_hh: Float[Tensor, "net hidden hidden"]
    bias: Float[Tensor, "net 1 hidden"]
    readout: Float[Tensor, "net hidden 1"]
    readout_bias: Float[Tensor, "net 1 1"]


def draw(count: int, hidden: int, scale: float, generator: torch.Generator) -> Nets:
    """Draw every weight of ``count`` nets uniformly from [-scale, scale]."""
    shapes = [(1, hidden), (hidden, hidden), (1, hidden), (hidden, 1), (1, 1)]
    return Nets(
        *((2 * torch.rand(count, *shape, generator=generator) - 1) * scale for shape in shapes)
    )


def right(nets: Nets, batch: Batch, tolerance: float = 0.2) -> Bool[Tensor, "net batch"]:
    """Tell which net answers which sequence within ``tolerance`` at its last step."""
    h = torch.zeros(len(nets.weight_ih), len(batch.x), nets.weight_ih.shape[-1])
    y = torch.zeros(h.shape[:2])
    for t, x_t in enumerate(batch.x.unbind(1)):
        h = torch.tanh(torch.baddbmm(x_t * nets.weight_ih + nets.bias, h, nets.weight_hh))
        last = (batch.length == t + 1).nonzero().squeeze(1)
        if len(last):
            net = torch.baddbmm(nets.readout_bias, h[:, last], nets.readout)
            y[:, last] = torch.sigmoid(net[..., 0])
    return (y - batch.target).abs() < tolerance


def guess(
    batch: Batch,
    solutions: int,
    generator: torch.Generator,
    hidden: int = 3,
    scale: float = 100.0,
    at_once: int = 500,
    most: int = 200_000,
) -> Guesses:
    """Guess until ``solutions`` nets got every sequence of ``batch`` right, or ``most`` tries.

    A net meets the sequences one after the other and is thrown away at its first mistake;
    ``sequences`` counts what was read until then.
    """
    solved = tries = sequences = 0
    while solved < solutions and tries < most:
        nets = draw(at_once, hidden, scale, generator)
        # A few sequences weed out nearly all nets; only the rest read everything.
        few = right(nets, Batch(*(part[:16] for part in batch)))
        promising = few.all(1)
        sequences += int((few.cumprod(1).sum(1) + 1)[~promising].sum())
        if promising.any():
            all_right = right(Nets(*(part[promising] for part in nets)), batch)
            finished = all_right.all(1)
            sequences += int((all_right.cumprod(1).sum(1) + (~finished).long()).sum())
            solved += int(finished.sum())
        tries += at_once
    return Guesses(solved, tries, sequences)
