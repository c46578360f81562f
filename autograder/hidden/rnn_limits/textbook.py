"""What is right: ``torch.nn.RNN`` with the numbers the student's layer has."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor, nn

from autograder.hidden.shared.layers import Rule, State, Weights
from autograder.hidden.shared.tools import normal


def random_weights(rng: torch.Generator, inputs: int, hidden: int, scale: float = 0.6) -> Weights:
    """W, U and b without any symmetry that could hide a mistake."""
    return {
        "weight_ih": scale * normal(rng, hidden, inputs),
        "weight_hh": scale * normal(rng, hidden, hidden),
        "bias": scale * normal(rng, hidden),
    }


def textbook(nonlinearity: str) -> Rule:
    """h(t) = f(W x(t) + U h(t-1) + b)"""

    def rule(weights: Weights, x: Tensor, state: State) -> tuple[Tensor, State]:
        b = weights["bias"]
        named = {f"{name}_l0": weights[name] for name in ("weight_ih", "weight_hh")}
        both = {"bias_ih_l0": b, "bias_hh_l0": torch.zeros_like(b)}  # torch has two biases
        net = _net(*reversed(weights["weight_ih"].shape), nonlinearity)
        y, h = torch.func.functional_call(net, named | both, (x, state[0].unsqueeze(0)))
        return y, (h[0],)

    return rule


@cache
def _net(inputs: int, hidden: int, nonlinearity: str) -> nn.RNN:
    return nn.RNN(inputs, hidden, nonlinearity=nonlinearity, batch_first=True).double()


def states(weights: Weights, x: Tensor, h0: Tensor, nonlinearity: str = "tanh") -> Tensor:
    """h(1) .. h(T)"""
    h: Tensor = textbook(nonlinearity)(weights, x, (h0,))[0].detach()
    return h
