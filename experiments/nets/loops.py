"""Recurrent loops with hand-written backward passes, compiled, for many nets side by side.

A recurrent net of 16 units keeps a processor busy for a tenth of a microsecond a step; a step
made of tensor operations takes a hundred times as long. So the loop over time is machine code
here, forward and backward, one net and one sequence after the other, with the weights in the
cache. On any other device than a CPU the same loops run as tensor operations.

Shapes: ``net`` (seed, batch, time, gates * hidden) holds W x(t) + b, ``weight`` (seed, hidden,
gates * hidden) the recurrent weights U transposed, the result h (seed, batch, time, hidden). All
states start at zero. Gradients by ``weight`` are one matrix product at the end.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numba import njit
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float32]

# A rational approximation of tanh, exact to float32's last digits, that vectorises where a call
# of the C library's does not (coefficients: Eigen's float32 tanh).
_LIMIT = np.float32(7.90531110763549805)
_A1, _A3, _A5, _A7 = map(np.float32, (4.89352455891786e-3, 6.37261928875436e-4,
                                      1.48572235717979e-5, 5.12229709037114e-8))  # fmt: skip
_A9, _A11, _A13 = map(np.float32, (-8.60467152213735e-11, 2.00018790482477e-13,
                                   -2.76076847742355e-16))  # fmt: skip
_B0, _B2, _B4, _B6 = map(np.float32, (4.89352518554385e-3, 2.26843463243900e-3,
                                      1.18534705686654e-4, 1.19825839466702e-6))  # fmt: skip
ONE, HALF, ZERO = np.float32(1), np.float32(0.5), np.float32(0)
FAST = {"cache": True, "fastmath": True, "error_model": "numpy"}


@njit(inline="always", **FAST)
def tanh(x: float) -> float:
    """Return tanh(x) without a call."""
    x = min(max(x, -_LIMIT), _LIMIT)
    y = x * x
    p = _A1 + y * (_A3 + y * (_A5 + y * (_A7 + y * (_A9 + y * (_A11 + y * _A13)))))
    return x * p / (_B0 + y * (_B2 + y * (_B4 + y * _B6)))


@njit(inline="always", **FAST)
def _multiply(row: Array, vector: Array, matrix: Array) -> None:
    """Add vector @ matrix to ``row``; four rows of the matrix at a time, to store less often."""
    for k in range(0, matrix.shape[0], 4):
        a, b, c, d = vector[k], vector[k + 1], vector[k + 2], vector[k + 3]
        for j in range(matrix.shape[1]):
            row[j] += (a * matrix[k, j] + b * matrix[k + 1, j]) + (
                c * matrix[k + 2, j] + d * matrix[k + 3, j]
            )


@njit(**FAST)
def _rnn_forward(net: Array, weight: Array, relu: bool, h: Array) -> None:
    seeds, batch, time, hidden = net.shape
    before = np.zeros(hidden, np.float32)
    for s in range(seeds):
        for b in range(batch):
            before[:] = ZERO
            for t in range(time):
                row = h[s, b, t]
                for j in range(hidden):
                    row[j] = net[s, b, t, j]
                _multiply(row, before, weight[s])
                if relu:
                    for j in range(hidden):
                        row[j] = max(row[j], ZERO)
                else:
                    for j in range(hidden):
                        row[j] = tanh(row[j])
                for j in range(hidden):
                    before[j] = row[j]


@njit(**FAST)
def _rnn_backward(h: Array, weight: Array, relu: bool, grad: Array, d_net: Array) -> None:
    seeds, batch, time, hidden = h.shape
    error = np.zeros(hidden, np.float32)
    for s in range(seeds):
        for b in range(batch):
            error[:] = ZERO
            for t in range(time - 1, -1, -1):
                y, d = h[s, b, t], d_net[s, b, t]
                for j in range(hidden):
                    slope = (ONE if y[j] > ZERO else ZERO) if relu else ONE - y[j] * y[j]
                    d[j] = (error[j] + grad[s, b, t, j]) * slope
                error[:] = ZERO
                _multiply(error, d, weight[s])


@njit(**FAST)
def _lstm_forward(net: Array, weight: Array, gates: Array, c: Array, h: Array) -> None:
    """Gates come in the order i, f, o, g and leave as activations."""
    seeds, batch, time, hidden = h.shape
    before, cell = np.zeros(hidden, np.float32), np.zeros(hidden, np.float32)
    for s in range(seeds):
        for b in range(batch):
            before[:] = ZERO
            cell[:] = ZERO
            for t in range(time):
                row = gates[s, b, t]
                for j in range(4 * hidden):
                    row[j] = net[s, b, t, j]
                _multiply(row, before, weight[s])
                for j in range(3 * hidden):
                    row[j] = HALF + HALF * tanh(HALF * row[j])
                for j in range(3 * hidden, 4 * hidden):
                    row[j] = tanh(row[j])
                for j in range(hidden):
                    cell[j] = row[hidden + j] * cell[j] + row[j] * row[3 * hidden + j]
                    before[j] = row[2 * hidden + j] * tanh(cell[j])
                    c[s, b, t, j] = cell[j]
                    h[s, b, t, j] = before[j]


@njit(**FAST)
def _lstm_backward(gates: Array, c: Array, weight: Array, grad: Array, d_net: Array) -> None:
    seeds, batch, time, hidden = c.shape
    error, d_cell = np.zeros(hidden, np.float32), np.zeros(hidden, np.float32)
    nothing = np.zeros(hidden, np.float32)
    for s in range(seeds):
        for b in range(batch):
            error[:] = ZERO
            d_cell[:] = ZERO
            for t in range(time - 1, -1, -1):
                row, d, cell = gates[s, b, t], d_net[s, b, t], c[s, b, t]
                old = c[s, b, t - 1] if t > 0 else nothing
                for j in range(hidden):
                    i, f = row[j], row[hidden + j]
                    o, g = row[2 * hidden + j], row[3 * hidden + j]
                    e = error[j] + grad[s, b, t, j]
                    squashed = tanh(cell[j])
                    dc = d_cell[j] + e * o * (ONE - squashed * squashed)
                    d[j] = dc * g * i * (ONE - i)
                    d[hidden + j] = dc * old[j] * f * (ONE - f)
                    d[2 * hidden + j] = e * squashed * o * (ONE - o)
                    d[3 * hidden + j] = dc * i * (ONE - g * g)
                    d_cell[j] = dc * f
                error[:] = ZERO
                _multiply(error, d, weight[s])


@njit(**FAST)
def _gru_forward(net: Array, weight: Array, gates: Array, h: Array) -> None:
    """Gates come in the order r, z, n; ``gates`` keeps r, z, n and U_n h."""
    seeds, batch, time, hidden = h.shape
    before, back = np.zeros(hidden, np.float32), np.zeros(3 * hidden, np.float32)
    for s in range(seeds):
        for b in range(batch):
            before[:] = ZERO
            for t in range(time):
                row = gates[s, b, t]
                for j in range(3 * hidden):
                    back[j] = ZERO
                _multiply(back, before, weight[s])
                for j in range(2 * hidden):
                    row[j] = HALF + HALF * tanh(HALF * (net[s, b, t, j] + back[j]))
                for j in range(hidden):
                    u = back[2 * hidden + j]
                    n = tanh(net[s, b, t, 2 * hidden + j] + row[j] * u)
                    row[2 * hidden + j] = n
                    row[3 * hidden + j] = u
                    before[j] = n + row[hidden + j] * (before[j] - n)
                    h[s, b, t, j] = before[j]


@njit(**FAST)
def _gru_backward(
    gates: Array, h: Array, weight: Array, grad: Array, d_net: Array, d_back: Array
) -> None:
    """``d_net``: by W x + b; ``d_back``: by U h, which differs in the part of n."""
    seeds, batch, time, hidden = h.shape
    error, way = np.zeros(hidden, np.float32), np.zeros(hidden, np.float32)
    nothing = np.zeros(hidden, np.float32)
    for s in range(seeds):
        for b in range(batch):
            error[:] = ZERO
            way[:] = ZERO
            for t in range(time - 1, -1, -1):
                row, d, back = gates[s, b, t], d_net[s, b, t], d_back[s, b, t]
                old = h[s, b, t - 1] if t > 0 else nothing
                for j in range(hidden):
                    r, z = row[j], row[hidden + j]
                    n, u = row[2 * hidden + j], row[3 * hidden + j]
                    e = error[j] + way[j] + grad[s, b, t, j]
                    dn = e * (ONE - z) * (ONE - n * n)
                    d[2 * hidden + j] = dn
                    back[2 * hidden + j] = dn * r
                    d[j] = dn * u * r * (ONE - r)
                    d[hidden + j] = e * (old[j] - n) * z * (ONE - z)
                    way[j] = e * z
                for j in range(2 * hidden):
                    back[j] = d[j]
                error[:] = ZERO
                _multiply(error, back, weight[s])


def _by_weight(h: Tensor, error: Tensor) -> Tensor:
    """Return the sum over batch and time of h(t-1) error(t)^T, for each seed."""
    before = torch.zeros_like(h)
    before[:, :, 1:] = h[:, :, :-1]
    return torch.bmm(before.flatten(1, 2).mT, error.flatten(1, 2))


class _RNN(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, net: Tensor, weight: Tensor, relu: bool) -> Tensor:
        net, weight = net.contiguous(), weight.contiguous()
        h = torch.empty_like(net)
        _rnn_forward(net.numpy(), weight.numpy(), relu, h.numpy())
        ctx.save_for_backward(h, weight)
        ctx.relu = relu
        return h

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None]:
        h, weight = ctx.saved_tensors
        d_net = torch.empty_like(h)
        back = weight.mT.contiguous()
        given = (h.numpy(), back.numpy(), ctx.relu, grad.contiguous().numpy())
        _rnn_backward(*given, d_net.numpy())
        return d_net, _by_weight(h, d_net), None


class _LSTM(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, net: Tensor, weight: Tensor) -> Tensor:
        net, weight = net.contiguous(), weight.contiguous()
        gates = torch.empty_like(net)
        c, h = (net.new_empty(*net.shape[:3], weight.shape[1]) for _ in range(2))
        _lstm_forward(*(u.numpy() for u in (net, weight, gates, c, h)))
        ctx.save_for_backward(gates, c, h, weight)
        return h

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
        gates, c, h, weight = ctx.saved_tensors
        d_net = torch.empty_like(gates)
        given = (gates, c, weight.mT.contiguous(), grad.contiguous(), d_net)
        _lstm_backward(*(u.numpy() for u in given))
        return d_net, _by_weight(h, d_net)


class _GRU(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, net: Tensor, weight: Tensor) -> Tensor:
        net, weight = net.contiguous(), weight.contiguous()
        hidden = weight.shape[1]
        gates, h = (net.new_empty(*net.shape[:3], k * hidden) for k in (4, 1))
        _gru_forward(*(u.numpy() for u in (net, weight, gates, h)))
        ctx.save_for_backward(gates, h, weight)
        return h

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
        gates, h, weight = ctx.saved_tensors
        d_net, d_back = (h.new_empty(*h.shape[:3], 3 * h.shape[3]) for _ in range(2))
        given = (gates, h, weight.mT.contiguous(), grad.contiguous(), d_net, d_back)
        _gru_backward(*(u.numpy() for u in given))
        return d_net, _by_weight(h, d_back)


def rnn_loop(
    net: Float[Tensor, "seed batch time hidden"],
    weight: Float[Tensor, "seed hidden hidden"],
    relu: bool = False,
) -> Float[Tensor, "seed batch time hidden"]:
    """Return h(t) = f(net(t) + U h(t-1)), f = tanh or the rectifier."""
    if net.device.type == "cpu":
        return _RNN.apply(net, weight, relu)
    h, states = net[:, :, 0] * 0, []
    for net_t in net.unbind(2):
        h = torch.baddbmm(net_t, h, weight)
        h = torch.relu(h) if relu else torch.tanh(h)
        states.append(h)
    return torch.stack(states, 2)


def lstm_loop(
    net: Float[Tensor, "seed batch time gates"], weight: Float[Tensor, "seed hidden gates"]
) -> Float[Tensor, "seed batch time hidden"]:
    """Return h of an LSTM with forget gate; its net inputs stand in the order i, f, o, g."""
    if net.device.type == "cpu":
        return _LSTM.apply(net, weight)
    h = c = net[:, :, 0, : weight.shape[1]] * 0
    states = []
    for net_t in net.unbind(2):
        i, f, o, g = torch.baddbmm(net_t, h, weight).chunk(4, -1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        states.append(h)
    return torch.stack(states, 2)


def gru_loop(
    net: Float[Tensor, "seed batch time gates"], weight: Float[Tensor, "seed hidden gates"]
) -> Float[Tensor, "seed batch time hidden"]:
    """Return h of a GRU, n = tanh(net_n + r * U_n h); its net inputs stand in the order r, z, n."""
    if net.device.type == "cpu":
        return _GRU.apply(net, weight)
    h, states = net[:, :, 0, : weight.shape[1]] * 0, []
    for net_t in net.unbind(2):
        (a, b, n), (u, v, w) = net_t.chunk(3, -1), (h @ weight).chunk(3, -1)
        n = torch.tanh(n + torch.sigmoid(a + u) * w)
        h = n + torch.sigmoid(b + v) * (h - n)
        states.append(h)
    return torch.stack(states, 2)
