"""Many seeds of one net side by side: their weights in one matrix, and how they answer.

A ``Stack`` holds the weights of all seeds as one matrix, a row a seed: an optimizer step, a
gradient norm or the removal of a seed is then one operation.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

Weights = dict[str, Tensor]


class Net(nn.Module):
    """A net that answers at the last step, or at every step, for one seed or (stacked) for many.

    A subclass with ``stacked = True`` computes with weights (seed, ...) and x (seed, batch, time,
    input) itself in ``answer``; any other gets one seed's x (batch, time, input). ``logistic``:
    outputs lie in (0, 1) and are trained on squared error.
    """

    stacked = False
    every_step = False
    logistic = False

    def answer(self, w: Weights, x: Tensor) -> Tensor:
        """Return what the net says of x."""
        raise NotImplementedError

    def readout(self, h: Tensor) -> Tensor:
        """Return the states that are read: all of them, or the last one."""
        return h if self.every_step else h[..., -1, :]


def uniform(*shape: int, fan: int) -> nn.Parameter:
    """Return weights uniform in [-1/sqrt(fan), 1/sqrt(fan)]."""
    return nn.Parameter((2 * torch.rand(*shape) - 1) / math.sqrt(fan))


class Stack:
    """The weights of several seeds of one learner, and how they answer.

    ``theta`` (seed, weights) is the only leaf; ``keep`` drops seeds.
    """

    def __init__(self, build: Callable[[], Net], seeds: list[int], device: str = "cpu") -> None:
        rows = []
        for seed in seeds:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed)
                net = build()
            rows.append(torch.cat([p.detach().flatten() for p in net.parameters()]))
        self.net = net.to(device)
        self.theta = torch.stack(rows).to(device).requires_grad_()
        self.shapes = {name: p.shape for name, p in net.named_parameters()}
        self.weights = self.theta.shape[1]

    def __call__(self, x: Float[Tensor, "seed batch time input"], rows: Any = None) -> Tensor:
        """Return the outputs (seed, batch, output), or (seed, batch, time, output)."""
        theta = self.theta if rows is None else self.theta[rows]
        if self.net.stacked:
            return self.net.answer(self._named(theta), x)
        return torch.func.vmap(self._one)(self._named(theta), x)

    def _one(self, weights: Weights, x: Tensor) -> Tensor:
        return torch.func.functional_call(self.net, weights, (x,))

    def _named(self, theta: Tensor) -> Weights:
        parts = theta.split([shape.numel() for shape in self.shapes.values()], dim=-1)
        lead = theta.shape[:-1]
        return {
            name: part.reshape(*lead, *shape)
            for (name, shape), part in zip(self.shapes.items(), parts, strict=True)
        }
