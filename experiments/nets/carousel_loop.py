"""The hidden layer of 1997 as a compiled loop, with the truncated or the full gradient.

``solutions.carousel.LSTM1997`` says what is computed; a stack of a few small nets runs here some
ten times faster, forward and backward, one net and one sequence after the other. The tests hold
outputs and gradients to the layer's own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numba import njit
from numpy.typing import NDArray
from torch import Tensor

from solutions.carousel import LSTM1997
from solutions.nets1997 import LSTM1997Net

Array = NDArray[np.float64]
_FAST = {"cache": True, "fastmath": {"reassoc", "nsz", "contract", "arcp"}}


@njit(**_FAST)
def _forward(
    net: Array, weight: Array, blocks: int, loop: float, hard: bool, f: Array, s: Array, y: Array
) -> None:
    """Fill the logistic of every net input, the states, and y = [cells; input; output gates]."""
    seeds, batch, time, units = net.shape
    cells = units - 2 * blocks
    size = cells // blocks
    a, before, state = np.zeros(units), np.zeros(units), np.zeros(cells)
    for n in range(seeds):
        for b in range(batch):
            before[:] = 0.0
            state[:] = 0.0
            for t in range(time):
                for u in range(units):
                    a[u] = net[n, b, t, u]
                for m in range(units):
                    z = before[m]
                    for u in range(units):
                        a[u] += weight[n, m, u] * z
                for u in range(units):
                    a[u] = 1.0 / (1.0 + np.exp(-a[u]))
                    f[n, b, t, u] = a[u]
                for u in range(cells, units):
                    before[u] = (1.0 if a[u] > 0.5 else 0.0) if hard else a[u]
                for v in range(cells):
                    j = cells + v // size
                    state[v] = loop * state[v] + before[j] * (4.0 * a[v] - 2.0)
                    before[v] = before[j + blocks] * (2.0 / (1.0 + np.exp(-state[v])) - 1.0)
                    s[n, b, t, v] = state[v]
                for u in range(units):
                    y[n, b, t, u] = before[u]


@njit(**_FAST)
def _backward(
    f: Array,
    s: Array,
    y: Array,
    weight: Array,
    blocks: int,
    loop: float,
    truncated: bool,
    grad: Array,
    d_net: Array,
) -> None:
    """Fill the derivative of the loss by every net input, given that by the cells' outputs."""
    seeds, batch, time, units = f.shape
    cells = units - 2 * blocks
    size = cells // blocks
    error, d_state = np.zeros(units), np.zeros(cells)
    for n in range(seeds):
        for b in range(batch):
            error[:] = 0.0
            d_state[:] = 0.0
            for t in range(time - 1, -1, -1):
                d, f_t, y_t = d_net[n, b, t], f[n, b, t], y[n, b, t]
                for v in range(cells):
                    j = cells + v // size
                    h = 2.0 / (1.0 + np.exp(-s[n, b, t, v])) - 1.0
                    e = error[v] + grad[n, b, t, v]
                    d_state[v] = loop * d_state[v] + e * y_t[j + blocks] * 0.5 * (1.0 - h * h)
                    error[j] += d_state[v] * (4.0 * f_t[v] - 2.0)
                    error[j + blocks] += e * h
                    d[v] = d_state[v] * y_t[j] * 4.0 * f_t[v] * (1.0 - f_t[v])
                for u in range(cells, units):
                    d[u] = error[u] * f_t[u] * (1.0 - f_t[u])
                for m in range(units):
                    total = 0.0
                    if not truncated:
                        for u in range(units):
                            total += weight[n, m, u] * d[u]
                    error[m] = total


class Loop(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, net: Tensor, weight: Tensor, layer: LSTM1997) -> Tensor:
        net, weight = net.detach().contiguous(), weight.detach().mT.contiguous()
        f, y = torch.empty_like(net), torch.empty_like(net)
        s = net.new_empty(*net.shape[:3], layer.cells)
        _forward(
            net.numpy(),
            weight.numpy(),
            layer.blocks,
            layer.self_loop,
            layer.gate == "hard",
            f.numpy(),
            s.numpy(),
            y.numpy(),
        )
        ctx.save_for_backward(f, s, y, weight)
        ctx.layer = layer
        return y[..., : layer.cells].clone()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None]:
        f, s, y, weight = ctx.saved_tensors
        layer, d_net = ctx.layer, torch.empty_like(f)
        _backward(
            f.numpy(),
            s.numpy(),
            y.numpy(),
            weight.numpy(),
            layer.blocks,
            layer.self_loop,
            layer.truncated,
            grad.contiguous().numpy(),
            d_net.numpy(),
        )
        before = torch.zeros_like(y)
        before[:, :, 1:] = y[:, :, :-1]
        return d_net, torch.bmm(d_net.flatten(1, 2).mT, before.flatten(1, 2)), None


def answer(
    net: LSTM1997Net, x: Float[Tensor, "seed batch time input"]
) -> Float[Tensor, "seed batch output"]:
    """Return what each net of a stack puts out at the last step.

    The nets have both gates, recurrent weights, biases everywhere, outputs that see the cells
    only, and the paper's g and h. Not on a CPU, the layer itself does the work.
    """
    layer = net.hidden
    if x.device.type != "cpu":
        return net(x)[0][..., -1, :]
    wired = layer.input_gate and layer.output_gate and layer.weight_hh is not None
    if layer.seeds is None or not wired or net.connectivity != "F" or layer.bias is None:
        raise ValueError("net must be a stack of nets with both gates, U, biases and outputs F")
    if (layer.g, layer.h) != ("scaled", "scaled") or layer.bias.shape[1] != layer.units:
        raise ValueError("net must have the g and h of 1997 and a bias on every hidden unit")
    seeds, batch, time, _ = x.shape
    net_in = torch.baddbmm(layer.bias.unsqueeze(1), x.flatten(1, 2), layer.weight_ih.mT)
    yc = Loop.apply(net_in.view(seeds, batch, time, -1), layer.weight_hh, layer)
    out = yc[:, :, -1] @ net.weight_out.mT
    return torch.sigmoid(out if net.bias_out is None else out + net.bias_out.unsqueeze(1))
