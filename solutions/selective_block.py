"""The selective block, said as plainly as it can be: Mamba's equations and nothing compiled.

The token sets the step size, what is written and what is read. ``selective.Mamba`` is the same
layer with a scan that keeps its states out of memory; the tests hold the two together.

Letters of the equations and names in the code: u = what the short convolution lets through,
z = the output gate, delta = the step size, A, B, C, D = the system, h = the state, N = the
number of states per channel, r = ``rank``.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from solutions.layer import SequenceLayer, check_sequence, check_state, check_token
from solutions.scan import sequential_scan


class SelectiveState(NamedTuple):
    """The last tokens for the short convolution, and the state of every channel."""

    tail: Float[Tensor, "batch past inner"]
    h: Float[Tensor, "batch inner states"]


class SelectiveBlock(SequenceLayer[SelectiveState]):
    """A selective state space model between two projections.

    u, z = W_in x                                    two halves, (..., inner) each
    u(t) = silu(b_c + sum_j w(j) u(t - width + 1 + j))     per channel, j = 0 .. width - 1
    r, B, C = W_s u                                  of ``rank``, ``states`` and ``states`` numbers
    delta = softplus(W_d r + b_d),   A = -exp(log_A)
    h(t) = exp(delta A) h(t-1) + delta u B,   y = C . h(t) + D u
    out = W_out (y * silu(z))

    inner = expand * d_model. x, out: (batch, time, d_model). Raises ValueError or TypeError
    that names the argument whose shape, dtype or device is wrong. Source: Gu & Dao 2023,
    section 3.4, figure 3.
    """

    def __init__(
        self, d_model: int, states: int, expand: int = 2, width: int = 4, rank: int = 1
    ) -> None:
        super().__init__()
        if min(d_model, states, expand, width, rank) < 1:
            raise ValueError(
                "d_model, states, expand, width and rank must be at least 1, "
                f"got {d_model}, {states}, {expand}, {width} and {rank}"
            )
        inner = expand * d_model
        self.d_model, self.states, self.inner = d_model, states, inner
        self.width, self.rank = width, rank
        self.inputs = nn.Linear(d_model, 2 * inner, bias=False)  # W_in
        self.conv_weight = nn.Parameter(torch.empty(width, inner).uniform_(-1, 1) / width**0.5)
        self.conv_bias = nn.Parameter(torch.zeros(inner))
        self.select = nn.Linear(inner, rank + 2 * states, bias=False)  # W_s
        self.step_size = nn.Linear(rank, inner)  # W_d, b_d
        self.log_A = nn.Parameter((torch.arange(states) + 1.0).log().repeat(inner, 1))
        self.D = nn.Parameter(torch.ones(inner))
        self.out = nn.Linear(inner, d_model, bias=False)
        with torch.no_grad():  # softplus(bias) spread evenly, on a log scale, over 0.001 .. 0.1
            delta = 10 ** torch.empty(inner).uniform_(-3, -1)
            self.step_size.bias.copy_(delta + torch.log(-torch.expm1(-delta)))

    def initial_state(self, batch: int) -> SelectiveState:
        """Return zeros: a tail of width - 1 tokens, and h (batch, inner, states)."""
        ### BEGIN SOLUTION
        zeros = self.log_A.new_zeros
        return SelectiveState(
            zeros(batch, self.width - 1, self.inner), zeros(batch, self.inner, self.states)
        )
        ### END SOLUTION

    def system(
        self, u: Float[Tensor, "*time inner"]
    ) -> tuple[
        Float[Tensor, "*time inner"], Float[Tensor, "*time states"], Float[Tensor, "*time states"]
    ]:
        """Return delta, B and C, as the tokens u select them."""
        ### BEGIN SOLUTION
        r, B, C = self.select(u).split((self.rank, self.states, self.states), dim=-1)
        return F.softplus(self.step_size(r)), B, C
        ### END SOLUTION

    def step(
        self, x: Float[Tensor, "batch model"], state: SelectiveState
    ) -> tuple[Float[Tensor, "batch model"], SelectiveState]:
        """Read one token; return its output and the new state."""
        check_token("x", x, self.d_model, like=self.log_A)
        self.check(state, x.shape[0])
        ### BEGIN SOLUTION
        y, state = self.forward(x.unsqueeze(1), state)
        return y.squeeze(1), state
        ### END SOLUTION

    def forward(
        self, x: Float[Tensor, "batch time model"], state: SelectiveState | None = None
    ) -> tuple[Float[Tensor, "batch time model"], SelectiveState]:
        """Read a whole sequence; ``state`` carries on from an earlier chunk."""
        check_sequence("x", x, self.d_model, like=self.log_A)
        state = self.initial_state(x.shape[0]) if state is None else state
        self.check(state, x.shape[0])
        ### BEGIN SOLUTION
        u, z = self.inputs(x).chunk(2, dim=-1)
        recent = torch.cat([state.tail, u], dim=1)
        windows = recent.unfold(1, self.width, 1)  # (batch, time, inner, width)
        u = F.silu((windows * self.conv_weight.T).sum(-1) + self.conv_bias)
        delta, B, C = self.system(u)
        decay = torch.exp(delta.unsqueeze(-1) * -self.log_A.exp())
        h = sequential_scan(decay, (delta * u).unsqueeze(-1) * B.unsqueeze(-2), state.h)
        y = torch.einsum("btin,btn->bti", h, C) + self.D * u
        tail = recent[:, x.shape[1] :]
        return self.out(y * F.silu(z)), SelectiveState(tail, h[:, -1])
        ### END SOLUTION

    def check(self, state: SelectiveState, batch: int) -> None:
        """Raise unless both entries of the state have the right shape, dtype and device."""
        past = (batch, self.width - 1, self.inner)
        check_state("state.tail", state.tail, past, like=self.log_A)
        check_state("state.h", state.h, (batch, self.inner, self.states), like=self.log_A)
