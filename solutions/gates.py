"""Gated recurrent layers: the LSTM with forget gate and its kin, and the GRU.

Letters of the equations and names in the code: x = input, h = output of the hidden units,
c = the cells' states, i, f, o = input, forget and output gate, g = what is written to the
cells, r, z, n = reset gate, update gate and candidate; s = the logistic function, * goes
entry by entry. ``weight_ih`` holds all W of a layer one below the other, ``weight_hh`` all U,
``bias`` all b, in the order of the equations. Everything starts uniform in
[-1/sqrt(hidden), 1/sqrt(hidden)].
"""

from __future__ import annotations

import math
from typing import NamedTuple, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from solutions.layer import SequenceLayer, check_sequence, check_state, check_token


class LSTMState(NamedTuple):
    """What an LSTM remembers: its last output and its cells."""

    h: Float[Tensor, "batch hidden"]
    c: Float[Tensor, "batch hidden"]


class GRUState(NamedTuple):
    """What a GRU remembers: its last output."""

    h: Float[Tensor, "batch hidden"]


def _start(hidden_size: int, *shape: int) -> nn.Parameter:
    bound = 1 / math.sqrt(hidden_size)
    return nn.Parameter(torch.empty(*shape).uniform_(-bound, bound))


def _check_sizes(input_size: int, hidden_size: int) -> None:
    if input_size < 1 or hidden_size < 1:
        raise ValueError(f"sizes must be at least 1, got {input_size} and {hidden_size}")


class LSTMCell(nn.Module):
    """One step of the LSTM with forget gate.

    i(t) = s(W_i x(t) + U_i h(t-1) + b_i)       f(t) = s(W_f x(t) + U_f h(t-1) + b_f)
    g(t) = tanh(W_g x(t) + U_g h(t-1) + b_g)    o(t) = s(W_o x(t) + U_o h(t-1) + b_o)
    c(t) = f(t) * c(t-1) + i(t) * g(t)          h(t) = o(t) * tanh(c(t))

    ``weight_ih`` (4 hidden, input), ``weight_hh`` (4 hidden, hidden) and ``bias`` (4 hidden)
    are stacked i, f, g, o, as in torch.nn.LSTMCell (whose two biases count only by their
    sum). ``forget_bias``, where given, is the start value of b_f; 1 lets error pass from the
    first day. Raises ValueError for sizes below 1. Sources: Hochreiter & Schmidhuber 1997;
    Gers, Schmidhuber & Cummins 2000 (forget gate; no peepholes).
    """

    nets = 4  # net inputs per hidden unit
    forget = 1  # the forget gate's place among them

    def __init__(self, input_size: int, hidden_size: int, forget_bias: float | None = None) -> None:
        super().__init__()
        _check_sizes(input_size, hidden_size)
        self.input_size, self.hidden_size = input_size, hidden_size
        self.weight_ih = _start(hidden_size, self.nets * hidden_size, input_size)
        self.weight_hh = _start(hidden_size, self.nets * hidden_size, hidden_size)
        self.bias = _start(hidden_size, self.nets * hidden_size)
        if forget_bias is not None:
            ### BEGIN SOLUTION
            start = self.forget * hidden_size
            self.bias.data[start : start + hidden_size] = forget_bias
            ### END SOLUTION

    def forward(
        self,
        x: Float[Tensor, "batch input"],
        h: Float[Tensor, "batch hidden"],
        c: Float[Tensor, "batch hidden"],
    ) -> tuple[Float[Tensor, "batch hidden"], Float[Tensor, "batch hidden"]]:
        """Return h(t) and c(t) from the input x(t) and the old h(t-1) and c(t-1)."""
        return self.advance(x @ self.weight_ih.T + self.bias, h, c)

    def advance(
        self,
        net: Float[Tensor, "batch nets"],
        h: Float[Tensor, "batch hidden"],
        c: Float[Tensor, "batch hidden"],
    ) -> tuple[Float[Tensor, "batch hidden"], Float[Tensor, "batch hidden"]]:
        """Return h(t) and c(t), given W x(t) + b of all net inputs."""
        ### BEGIN SOLUTION
        i, f, g, o = torch.addmm(net, h, self.weight_hh.T).chunk(4, dim=1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c), c
        ### END SOLUTION


