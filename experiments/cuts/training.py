"""Train nets of 1997 by a gradient that stops somewhere, then see what their weights heard.

Both tasks have one error, at the end of 30 steps, and all that matters happens in their first
half. So a window shorter than the rest of the sequence has the answer in its state and not in its
gradient.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from experiments.cuts.heard import hear
from experiments.harness.registry import Outcome
from experiments.nets.carousel_loop import answer as read
from experiments.tasks.seeded import Drawn, Pairs
from experiments.training.course import Course, DelayedXor, Task, learn, stacked
from solutions.nets1997 import LSTM1997Net, experiment_net


@dataclass(frozen=True)
class Adding:
    """Two of ``time`` numbers are marked: their sum, as in experiment 4, always equally long."""

    time: int

    def draw(self, seeds: int, batch: int, generator: torch.Generator) -> Drawn:
        """Draw ``batch`` sequences for each seed; whole draws of another length are left out."""
        while True:
            found = Pairs(self.time).draw(seeds, batch, generator)
            if found.x.shape[2] == self.time:
                return found

    def right(self, y: Tensor, target: Tensor) -> Bool[Tensor, "seed batch"]:
        """Tell which sequences are answered within 0.04."""
        return Pairs(self.time).right(y, target)


@dataclass(frozen=True)
class NamedXor(DelayedXor):
    """Delayed XOR that also wants the earlier bit itself: now that one is worth something alone."""

    outputs: int = 2

    def draw(self, seeds: int, batch: int, generator: torch.Generator) -> Drawn:
        """Draw ``batch`` sequences for each seed; targets are XOR and the earlier bit."""
        found = super().draw(seeds, batch, generator)
        line = found.x.squeeze(-1)
        earlier = (line != 0).cumsum(-1) == 1  # from the first bit up to the second
        place = earlier.int().argmax(-1, keepdim=True)
        named = (line.gather(-1, place) > 0).float()
        return Drawn(found.x, torch.cat([found.target, named], -1))

    def right(self, y: Tensor, target: Tensor) -> Bool[Tensor, "seed batch"]:
        """Tell which answers to XOR are on the right side of 1/2."""
        return super().right(y[..., :1], target[..., :1])


def answer_in_window(
    net: LSTM1997Net, x: Float[Tensor, "seed batch time input"], window: int
) -> Float[Tensor, "seed batch output"]:
    """Return what each net says at the last step; error goes back ``window`` steps at most.

    The state is carried into the window as a constant. Windows before the last have no error.
    """
    with torch.no_grad():
        _, state = net(x[:, :, : x.shape[2] - window])
    return net(x[:, :, x.shape[2] - window :], state)[0][..., -1, :]


def run(parameters: dict[str, Any], device: str) -> Outcome:
    """Train by the full gradient, the rule of 1997 or a window; look before and after."""
    seeds, time, window = parameters["seeds"], parameters["time"], parameters["window"]
    changes = {"truncated": parameters["truncated"]}
    task: Task
    if parameters["task"] == "adding":
        task = Adding(time)
        net = stacked(lambda: experiment_net("adding", **changes), seeds, device)
    else:
        task = xor = NamedXor(time) if parameters["task"] == "named xor" else DelayedXor(time)
        net = stacked(lambda: LSTM1997Net(1, xor.outputs, 2, 2, **changes), seeds, device)

    def answer(x: Tensor) -> Tensor:
        # Gradients are wanted in training alone; tests take the fast way.
        short = window < time and torch.is_grad_enabled()
        return answer_in_window(net, x, window) if short else read(net, x)

    before = hear(net, task, len(seeds))
    outcome = learn(answer, list(net.parameters()), task, seeds, Course(**parameters["course"]))
    return {**outcome, "heard": {"start": before, "end": hear(net, task, len(seeds))}}
