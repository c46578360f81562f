"""Adding with one thing changed: the second mark lies in the last half, not in the first.

Most papers after 1997 pose the task so. A net that sees only its last steps then finds one of the
two numbers, and has a trace to follow; in the paper's task both marks lie at least half of the
sequence back. Everything else is as in the documents' table: nets, training, budgets, exam.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from experiments.harness.registry import Outcome
from experiments.nets.learners import LEARNERS
from experiments.tasks.seeded import Drawn, Pairs, any_length
from experiments.training.contest import Exam, Plan, contest


@dataclass(frozen=True)
class MovedPairs(Pairs):
    """Adding whose second mark lies in the last half of ``minimum`` steps."""

    def draw(self, seeds: int, batch: int, generator: torch.Generator) -> Drawn:
        """Draw ``batch`` sequences for each seed."""
        shape = seeds, batch
        time = any_length(self.minimum, generator)
        value = 2 * torch.rand(*shape, time, generator=generator) - 1
        first = torch.randint(0, 10, shape, generator=generator)
        second = torch.randint(self.minimum // 2, self.minimum - 1, shape, generator=generator)
        places = torch.stack([first, second], -1)
        mark = torch.zeros_like(value).scatter_(-1, places, 1.0)
        mark[..., 0] = mark[..., -1] = -1  # a marked first number shows none, and counts as 0
        marked = value.gather(-1, places).masked_fill(places == 0, 0.0)
        target = 0.5 + marked.sum(-1, keepdim=True) / 4
        return Drawn(torch.stack([value, mark], -1), target)


def run_moved(parameters: dict[str, Any], device: str) -> Outcome:
    """Return the outcome of one learner on adding with the second mark moved."""
    task, build = MovedPairs(parameters["minimum"]), LEARNERS[parameters["net"]]
    seeds = list(range(parameters["seeds"]))
    plan = Plan(seeds, *(parameters[name] for name in ("budget", "batch", "rate", "clip")))
    make = lambda: build(task.inputs, task.outputs, False)  # noqa: E731
    return contest(task, make, plan, Exam(), device)