class PeepholeLSTMCell(LSTMCell):
    """One step of the LSTM whose gates see the cells they guard.

    i(t) = s(W_i x(t) + U_i h(t-1) + p_i * c(t-1) + b_i)
    f(t) = s(W_f x(t) + U_f h(t-1) + p_f * c(t-1) + b_f)
    o(t) = s(W_o x(t) + U_o h(t-1) + p_o * c(t)   + b_o)       g, c and h as in LSTMCell

    The output gate sees the new cells, the others the old ones. ``peephole`` (3, hidden) holds
    p_i, p_f and p_o. Source: Gers, Schraudolph & Schmidhuber 2002.
    """

    def __init__(self, input_size: int, hidden_size: int, forget_bias: float | None = None) -> None:
        super().__init__(input_size, hidden_size, forget_bias)
        self.peephole = _start(hidden_size, 3, hidden_size)

    def advance(
        self,
        net: Float[Tensor, "batch nets"],
        h: Float[Tensor, "batch hidden"],
        c: Float[Tensor, "batch hidden"],
    ) -> tuple[Float[Tensor, "batch hidden"], Float[Tensor, "batch hidden"]]:
        """Return h(t) and c(t), given W x(t) + b of all net inputs."""
        ### BEGIN SOLUTION
        i, f, g, o = torch.addmm(net, h, self.weight_hh.T).chunk(4, dim=1)
        p_i, p_f, p_o = self.peephole.unbind(0)
        c = torch.sigmoid(f + p_f * c) * c + torch.sigmoid(i + p_i * c) * torch.tanh(g)
        return torch.sigmoid(o + p_o * c) * torch.tanh(c), c
        ### END SOLUTION


class CoupledLSTMCell(LSTMCell):
    """One step of the LSTM that writes exactly as much as it forgets.

    c(t) = f(t) * c(t-1) + (1 - f(t)) * g(t)                  f, g, o and h as in LSTMCell

    There is no input gate: weights and bias are stacked f, g, o (3 hidden). The cells stay in
    [-1, 1]. Source: Greff et al. 2017, the variant CIFG.
    """

    nets = 3
    forget = 0

    def advance(
        self,
        net: Float[Tensor, "batch nets"],
        h: Float[Tensor, "batch hidden"],
        c: Float[Tensor, "batch hidden"],
    ) -> tuple[Float[Tensor, "batch hidden"], Float[Tensor, "batch hidden"]]:
        """Return h(t) and c(t), given W x(t) + b of all net inputs."""
        f, g, o = torch.addmm(net, h, self.weight_hh.T).chunk(3, dim=1)
        keep = torch.sigmoid(f)
        c = keep * c + (1 - keep) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c), c


