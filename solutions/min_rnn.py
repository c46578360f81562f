"""Recurrent layers whose gates do not look at the state, so that time can run in parallel.

A GRU's gates read h(t-1), so step t has to wait for step t-1. Take that away and what is left
is h(t) = a(t) h(t-1) + b(t) with a and b known for the whole sequence at once: a scan.

Letters of the equations and names in the code: z, f, i = the gates, c = ``candidate`` (the
paper's h with a tilde), h = the state, W = the weight of each ``nn.Linear``.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from solutions.checking import check_kind, single
from solutions.layer import SequenceLayer, check_sequence, check_state, check_token
from solutions.scan import log_space_scan, scan


class MinRNNState(NamedTuple):
    """All that minGRU and minLSTM remember: one vector per sequence."""

    h: Float[Tensor, "batch hidden"]


def positive(x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return g(x) = x + 1/2 for x >= 0, sigmoid(x) below: positive, continuous, slope near 1."""
    # The clamp keeps the branch that is not taken from overflowing in the backward pass.
    return torch.where(x >= 0, x.clamp(min=0) + 0.5, torch.sigmoid(x))


def log_positive(x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return log g(x), exact where g(x) itself would round to 0."""
    return torch.where(x >= 0, (x.clamp(min=0) + 0.5).log(), F.logsigmoid(x))


class MinRNN(SequenceLayer[MinRNNState]):
    """What minGRU and minLSTM share: h(t) = a(t) h(t-1) + w(t) c(t) with weights a and w.

    A subclass says how the input sets the weights, in ``log_weights``. With ``log_space`` the
    candidate is c = g(W_c x) > 0, h(0) = g(0) = 1/2, and ``forward`` works on logarithms, as the
    paper's code does; without, c = W_c x, h(0) = 0, and ``forward`` is the plain scan. The
    logarithms keep a product of gates from underflowing, which the scan never forms; what they
    cost is precision, more with every step (see ``log_space_scan``).
    """

    def __init__(self, input_size: int, hidden_size: int, log_space: bool = False) -> None:
        super().__init__()
        if input_size < 1 or hidden_size < 1:
            raise ValueError(f"sizes must be at least 1, got {input_size} and {hidden_size}")
        self.input_size, self.hidden_size = input_size, hidden_size
        self.log_space = log_space
        self.candidate = nn.Linear(input_size, hidden_size)

    def log_weights(
        self, x: Float[Tensor, "*time input"]
    ) -> tuple[Float[Tensor, "*time hidden"], Float[Tensor, "*time hidden"]]:
        """Return log a and log w, the shares of the old state and of the candidate."""
        raise NotImplementedError

    def initial_state(self, batch: int) -> MinRNNState:
        """Return (batch, hidden) of zeros, or of g(0) = 1/2 in log space."""
        start = 0.5 if self.log_space else 0.0
        return MinRNNState(self.candidate.weight.new_full((batch, self.hidden_size), start))

    def step(
        self, x: Float[Tensor, "batch input"], state: MinRNNState
    ) -> tuple[Float[Tensor, "batch hidden"], MinRNNState]:
        """Read one token; return its output, which is also the new state."""
        check_token("x", x, self.input_size, like=self.candidate.weight)
        self._check_state(state, x.shape[0])
        candidate = self.candidate(x)
        if self.log_space:
            candidate = positive(candidate)
        log_a, log_w = self.log_weights(x)
        h = log_a.exp() * state.h + log_w.exp() * candidate
        return h, MinRNNState(h)

    def forward(
        self, x: Float[Tensor, "batch time input"], state: MinRNNState | None = None
    ) -> tuple[Float[Tensor, "batch time hidden"], MinRNNState]:
        """Read a whole sequence as one scan; ``state`` carries on from an earlier chunk."""
        check_sequence("x", x, self.input_size, like=self.candidate.weight)
        state = self.initial_state(x.shape[0]) if state is None else state
        self._check_state(state, x.shape[0])
        given, exact = state.h.dtype, single(state.h.dtype)  # sums over time: float32 at least
        parts = (*self.log_weights(x), self.candidate(x), state.h)
        log_a, log_w, candidate, h0 = (part.to(exact) for part in parts)
        if self.log_space:
            h = log_space_scan(log_a, log_w + log_positive(candidate), h0.log())
        else:
            h = scan(log_a.exp(), log_w.exp() * candidate, h0)
        h = h.to(given)
        return h, MinRNNState(h[:, -1])

    def _check_state(self, state: MinRNNState, batch: int) -> None:
        check_kind(state, MinRNNState)
        check_state("state.h", state.h, (batch, self.hidden_size), self.candidate.weight)


class MinGRU(MinRNN):
    """A GRU without reset gate whose update gate reads only the input.

    z(t) = sigmoid(W_z x(t) + b_z),   c(t) = W_c x(t) + b_c
    h(t) = (1 - z(t)) h(t-1) + z(t) c(t),   y(t) = h(t)

    x: (batch, time, input), y: (batch, time, hidden), state: MinRNNState of (batch, hidden).
    Raises ValueError or TypeError that names the argument whose shape, dtype or device is
    wrong. Source: Feng et al. 2024, section 3.1; ``log_space``: their appendix B.
    """

    def __init__(self, input_size: int, hidden_size: int, log_space: bool = False) -> None:
        super().__init__(input_size, hidden_size, log_space)
        self.update = nn.Linear(input_size, hidden_size)

    def log_weights(
        self, x: Float[Tensor, "*time input"]
    ) -> tuple[Float[Tensor, "*time hidden"], Float[Tensor, "*time hidden"]]:
        """Return log(1 - z) and log z, both from logsigmoid: 1 - sigmoid(k) = sigmoid(-k)."""
        k = self.update(x)
        return F.logsigmoid(-k), F.logsigmoid(k)


class MinLSTM(MinRNN):
    """An LSTM whose gates read only the input and are scaled to sum to 1.

    f(t) = sigmoid(W_f x(t) + b_f),   i(t) = sigmoid(W_i x(t) + b_i),   c(t) = W_c x(t) + b_c
    h(t) = f/(f+i) h(t-1) + i/(f+i) c(t),   y(t) = h(t)

    x: (batch, time, input), y: (batch, time, hidden), state: MinRNNState of (batch, hidden).
    Raises ValueError or TypeError that names the argument whose shape, dtype or device is
    wrong. Source: Feng et al. 2024, section 3.2; ``log_space``: their appendix B.
    """

    def __init__(self, input_size: int, hidden_size: int, log_space: bool = False) -> None:
        super().__init__(input_size, hidden_size, log_space)
        self.forget = nn.Linear(input_size, hidden_size)
        self.input = nn.Linear(input_size, hidden_size)

    def log_weights(
        self, x: Float[Tensor, "*time input"]
    ) -> tuple[Float[Tensor, "*time hidden"], Float[Tensor, "*time hidden"]]:
        """Return log f/(f+i) and log i/(f+i), from f/(f+i) = sigmoid(log f - log i)."""
        k = F.logsigmoid(self.forget(x)) - F.logsigmoid(self.input(x))
        return F.logsigmoid(k), F.logsigmoid(-k)
