"""Linear recurrences with hand-written backward passes, compiled, for many nets side by side.

What ``loops`` does for the recurrent nets, for the layers whose gates do not look at the
state: minGRU, S4D and Mamba. On one core one sweep over time beats the parallel scan; on any
other device than a CPU the scans of ``solutions`` run instead. All states start at zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Complex, Float
from numba import njit
from torch import Tensor

from experiments.nets.loops import FAST, HALF, ONE, ZERO, Array, tanh
from solutions.scan import scan
from solutions.ssm import DiagonalSSM, causal_convolution


@njit(**FAST)
def _leak_forward(net: Array, z: Array, h: Array) -> None:
    """Net inputs come in the order gate, candidate; ``z`` keeps the gate."""
    seeds, batch, time, hidden = h.shape
    state = np.zeros(hidden, np.float32)
    for s in range(seeds):
        for b in range(batch):
            state[:] = ZERO
            for t in range(time):
                row, gate, out = net[s, b, t], z[s, b, t], h[s, b, t]
                for j in range(hidden):
                    gate[j] = HALF + HALF * tanh(HALF * row[j])
                    state[j] += gate[j] * (row[hidden + j] - state[j])
                    out[j] = state[j]


@njit(**FAST)
def _leak_backward(net: Array, z: Array, h: Array, grad: Array, d_net: Array) -> None:
    seeds, batch, time, hidden = h.shape
    error, nothing = np.zeros(hidden, np.float32), np.zeros(hidden, np.float32)
    for s in range(seeds):
        for b in range(batch):
            error[:] = ZERO
            for t in range(time - 1, -1, -1):
                row, gate, d, g = net[s, b, t], z[s, b, t], d_net[s, b, t], grad[s, b, t]
                old = h[s, b, t - 1] if t > 0 else nothing
                for j in range(hidden):
                    e = error[j] + g[j]
                    slope = gate[j] * (ONE - gate[j])
                    d[j] = e * (row[hidden + j] - old[j]) * slope
                    d[hidden + j] = e * gate[j]
                    error[j] = e * (ONE - gate[j])


@njit(**FAST)
def _filter_forward(u: Array, a: Array, c: Array, h: Array, y: Array) -> None:
    """a, c: (seed, 2, state, dim), real and imaginary part; h: (.., time, 2, state, dim)."""
    seeds, batch, time, dim = u.shape
    states = a.shape[2]
    state = np.zeros((2, states, dim), np.float32)
    for s in range(seeds):
        for b in range(batch):
            state[:] = ZERO
            for t in range(time):
                row, out, now = u[s, b, t], y[s, b, t], h[s, b, t]
                for j in range(dim):
                    out[j] = ZERO
                for n in range(states):
                    for j in range(dim):
                        x, z = state[0, n, j], state[1, n, j]
                        real = a[s, 0, n, j] * x - a[s, 1, n, j] * z + row[j]
                        imag = a[s, 0, n, j] * z + a[s, 1, n, j] * x
                        state[0, n, j] = real
                        state[1, n, j] = imag
                        now[0, n, j] = real
                        now[1, n, j] = imag
                        out[j] += c[s, 0, n, j] * real - c[s, 1, n, j] * imag


@njit(**FAST)
def _filter_backward(
    a: Array, c: Array, h: Array, grad: Array, d_u: Array, d_a: Array, d_c: Array
) -> None:
    seeds, batch, time, dim = grad.shape
    states = a.shape[2]
    error = np.zeros((2, states, dim), np.float32)
    nothing = np.zeros((2, states, dim), np.float32)
    for s in range(seeds):
        for b in range(batch):
            error[:] = ZERO
            for t in range(time - 1, -1, -1):
                g, d, now = grad[s, b, t], d_u[s, b, t], h[s, b, t]
                old = h[s, b, t - 1] if t > 0 else nothing
                for j in range(dim):
                    d[j] = ZERO
                for n in range(states):
                    for j in range(dim):
                        real = error[0, n, j] + g[j] * c[s, 0, n, j]
                        imag = error[1, n, j] - g[j] * c[s, 1, n, j]
                        d_c[s, 0, n, j] += g[j] * now[0, n, j]
                        d_c[s, 1, n, j] -= g[j] * now[1, n, j]
                        d_a[s, 0, n, j] += real * old[0, n, j] + imag * old[1, n, j]
                        d_a[s, 1, n, j] += imag * old[0, n, j] - real * old[1, n, j]
                        d[j] += real
                        error[0, n, j] = a[s, 0, n, j] * real + a[s, 1, n, j] * imag
                        error[1, n, j] = a[s, 0, n, j] * imag - a[s, 1, n, j] * real


@njit(**FAST)
def _select_forward(a: Array, w: Array, b: Array, c: Array, h: Array, y: Array) -> None:
    """a and h: (seed, batch, time, state, dim); w and y: (.., dim); b and c: (.., state)."""
    seeds, batch, time, states, dim = a.shape
    state = np.zeros((states, dim), np.float32)
    for s in range(seeds):
        for i in range(batch):
            state[:] = ZERO
            for t in range(time):
                keep, write, now, out = a[s, i, t], w[s, i, t], h[s, i, t], y[s, i, t]
                for j in range(dim):
                    out[j] = ZERO
                for n in range(states):
                    into, read = b[s, i, t, n], c[s, i, t, n]
                    for j in range(dim):
                        value = keep[n, j] * state[n, j] + write[j] * into
                        state[n, j] = value
                        now[n, j] = value
                        out[j] += read * value


@njit(**FAST)
def _select_backward(
    a: Array,
    w: Array,
    b: Array,
    c: Array,
    h: Array,
    grad: Array,
    d_a: Array,
    d_w: Array,
    d_b: Array,
    d_c: Array,
) -> None:
    seeds, batch, time, states, dim = a.shape
    error = np.zeros((states, dim), np.float32)
    nothing = np.zeros((states, dim), np.float32)
    for s in range(seeds):
        for i in range(batch):
            error[:] = ZERO
            for t in range(time - 1, -1, -1):
                keep, write, now, g = a[s, i, t], w[s, i, t], h[s, i, t], grad[s, i, t]
                by_keep, by_write = d_a[s, i, t], d_w[s, i, t]
                old = h[s, i, t - 1] if t > 0 else nothing
                for j in range(dim):
                    by_write[j] = ZERO
                for n in range(states):
                    into, read = b[s, i, t, n], c[s, i, t, n]
                    by_into, by_read = ZERO, ZERO
                    for j in range(dim):
                        e = error[n, j] + g[j] * read
                        by_read += g[j] * now[n, j]
                        by_into += e * write[j]
                        by_write[j] += e * into
                        by_keep[n, j] = e * old[n, j]
                        error[n, j] = e * keep[n, j]
                    d_b[s, i, t, n] = by_into
                    d_c[s, i, t, n] = by_read


class _Leak(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, net: Tensor) -> Tensor:
        net = net.contiguous()
        z, h = (net.new_empty(*net.shape[:3], net.shape[3] // 2) for _ in range(2))
        _leak_forward(*(u.numpy() for u in (net, z, h)))
        ctx.save_for_backward(net, z, h)
        return h

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        net, z, h = ctx.saved_tensors
        d_net = torch.empty_like(net)
        _leak_backward(*(u.numpy() for u in (net, z, h, grad.contiguous(), d_net)))
        return d_net


class _Filter(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, u: Tensor, a: Tensor, c: Tensor) -> Tensor:
        u, a, c = u.contiguous(), a.contiguous(), c.contiguous()
        h, y = u.new_empty(*u.shape[:3], *a.shape[1:]), torch.empty_like(u)
        _filter_forward(*(part.numpy() for part in (u, a, c, h, y)))
        ctx.save_for_backward(a, c, h)
        return y

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        a, c, h = ctx.saved_tensors
        grad = grad.contiguous()
        d_u, d_a, d_c = torch.empty_like(grad), torch.zeros_like(a), torch.zeros_like(c)
        _filter_backward(*(part.numpy() for part in (a, c, h, grad, d_u, d_a, d_c)))
        return d_u, d_a, d_c


class _Select(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, a: Tensor, w: Tensor, b: Tensor, c: Tensor) -> Tensor:
        given = [part.contiguous() for part in (a, w, b, c)]
        h, y = torch.empty_like(given[0]), torch.empty_like(given[1])
        _select_forward(*(part.numpy() for part in (*given, h, y)))
        ctx.save_for_backward(*given, h)
        return y

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, ...]:
        *given, h = ctx.saved_tensors
        found = tuple(torch.empty_like(part) for part in given)
        _select_backward(*(part.numpy() for part in (*given, h, grad.contiguous(), *found)))
        return found


def leak_loop(
    net: Float[Tensor, "seed batch time twice"],
) -> Float[Tensor, "seed batch time hidden"]:
    """Return h(t) = (1 - z) h(t-1) + z c, the minGRU; ``net`` holds z's net input, then c.

    On a GPU this is the scan of ``solutions.scan``, without a loop over time.
    """
    if net.device.type == "cpu":
        return _Leak.apply(net)
    k, c = net.flatten(0, 1).chunk(2, -1)
    h = scan(torch.sigmoid(-k), torch.sigmoid(k) * c)
    return h.unflatten(0, net.shape[:2])


def filter_loop(
    u: Float[Tensor, "seed batch time dim"],
    a: Complex[Tensor, "seed dim state"],
    c: Complex[Tensor, "seed dim state"],
) -> Float[Tensor, "seed batch time dim"]:
    """Return y = Re(sum over states of c h) with h(t) = a h(t-1) + u(t): a diagonal SSM, S4D."""
    if u.device.type == "cpu":
        parts = (torch.stack([w.real.mT, w.imag.mT], 1) for w in (a, c))
        return _Filter.apply(u, *parts)
    seeds, batch, time, dim = u.shape
    powers = DiagonalSSM.powers(a.flatten(0, 1), time)
    kernel = torch.einsum("dn,dnt->dt", c.flatten(0, 1), powers).real
    side_by_side = u.permute(1, 2, 0, 3).flatten(2)
    y = causal_convolution(side_by_side, kernel)
    return y.view(batch, time, seeds, dim).permute(2, 0, 1, 3)


def select_loop(
    a: Float[Tensor, "seed batch time state dim"],
    w: Float[Tensor, "seed batch time dim"],
    b: Float[Tensor, "seed batch time state"],
    c: Float[Tensor, "seed batch time state"],
) -> Float[Tensor, "seed batch time dim"]:
    """Return y = c(t) . h(t) with h(t) = a(t) h(t-1) + b(t) w(t): a selective SSM, Mamba."""
    if a.device.type == "cpu":
        return _Select.apply(a, w, b, c)
    written = b.unsqueeze(-1) * w.unsqueeze(-2)
    h = scan(a.flatten(0, 1), written.flatten(0, 1)).unflatten(0, a.shape[:2])
    return (c.unsqueeze(-1) * h).sum(-2)
