"""Recurrent networks without gates: what they compute, how they learn, where they stop.

Letters of the equations and names in the code: W = ``weight_ih`` (hidden, input),
U = ``weight_hh`` (hidden, hidden), b = ``bias`` (hidden), h = the state, f = tanh or ReLU.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from solutions.layer import SequenceLayer, check_sequence, check_state, check_token, unroll


class RNNState(NamedTuple):
    """All that a recurrent layer remembers: one vector per sequence."""

    h: Float[Tensor, "batch hidden"]


class RNNCell(nn.Module):
    """One step of a simple recurrent network.

    h(t) = f(W x(t) + U h(t-1) + b)

    ``weight_ih`` is W (hidden, input), ``weight_hh`` is U (hidden, hidden), ``bias`` is b
    (hidden); all start uniform in [-1/sqrt(hidden), 1/sqrt(hidden)]. ``nonlinearity`` is
    "tanh" or "relu". Source: Elman 1990, with the logistic unit replaced by tanh.

    Raises ValueError for sizes below 1 or an unknown nonlinearity.
    """

    def __init__(self, input_size: int, hidden_size: int, nonlinearity: str = "tanh") -> None:
        super().__init__()
        if input_size < 1 or hidden_size < 1:
            raise ValueError(f"sizes must be at least 1, got {input_size} and {hidden_size}")
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"nonlinearity must be 'tanh' or 'relu', got {nonlinearity!r}")
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.nonlinearity = nonlinearity
        ### BEGIN SOLUTION
        bound = 1 / math.sqrt(hidden_size)
        self.weight_ih = nn.Parameter(torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.weight_hh = nn.Parameter(torch.empty(hidden_size, hidden_size).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        ### END SOLUTION

    def forward(
        self, x: Float[Tensor, "batch input"], h: Float[Tensor, "batch hidden"]
    ) -> Float[Tensor, "batch hidden"]:
        """Return the new hidden state h(t) from the input x(t) and the old state h(t-1)."""
        ### BEGIN SOLUTION
        a = x @ self.weight_ih.T + h @ self.weight_hh.T + self.bias
        return torch.tanh(a) if self.nonlinearity == "tanh" else torch.relu(a)
        ### END SOLUTION


class RNN(SequenceLayer[RNNState]):
    """A layer of recurrent units: the cell, repeated over time. Its output is its state.

    y(t) = h(t) = f(W x(t) + U h(t-1) + b),   h(0) = 0

    x: (batch, time, input), y: (batch, time, hidden), state: RNNState of (batch, hidden).
    Raises ValueError or TypeError that names the argument whose shape, dtype or device is
    wrong. Source: Elman 1990.
    """

    def __init__(self, input_size: int, hidden_size: int, nonlinearity: str = "tanh") -> None:
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size
        self.cell = RNNCell(input_size, hidden_size, nonlinearity)

    def initial_state(self, batch: int) -> RNNState:
        """Return zeros of shape (batch, hidden), in the dtype and on the device of the weights."""
        ### BEGIN SOLUTION
        return RNNState(self.cell.weight_hh.new_zeros(batch, self.hidden_size))
        ### END SOLUTION

    def step(
        self, x: Float[Tensor, "batch input"], state: RNNState
    ) -> tuple[Float[Tensor, "batch hidden"], RNNState]:
        """Read one token; return its output and the new state."""
        check_token("x", x, self.input_size, like=self.cell.weight_ih)
        check_state("state.h", state.h, (x.shape[0], self.hidden_size), self.cell.weight_hh)
        ### BEGIN SOLUTION
        h = self.cell(x, state.h)
        return h, RNNState(h)
        ### END SOLUTION

    def forward(
        self, x: Float[Tensor, "batch time input"], state: RNNState | None = None
    ) -> tuple[Float[Tensor, "batch time hidden"], RNNState]:
        """Read a whole sequence; ``state`` carries on from an earlier chunk (None: the start)."""
        check_sequence("x", x, self.input_size, like=self.cell.weight_ih)
        state = self.initial_state(x.shape[0]) if state is None else state
        check_state("state.h", state.h, (x.shape[0], self.hidden_size), self.cell.weight_hh)
        ### BEGIN SOLUTION
        h = state.h
        outputs = []
        # unbind, not x[:, t]: the backward pass of T slices costs T**2.
        for x_t in x.unbind(dim=1):
            h = self.cell(x_t, h)
            outputs.append(h)
        return torch.stack(outputs, dim=1), RNNState(h)
        ### END SOLUTION


class JordanState(NamedTuple):
    """A Jordan net remembers its last output, not its hidden units."""

    y: Float[Tensor, "batch output"]


class JordanRNN(SequenceLayer[JordanState]):
    """A recurrent net whose output, not its hidden layer, is fed back.

    h(t) = tanh(W x(t) + U y(t-1) + b),   y(t) = sigmoid(V h(t) + c),   y(0) = 0

    x: (batch, time, input), y: (batch, time, output). Source: Jordan 1986 (without the
    decaying self-connections of the state units).
    """

    def __init__(self, input_size: int, hidden_size: int, output_size: int) -> None:
        super().__init__()
        if min(input_size, hidden_size, output_size) < 1:
            raise ValueError(
                f"sizes must be at least 1, got {input_size}, {hidden_size} and {output_size}"
            )
        self.input_size, self.output_size = input_size, output_size
        self.input = nn.Linear(input_size, hidden_size)
        self.feedback = nn.Linear(output_size, hidden_size, bias=False)
        self.output = nn.Linear(hidden_size, output_size)

    def initial_state(self, batch: int) -> JordanState:
        """Return an output of zeros, (batch, output), in the dtype and device of the weights."""
        return JordanState(self.output.weight.new_zeros(batch, self.output_size))

    def step(
        self, x: Float[Tensor, "batch input"], state: JordanState
    ) -> tuple[Float[Tensor, "batch output"], JordanState]:
        """Read one token; return its output, which is also the new state."""
        check_token("x", x, self.input_size, like=self.input.weight)
        check_state("state.y", state.y, (x.shape[0], self.output_size), self.output.weight)
        h = torch.tanh(self.input(x) + self.feedback(state.y))
        y = torch.sigmoid(self.output(h)).to(state.y.dtype)  # which torch.autocast leaves alone
        return y, JordanState(y)

    def forward(
        self, x: Float[Tensor, "batch time input"], state: JordanState | None = None
    ) -> tuple[Float[Tensor, "batch time output"], JordanState]:
        """Read a whole sequence; ``state`` carries on from an earlier chunk."""
        check_sequence("x", x, self.input_size, like=self.input.weight)
        return unroll(self, x, state)


class BPTTGradients(NamedTuple):
    """Gradients of the loss by everything that a tanh layer was given."""

    x: Float[Tensor, "batch time input"]
    h0: Float[Tensor, "batch hidden"]
    weight_ih: Float[Tensor, "hidden input"]
    weight_hh: Float[Tensor, "hidden hidden"]
    bias: Float[Tensor, " hidden"]


def bptt(
    x: Float[Tensor, "batch time input"],
    h0: Float[Tensor, "batch hidden"],
    h: Float[Tensor, "batch time hidden"],
    weight_ih: Float[Tensor, "hidden input"],
    weight_hh: Float[Tensor, "hidden hidden"],
    grad_h: Float[Tensor, "batch time hidden"],
) -> BPTTGradients:
    """Back-propagate through time by hand, for a tanh layer: h(t) = tanh(W x(t) + U h(t-1) + b).

    ``h`` holds the states of the forward pass, ``h0`` the state before the first token, and
    ``grad_h[:, t]`` is dL/dh(t) as it arrives from above (the loss at step t only). Going
    back from the last step, with e(t) the whole error at h(t) and d(t) the error at the net
    input:

        e(t) = dL/dh(t) + U^T d(t+1)          d(t) = e(t) * (1 - h(t)^2)
        dL/dW = sum_t d(t) x(t)^T             dL/dU = sum_t d(t) h(t-1)^T
        dL/db = sum_t d(t)                    dL/dx(t) = W^T d(t),   dL/dh(0) = U^T d(1)

    Sums run over the batch too. Source: Werbos 1990; Williams & Zipser 1995, section 3.
    """
    ### BEGIN SOLUTION
    previous = torch.cat([h0.unsqueeze(1), h[:, :-1]], dim=1)
    carried = torch.zeros_like(h0)  # U^T d(t+1): what comes back from the future
    deltas: list[Tensor] = []
    for h_t, grad_t in zip(reversed(h.unbind(1)), reversed(grad_h.unbind(1)), strict=True):
        delta = (grad_t + carried) * (1 - h_t**2)
        carried = delta @ weight_hh
        deltas.append(delta)
    d = torch.stack(deltas[::-1], dim=1)
    return BPTTGradients(
        x=d @ weight_ih,
        h0=carried,
        weight_ih=torch.einsum("bth,bti->hi", d, x),
        weight_hh=torch.einsum("bth,btk->hk", d, previous),
        bias=d.sum(dim=(0, 1)),
    )
    ### END SOLUTION


def jacobian_norms(
    h: Float[Tensor, "time hidden"], weight_hh: Float[Tensor, "hidden hidden"]
) -> Float[Tensor, " time"]:
    """Return how far error travels in a tanh layer: the norm of dh(T)/dh(T-k) for k = 0 .. T-1.

    With h(1) .. h(T) the states of one sequence, the Jacobian over k steps is a product

        dh(T)/dh(T-k) = J(T) J(T-1) ... J(T-k+1),   J(t) = diag(1 - h(t)^2) U

    Entry k of the result is its largest singular value (the spectral norm); entry 0 is 1.
    Source: Hochreiter 1991; Pascanu, Mikolov & Bengio 2013, eq. (5).
    """
    ### BEGIN SOLUTION
    product = torch.eye(h.shape[1], dtype=h.dtype, device=h.device)
    norms = [torch.linalg.matrix_norm(product, ord=2)]
    for h_t in h.flip(0)[:-1]:
        product = product @ ((1 - h_t**2).unsqueeze(1) * weight_hh)
        norms.append(torch.linalg.matrix_norm(product, ord=2))
    return torch.stack(norms)
    ### END SOLUTION


def orthogonal_start(layer: RNN, gain: float = 1.0) -> RNN:
    """Set U to ``gain`` times a random orthogonal matrix and b to zero; return the layer.

    Every singular value of U is then ``gain``: in its linear range the layer neither shrinks
    nor grows error. Source: Saxe, McClelland & Ganguli 2014.
    """
    nn.init.orthogonal_(layer.cell.weight_hh, gain=gain)
    nn.init.zeros_(layer.cell.bias)
    return layer


def identity_start(layer: RNN, scale: float = 1.0) -> RNN:
    """Set U to ``scale`` times the identity and b to zero; return the layer.

    With ReLU units and scale 1 the layer starts as one that copies its state and adds its
    input (the IRNN). Source: Le, Jaitly & Hinton 2015.
    """
    with torch.no_grad():
        layer.cell.weight_hh.copy_(scale * torch.eye(layer.cell.hidden_size))
        nn.init.zeros_(layer.cell.bias)
    return layer
