"""Mamba: a state space model whose step size, input and output maps depend on the token.

A fixed filter treats every token alike. Here the token sets the step size delta: a large one
makes the state forget and write, a small one makes it ignore the token. The kernel of a
convolution no longer exists, but the recurrence still is a scan (selective_scan.py).

Letters of the equations and names in the code: x = the channels' input, delta = the step
size, A, B, C, D = the system, h = the state, N = the number of states per channel, z = the
output gate.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from solutions.checking import check_kind
from solutions.layer import SequenceLayer, check_sequence, check_state, check_token
from solutions.selective_scan import selective_scan


def short_convolution(
    x: Float[Tensor, "batch time dim"],
    tail: Float[Tensor, "batch past dim"],
    weight: Float[Tensor, "width dim"],
    bias: Float[Tensor, " dim"],
) -> tuple[Float[Tensor, "batch time dim"], Float[Tensor, "batch past dim"]]:
    """Return y(t) = b + sum_j w(j) x(t - width + 1 + j) per feature, and the new tail.

    ``tail`` holds the last width - 1 tokens before x (zeros at the start of a sequence).
    """
    time, width = x.shape[1], weight.shape[0]
    padded = torch.cat([tail, x], dim=1)
    y = bias + sum(weight[j] * padded[:, j : j + time] for j in range(width))
    return y, padded[:, time:]


class MambaState(NamedTuple):
    """The last tokens for the short convolution, and the state of the SSM."""

    tail: Float[Tensor, "batch past inner"]
    h: Float[Tensor, "batch inner states"]


class Mamba(SequenceLayer[MambaState]):
    """The Mamba block, without the residual connection and norm around it.

    x, z = W_in u                              split into (batch, time, inner) each
    x = silu(conv(x))                          causal, ``width`` tokens, per channel
    d, B, C = W_x x                            d of ``rank`` numbers, B and C of ``states``
    delta = softplus(W_d d + b_d)
    h(t) = exp(delta A) h(t-1) + delta x B,   y = C . h + D x,   A = -exp(log_A) < 0
    out = W_out (y * silu(z))

    inner = expand * d_model. A starts at -1 .. -N in every channel, delta between 0.001 and
    0.1. u, out: (batch, time, d_model). Memory for training is linear in time. Raises
    ValueError or TypeError that names the argument (``x`` for u) whose shape, dtype or
    device is wrong. Source: Gu & Dao 2023, section 3.4, figure 3.
    """

    def __init__(
        self,
        d_model: int,
        states: int = 16,
        expand: int = 2,
        width: int = 4,
        rank: int | None = None,
    ) -> None:
        super().__init__()
        rank = math.ceil(d_model / 16) if rank is None else rank
        if min(d_model, states, expand, width, rank) < 1:
            raise ValueError(
                "d_model, states, expand, width and rank must be at least 1, "
                f"got {d_model}, {states}, {expand}, {width} and {rank}"
            )
        inner = expand * d_model
        self.d_model, self.states, self.inner = d_model, states, inner
        self.split = (rank, states, states)
        self.inputs = nn.Linear(d_model, 2 * inner, bias=False)
        self.conv_weight = nn.Parameter(torch.empty(width, inner).uniform_(-1, 1) / width**0.5)
        self.conv_bias = nn.Parameter(torch.zeros(inner))
        self.select = nn.Linear(inner, rank + 2 * states, bias=False)
        self.step_size = nn.Linear(rank, inner)
        self.log_A = nn.Parameter((torch.arange(states) + 1.0).log().repeat(inner, 1))
        self.D = nn.Parameter(torch.ones(inner))
        self.out = nn.Linear(inner, d_model, bias=False)
        with torch.no_grad():  # softplus(bias) spread evenly, on a log scale, over 0.001 .. 0.1
            delta = 10 ** torch.empty(inner).uniform_(-3, -1)
            self.step_size.bias.copy_(delta + torch.log(-torch.expm1(-delta)))

    def initial_state(self, batch: int) -> MambaState:
        """Return zeros: a tail of width - 1 tokens, and h (batch, inner, states)."""
        zeros = self.log_A.new_zeros
        return MambaState(
            zeros(batch, self.conv_weight.shape[0] - 1, self.inner),
            zeros(batch, self.inner, self.states),
        )

    def step(
        self, x: Float[Tensor, "batch model"], state: MambaState
    ) -> tuple[Float[Tensor, "batch model"], MambaState]:
        """Read one token: one step of the convolution, one step of the recurrence."""
        check_token("x", x, self.d_model, like=self.log_A)
        self._check_state(state, x.shape[0])
        u, z = self.inputs(x).chunk(2, dim=-1)
        recent = torch.cat([state.tail, u.unsqueeze(1)], dim=1)
        u = F.silu((self.conv_weight * recent).sum(1) + self.conv_bias)
        delta, A, B, C = self._system(u)
        decay = (delta.unsqueeze(-1) * A).exp()
        h = decay * state.h + (delta * u).unsqueeze(-1) * B.unsqueeze(1)
        y = (h @ C.unsqueeze(-1)).squeeze(-1) + self.D * u
        return self.out(y * F.silu(z)), MambaState(recent[:, 1:], h)

    def forward(
        self, x: Float[Tensor, "batch time model"], state: MambaState | None = None
    ) -> tuple[Float[Tensor, "batch time model"], MambaState]:
        """Read a whole sequence as one selective scan; ``state`` carries on."""
        check_sequence("x", x, self.d_model, like=self.log_A)
        state = self.initial_state(x.shape[0]) if state is None else state
        self._check_state(state, x.shape[0])
        u, z = self.inputs(x).chunk(2, dim=-1)
        u, tail = short_convolution(u, state.tail, self.conv_weight, self.conv_bias)
        u = F.silu(u)
        delta, A, B, C = self._system(u)
        y, h = selective_scan(u, delta, A, B, C, state.h)
        return self.out((y + self.D * u) * F.silu(z)), MambaState(tail, h)

    def _system(self, u: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return delta, A, B and C as the tokens u (..., inner) select them."""
        low_rank, B, C = self.select(u).split(self.split, dim=-1)
        delta = F.softplus(self.step_size(low_rank))
        # Under autocast the products are in half precision; the recurrence is not.
        return delta.to(u.dtype), -self.log_A.exp(), B.to(u.dtype), C.to(u.dtype)

    def _check_state(self, state: MambaState, batch: int) -> None:
        check_kind(state, MambaState)
        past = self.conv_weight.shape[0] - 1
        check_state("state.tail", state.tail, (batch, past, self.inner), self.log_A)
        check_state("state.h", state.h, (batch, self.inner, self.states), self.log_A)
