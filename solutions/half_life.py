"""How long a gate remembers, in steps, and the bias that makes it so.

A forget gate that stays at s(b) multiplies its cell by s(b) at every step. Its half-life is the
number of steps after which half of the cell is left. s = the logistic function.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor


class ChronoBiases(NamedTuple):
    """Start values for the biases of the input gates and of the forget gates."""

    input: Float[Tensor, " hidden"]
    forget: Float[Tensor, " hidden"]


def half_life(bias: Float[Tensor, " gates"]) -> Float[Tensor, " gates"]:
    """Return the steps k after which a gate of this bias has left half: s(b)^k = 1/2.

    k = ln(1/2) / ln s(b), one number for each bias; it need not be whole.
    """
    ### BEGIN SOLUTION
    return -math.log(2) / torch.nn.functional.logsigmoid(bias)
    ### END SOLUTION


def bias_for(half_life: Float[Tensor, " gates"]) -> Float[Tensor, " gates"]:
    """Return the bias b of a gate with this half-life, the inverse of ``half_life``.

    Precise for half-lives of millions of steps, in float32, too. Raises ValueError unless every
    half-life is above 0.
    """
    ### BEGIN SOLUTION
    if not bool((half_life > 0).all()):
        raise ValueError(f"half-lives must be above 0 steps, got {half_life.tolist()}")
    # s(b) = 2^(-1/k), so b = -ln(2^(1/k) - 1); expm1 keeps the digits where 2^(1/k) is nearly 1.
    return -torch.log(torch.expm1(math.log(2) / half_life))
    ### END SOLUTION


def chrono_biases(hidden_size: int, longest: int) -> ChronoBiases:
    """Return start values for memories of many lengths, up to ``longest`` steps.

    b_f = ln u, u uniform in [1, longest - 1], drawn for each unit by itself;  b_i = -b_f

    A forget gate that stays at s(ln u) = u / (1 + u) forgets over about 1 + u steps, to 1/e; its
    half-life is about 0.69 of that. Raises ValueError for ``longest`` below 2. Source: Tallec &
    Ollivier 2018.
    """
    ### BEGIN SOLUTION
    if longest < 2:
        raise ValueError(f"longest must be at least 2 steps, got {longest}")
    forget = torch.empty(hidden_size).uniform_(1, longest - 1).log()
    return ChronoBiases(input=-forget, forget=forget)
    ### END SOLUTION
