"""A bare carousel against a gated cell: is it noise that needs gates, or conflict?

Both must name the first symbol of a sequence, x or y, at its end. What comes between is the same
symbols each time, symbols drawn at random (noise), or x and y again (conflict: one and the same
input is to be stored at first and ignored later, so one input weight cannot serve). Source of the
argument: Hochreiter & Schmidhuber 1997, section 3.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool
from torch import Tensor, nn

from experiments.harness.registry import Outcome
from experiments.nets.carousel_loop import answer
from experiments.tasks.seeded import Drawn
from experiments.training.course import Course, learn, stacked
from solutions.carousel import NaiveCarousel
from solutions.nets1997 import LSTM1997Net


@dataclass(frozen=True)
class FirstSymbol:
    """(x or y, p - 1 symbols); which of the two came first? Sequences like tasks 2a and 2b.

    ``middle``: "fixed" (a_1 .. a_(p-1) in order), "random" (any of these) or "same" (x and y at
    random). One more input line is on at the first step. Every seed reads the same sequences.
    """

    p: int
    middle: str

    @property
    def inputs(self) -> int:
        """a_1 .. a_(p-1), x, y and the mark."""
        return self.p + 2

    def draw(self, seeds: int, batch: int, generator: torch.Generator) -> Drawn:
        """Draw ``batch`` sequences."""
        p, shape = self.p, (batch, self.p - 1)
        first = torch.randint(0, 2, (batch, 1), generator=generator)
        middle = torch.arange(p - 1).expand(shape)
        if self.middle == "random":
            middle = torch.randint(0, p - 1, shape, generator=generator)
        elif self.middle == "same":
            middle = torch.randint(p - 1, p + 1, shape, generator=generator)
        symbols = torch.cat([p - 1 + first, middle], 1)
        x = nn.functional.one_hot(symbols, self.inputs).double()
        x[:, 0, -1] = 1
        return Drawn(x.expand(seeds, -1, -1, -1), first.double().expand(seeds, -1, -1))

    def right(self, y: Tensor, target: Tensor) -> Bool[Tensor, "seed batch"]:
        """Tell which answers are within 0.25, the tolerance of tasks 2a and 2b."""
        return ((y - target).abs() < 0.25).all(-1)


class Integrator(nn.Module):
    """A logistic readout of one bare carousel for each seed: the units of a layer do not interact.

    The self-loop stays 1.
    """

    def __init__(self, inputs: int, seeds: int) -> None:
        super().__init__()
        self.layer = NaiveCarousel(inputs, seeds)
        self.layer.self_loop.requires_grad_(False)
        self.readout = nn.Parameter(torch.empty(seeds, 1).uniform_(-0.1, 0.1))
        self.bias = nn.Parameter(torch.zeros(seeds, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Return the answers (seed, batch, 1) to sequences that are the same for all seeds."""
        s = self.layer(x[0])[0][:, -1].T
        return torch.sigmoid(self.readout * s + self.bias).unsqueeze(-1)


def run(parameters: dict[str, Any], device: str) -> Outcome:
    """Train one kind of cell, several seeds side by side, on one kind of middle."""
    task, seeds = FirstSymbol(parameters["p"], parameters["middle"]), parameters["seeds"]
    course = Course(**parameters["course"])
    if parameters["cell"] == "bare":
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seeds[0])
            bare = Integrator(task.inputs, len(seeds)).double().to(device)
        weights = [p for p in bare.parameters() if p.requires_grad]
        return learn(bare, weights, task, seeds, course)
    net = stacked(lambda: LSTM1997Net(task.inputs, 1, 1), seeds, device)
    return learn(lambda x: answer(net, x), list(net.parameters()), task, seeds, course)