class LSTM(SequenceLayer[LSTMState]):
    """A layer of LSTM cells with forget gate: ``LSTMCell`` repeated over time.

    Its equations stand in ``LSTMCell``; h(0) = c(0) = 0. x: (batch, time, input),
    y(t) = h(t): (batch, time, hidden), state: h and c, each (batch, hidden). Raises
    ValueError or TypeError naming the argument that is wrong.
    """

    cell_type: type[LSTMCell] = LSTMCell

    def __init__(self, input_size: int, hidden_size: int, forget_bias: float | None = None) -> None:
        super().__init__()
        self.cell = self.cell_type(input_size, hidden_size, forget_bias)

    def initial_state(self, batch: int) -> LSTMState:
        """Return zeros: h and c, each (batch, hidden)."""
        ### BEGIN SOLUTION
        zeros = self.cell.weight_hh.new_zeros(batch, self.cell.hidden_size)
        return LSTMState(zeros, zeros.clone())
        ### END SOLUTION

    def step(
        self, x: Float[Tensor, "batch input"], state: LSTMState
    ) -> tuple[Float[Tensor, "batch hidden"], LSTMState]:
        """Read one token; return its output and the new state."""
        check_token("x", x, self.cell.input_size, like=self.cell.weight_ih)
        self._check_state(state, x.shape[0])
        ### BEGIN SOLUTION
        h, c = self.cell(x, state.h, state.c)
        return h, LSTMState(h, c)
        ### END SOLUTION

    def forward(
        self, x: Float[Tensor, "batch time input"], state: LSTMState | None = None
    ) -> tuple[Float[Tensor, "batch time hidden"], LSTMState]:
        """Read a whole sequence; ``state`` carries on from an earlier chunk."""
        check_sequence("x", x, self.cell.input_size, like=self.cell.weight_ih)
        state = self.initial_state(x.shape[0]) if state is None else state
        self._check_state(state, x.shape[0])
        ### BEGIN SOLUTION
        h, c = state
        # The inputs' part of every net input in one product: only U h(t-1) has to wait.
        net = x.transpose(0, 1) @ self.cell.weight_ih.T + self.cell.bias
        outputs = []
        for net_t in net.unbind(0):
            h, c = self.cell.advance(net_t, h, c)
            outputs.append(h)
        return torch.stack(outputs, dim=1), LSTMState(h, c)
        ### END SOLUTION

    def _check_state(self, state: LSTMState, batch: int) -> None:
        if not isinstance(state, tuple) or len(state) != 2:
            raise TypeError(f"state must be an LSTMState (h, c), got {type(state).__name__}")
        shape = (batch, self.cell.hidden_size)
        check_state("state.h", state[0], shape, self.cell.weight_hh)
        check_state("state.c", state[1], shape, self.cell.weight_hh)


class PeepholeLSTM(LSTM):
    """A layer of LSTM cells with peepholes: ``PeepholeLSTMCell`` repeated over time."""

    cell_type = PeepholeLSTMCell


class CoupledLSTM(LSTM):
    """A layer of LSTM cells with coupled gates: ``CoupledLSTMCell`` repeated over time."""

    cell_type = CoupledLSTMCell


