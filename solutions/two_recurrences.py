"""Two recurrences of the 2020s that are small enough to write in an hour: take one.

What each is made of stands in a class of its own, `MinGRUParts` and `DeltaParts`; a layer
inherits one of them and writes the equations. `Recurrent` here is the minGRU.

Letters of the equations and names in the code: z = the gate, c = ``candidate``, h = the state;
q, k, v = query, key and value, beta = ``write``, alpha = ``keep``, S = the memory.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from solutions.layer import SequenceLayer, check_sequence, check_state, check_token
from solutions.scan import sequential_scan


class VectorState(NamedTuple):
    """What a minGRU remembers: one vector."""

    h: Float[Tensor, "batch hidden"]


class MatrixState(NamedTuple):
    """What the gated delta rule remembers: one matrix, a row for each feature of a key."""

    S: Float[Tensor, "batch key value"]


class MinGRUParts(SequenceLayer[VectorState]):
    """The parts of a minGRU: two linear maps.

    z(t) = sigmoid(W_z x + b_z),   c(t) = W_c x + b_c
    h(t) = (1 - z(t)) h(t-1) + z(t) c(t),   y(t) = h(t)

    x: (batch, time, d_model), y: (batch, time, hidden). Source: Feng et al. 2024, section 3.1.
    """

    kind = "minGRU"

    def __init__(self, d_model: int, hidden: int) -> None:
        super().__init__()
        if min(d_model, hidden) < 1:
            raise ValueError(f"sizes must be at least 1, got {d_model} and {hidden}")
        self.d_model, self.hidden = d_model, hidden
        self.update = nn.Linear(d_model, hidden)  # W_z, b_z
        self.candidate = nn.Linear(d_model, hidden)  # W_c, b_c

    def initial_state(self, batch: int) -> VectorState:
        """Return zeros, (batch, hidden)."""
        return VectorState(self.update.weight.new_zeros(batch, self.hidden))

    def check(self, state: VectorState, batch: int) -> None:
        """Raise unless the state has the right shape, dtype and device."""
        check_state("state.h", state.h, (batch, self.hidden), like=self.update.weight)


class DeltaParts(SequenceLayer[MatrixState]):
    """The parts of one memory that writes by the gated delta rule: six linear maps.

    q(t) = W_q x / |W_q x|,   k(t) = W_k x / |W_k x|,   v(t) = W_v x
    beta(t) = sigmoid(w_b . x + b_b),   alpha(t) = sigmoid(w_a . x + b_a)      one number each
    S(t) = alpha(t) S(t-1) + beta(t) k(t) (v(t) - alpha(t) S(t-1)^T k(t))^T
    y(t) = W_o S(t)^T q(t)

    x, y: (batch, time, d_model); q and k have ``keys`` features, v has d_model. Source: Yang,
    Kautz & Hatamizadeh 2025, eq. (10); one head, without their convolutions, norm and gate.
    """

    kind = "gated delta rule"

    def __init__(self, d_model: int, keys: int) -> None:
        super().__init__()
        if min(d_model, keys) < 1:
            raise ValueError(f"sizes must be at least 1, got {d_model} and {keys}")
        self.d_model, self.keys = d_model, keys
        self.query = nn.Linear(d_model, keys, bias=False)  # W_q
        self.key = nn.Linear(d_model, keys, bias=False)  # W_k
        self.value = nn.Linear(d_model, d_model, bias=False)  # W_v
        self.write = nn.Linear(d_model, 1)  # w_b, b_b: beta
        self.keep = nn.Linear(d_model, 1)  # w_a, b_a: alpha
        self.out = nn.Linear(d_model, d_model, bias=False)  # W_o

    def initial_state(self, batch: int) -> MatrixState:
        """Return an empty memory: zeros, (batch, keys, d_model)."""
        return MatrixState(self.key.weight.new_zeros(batch, self.keys, self.d_model))

    def check(self, state: MatrixState, batch: int) -> None:
        """Raise unless the state has the right shape, dtype and device."""
        check_state("state.S", state.S, (batch, self.keys, self.d_model), like=self.key.weight)


class Recurrent(MinGRUParts):
    """One of two recurrences: inherits MinGRUParts or DeltaParts, which holds its equations."""

    def step(
        self, x: Float[Tensor, "batch model"], state: VectorState
    ) -> tuple[Float[Tensor, "batch out"], VectorState]:
        """Read one token; return its output and the new state."""
        check_token("x", x, self.d_model, like=next(self.parameters()))
        self.check(state, x.shape[0])
        ### BEGIN SOLUTION
        z = torch.sigmoid(self.update(x))
        h = (1 - z) * state.h + z * self.candidate(x)
        return h, VectorState(h)
        ### END SOLUTION

    def forward(
        self, x: Float[Tensor, "batch time model"], state: VectorState | None = None
    ) -> tuple[Float[Tensor, "batch time out"], VectorState]:
        """Read a whole sequence; ``state`` carries on from an earlier chunk."""
        check_sequence("x", x, self.d_model, like=next(self.parameters()))
        state = self.initial_state(x.shape[0]) if state is None else state
        self.check(state, x.shape[0])
        ### BEGIN SOLUTION
        z = torch.sigmoid(self.update(x))
        h = sequential_scan(1 - z, z * self.candidate(x), state.h)
        return h, VectorState(h[:, -1])
        ### END SOLUTION
