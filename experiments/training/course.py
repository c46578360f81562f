"""Train variants of one net in batches, with Adam, several seeds side by side, and watch them.

The nets are stacks with a leading seed dimension; every seed has weights, sequences and a
clipped gradient of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from experiments.harness.registry import Outcome
from experiments.nets.carousel_loop import answer as read
from experiments.nets.rnn_stack import clip_each_
from experiments.tasks.seeded import TASKS, Drawn
from solutions.nets1997 import LSTM1997Net, experiment_net, stack_seeds

Answer = Callable[[Float[Tensor, "seed batch time input"]], Float[Tensor, "seed batch output"]]
Loss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class DelayedXor:
    """Two bits at random among the first ``early`` of ``time`` steps: do they differ?

    One input line: +1 or -1 for a bit, 0 elsewhere. One bit alone says nothing about the
    answer. Named as out of reach of the truncated rule in section 6 of the 1997 paper.
    """

    time: int = 30
    early: int = 10
    inputs: int = 1
    outputs: int = 1

    def draw(self, seeds: int, batch: int, generator: torch.Generator) -> Drawn:
        """Draw ``batch`` sequences for each seed."""
        shape = seeds, batch
        first = torch.randint(0, self.early, shape, generator=generator)
        second = torch.randint(0, self.early - 1, shape, generator=generator)
        places = torch.stack([first, second + (second >= first)], -1)
        bits = 2.0 * torch.randint(0, 2, (*shape, 2), generator=generator) - 1
        x = torch.zeros(*shape, self.time).scatter_(-1, places, bits)
        return Drawn(x.unsqueeze(-1), (bits.prod(-1, keepdim=True) < 0).float())

    def right(self, y: Tensor, target: Tensor) -> Bool[Tensor, "seed batch"]:
        """Tell which answers are on the right side of 1/2."""
        return ((y > 0.5) == (target > 0.5)).all(-1)


class Task(Protocol):
    """What ``learn`` asks of a task; ``tasks.seeded`` has more of them."""

    def draw(self, seeds: int, batch: int, generator: torch.Generator) -> Drawn: ...

    def right(self, y: Tensor, target: Tensor) -> Bool[Tensor, "seed batch"]: ...


@dataclass(frozen=True)
class Course:
    """How long and how fast to train, and how to judge."""

    steps: int
    batch: int
    rate: float
    check: int  # steps between two looks at fresh sequences
    level: float = 0.95  # the share of them to get right
    test: int = 500
    clip: float = 1.0


def squared_error(y: Tensor, target: Tensor) -> Float[Tensor, " seed"]:
    """Return half the mean squared error of each seed."""
    return ((y - target) ** 2).flatten(1).mean(1) / 2


def learn(
    answer: Answer,
    weights: list[nn.Parameter],
    task: Task,
    seeds: list[int],
    course: Course,
    loss: Loss = squared_error,
) -> Outcome:
    """Train to the end of the course; say when each seed first came up to the level."""
    generator = torch.Generator().manual_seed(seeds[0])
    optimizer = torch.optim.Adam(weights, course.rate)
    reached: dict[int, int] = {}
    curve = []
    for step in range(1, course.steps + 1):
        x, target = drawn(task, len(seeds), course.batch, generator, weights[0])
        optimizer.zero_grad()
        loss(answer(x), target).sum().backward()
        clip_each_(weights, course.clip)
        optimizer.step()
        if step % course.check == 0:
            x, target = drawn(task, len(seeds), course.test, generator, weights[0])
            with torch.no_grad():
                right = task.right(answer(x), target).float().mean(1)
            share = [round(value, 4) for value in right.tolist()]
            curve.append([step * course.batch, *share])
            for seed, value in zip(seeds, share, strict=True):
                if value >= course.level:
                    reached.setdefault(seed, step * course.batch)
    budget = course.steps * course.batch
    return {
        "solved": len(reached),
        "of": len(seeds),
        "budget": budget,
        "criterion": f"at least {course.level:.0%} of {course.test} fresh sequences right",
        "seeds": [
            {
                "seed": seed,
                "solved": seed in reached,
                "sequences": reached.get(seed, budget),
                "right": curve[-1][1 + i],
            }
            for i, seed in enumerate(seeds)
        ],
        "curve": curve,
    }


def drawn(
    task: Task, seeds: int, count: int, generator: torch.Generator, like: Tensor
) -> tuple[Tensor, Tensor]:
    """Draw ``count`` sequences for each seed, of ``like``'s dtype and on its device."""
    x, target = task.draw(seeds, count, generator)
    return x.to(like), target.to(like)


def stacked(build: Callable[[], LSTM1997Net], seeds: list[int], device: str) -> LSTM1997Net:
    """Return the nets that ``build`` draws from each seed, side by side, in float64."""
    nets = []
    for seed in seeds:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            nets.append(build())
    return stack_seeds(nets).double().to(device)


def run(parameters: dict[str, Any], device: str) -> Outcome:
    """Train a 1997 net on adding (T = 100) or delayed XOR, with the truncated or full gradient.

    Besides, say how the two gradients of the trained net compare, at the start and at the end.
    """
    seeds, course = parameters["seeds"], Course(**parameters["course"])
    changes = parameters["changes"]
    task: Task
    if parameters["task"] == "xor":
        task = DelayedXor(parameters["time"])
        net = stacked(lambda: LSTM1997Net(1, 1, 2, 2, **changes), seeds, device)
    else:
        task = TASKS["adding-100"]
        net = stacked(lambda: experiment_net("adding", **changes), seeds, device)
    start = gradient_cosines(net, task, len(seeds))
    outcome = learn(lambda x: read(net, x), list(net.parameters()), task, seeds, course)
    return {**outcome, "cosine": {"start": start, "end": gradient_cosines(net, task, len(seeds))}}


def gradient_cosines(net: LSTM1997Net, task: Task, seeds: int, batch: int = 256) -> list[float]:
    """Return the cosine between the truncated and the full gradient, for each net of a stack."""
    weights = list(net.parameters())
    x, target = drawn(task, seeds, batch, torch.Generator().manual_seed(0), weights[0])
    own, found = net.hidden.truncated, []
    for truncated in (True, False):
        net.hidden.truncated = truncated
        gradients = torch.autograd.grad(squared_error(read(net, x), target).sum(), weights)
        found.append(torch.cat([gradient.flatten(1) for gradient in gradients], 1))
    net.hidden.truncated = own
    return [round(value, 5) for value in torch.cosine_similarity(*found, dim=1).tolist()]