class GRU(SequenceLayer[GRUState]):
    """A layer of gated recurrent units.

    r(t) = s(W_r x(t) + U_r h(t-1) + b_r)       z(t) = s(W_z x(t) + U_z h(t-1) + b_z)
    n(t) = tanh(W_n x(t) + b_n + U_n (r(t) * h(t-1)))               reset="before"
    n(t) = tanh(W_n x(t) + b_n + r(t) * (U_n h(t-1) + b_h))         reset="after"
    h(t) = (1 - z(t)) * n(t) + z(t) * h(t-1),   h(0) = 0

    ``reset`` says whether the reset gate acts before or after the product with U_n: before in
    the paper, after in cuDNN and torch.nn.GRU. ``weight_ih`` (3 hidden, input), ``weight_hh``
    (3 hidden, hidden) and ``bias`` (3 hidden) are stacked r, z, n; ``bias_h`` (hidden) is b_h,
    which "after" alone has. x: (batch, time, input), y(t) = h(t): (batch, time, hidden).
    Raises ValueError or TypeError naming the argument that is wrong. Source: Cho et al. 2014,
    eqs. (5) to (8).
    """

    def __init__(self, input_size: int, hidden_size: int, reset: str = "after") -> None:
        super().__init__()
        _check_sizes(input_size, hidden_size)
        if reset not in ("before", "after"):
            raise ValueError(f"reset must be 'before' or 'after', got {reset!r}")
        self.input_size, self.hidden_size, self.reset = input_size, hidden_size, reset
        self.weight_ih = _start(hidden_size, 3 * hidden_size, input_size)
        self.weight_hh = _start(hidden_size, 3 * hidden_size, hidden_size)
        self.bias = _start(hidden_size, 3 * hidden_size)
        self.bias_h = _start(hidden_size, hidden_size) if reset == "after" else None

    def initial_state(self, batch: int) -> GRUState:
        """Return zeros of shape (batch, hidden)."""
        return GRUState(self.weight_hh.new_zeros(batch, self.hidden_size))

    def step(
        self, x: Float[Tensor, "batch input"], state: GRUState
    ) -> tuple[Float[Tensor, "batch hidden"], GRUState]:
        """Read one token; return its output, which is also the new state."""
        check_token("x", x, self.input_size, like=self.weight_ih)
        check_state("state.h", state.h, (x.shape[0], self.hidden_size), self.weight_hh)
        h = self._advance(x @ self.weight_ih.T + self.bias, state.h)
        return h, GRUState(h)

    def forward(
        self, x: Float[Tensor, "batch time input"], state: GRUState | None = None
    ) -> tuple[Float[Tensor, "batch time hidden"], GRUState]:
        """Read a whole sequence; ``state`` carries on from an earlier chunk."""
        check_sequence("x", x, self.input_size, like=self.weight_ih)
        h = (self.initial_state(x.shape[0]) if state is None else state).h
        check_state("state.h", h, (x.shape[0], self.hidden_size), self.weight_hh)
        net = x.transpose(0, 1) @ self.weight_ih.T + self.bias
        outputs = []
        for net_t in net.unbind(0):
            h = self._advance(net_t, h)
            outputs.append(h)
        return torch.stack(outputs, dim=1), GRUState(h)

    def _advance(self, net: Tensor, h: Tensor) -> Tensor:
        """Return h(t), given W x(t) + b of r, z and n."""
        ### BEGIN SOLUTION
        H = self.hidden_size
        if self.bias_h is None:
            rz = torch.sigmoid(torch.addmm(net[:, : 2 * H], h, self.weight_hh[: 2 * H].T))
            r, z = rz.chunk(2, dim=1)
            n = torch.tanh(torch.addmm(net[:, 2 * H :], r * h, self.weight_hh[2 * H :].T))
        else:
            from_h = h @ self.weight_hh.T
            r, z = torch.sigmoid(net[:, : 2 * H] + from_h[:, : 2 * H]).chunk(2, dim=1)
            n = torch.tanh(net[:, 2 * H :] + r * (from_h[:, 2 * H :] + self.bias_h))
        return (1 - z) * n + z * h
        ### END SOLUTION


Gated = TypeVar("Gated", bound=LSTM | GRU)


def chrono_start(layer: Gated, longest: int) -> Gated:
    """Set the gates' biases so that memories last from 1 to ``longest`` steps; return the layer.

    b_f = log(u), u uniform in [1, longest - 1],   b_i = -b_f       (LSTM and its kin)
    b_z = log(u)                                                    (GRU)

    A cell whose forget gate stays at s(log u) = u / (1 + u) forgets over about 1 + u steps.
    Everything else is left as it is. Raises ValueError for ``longest`` below 2. Source:
    Tallec & Ollivier 2018 (the chrono initialization).
    """
    if longest < 2:
        raise ValueError(f"longest must be at least 2 steps, got {longest}")
    owner = layer.cell if isinstance(layer, LSTM) else layer
    H = owner.hidden_size
    keep = torch.log(torch.empty_like(owner.bias[:H]).uniform_(1, longest - 1))
    with torch.no_grad():
        # In LSTM, coupled LSTM and GRU alike, ``place`` is the gate that keeps the old state.
        place = owner.forget if isinstance(owner, LSTMCell) else 1
        owner.bias[place * H : (place + 1) * H] = keep
        if isinstance(owner, LSTMCell) and not isinstance(owner, CoupledLSTMCell):
            owner.bias[:H] = -keep
    return layer
