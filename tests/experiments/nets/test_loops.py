"""The compiled loops against the same loops made of tensor operations."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from experiments.nets.loops import gru_loop, lstm_loop, rnn_loop
from experiments.nets.scans import filter_loop, leak_loop
from solutions.min_rnn import MinGRU
from solutions.ssm import DiagonalSSM

SEEDS, BATCH, TIME, HIDDEN = 2, 3, 11, 8


def slow_rnn(net: Tensor, weight: Tensor, relu: bool = False) -> Tensor:
    h, states = torch.zeros(SEEDS, BATCH, HIDDEN), []
    for net_t in net.unbind(2):
        h = net_t + h @ weight
        h = h.relu() if relu else h.tanh()
        states.append(h)
    return torch.stack(states, 2)


def slow_relu(net: Tensor, weight: Tensor) -> Tensor:
    return slow_rnn(net, weight, relu=True)


def slow_lstm(net: Tensor, weight: Tensor) -> Tensor:
    h = c = torch.zeros(SEEDS, BATCH, HIDDEN)
    states = []
    for net_t in net.unbind(2):
        i, f, o, g = (net_t + h @ weight).chunk(4, -1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        states.append(h)
    return torch.stack(states, 2)


def slow_gru(net: Tensor, weight: Tensor) -> Tensor:
    h, states = torch.zeros(SEEDS, BATCH, HIDDEN), []
    for net_t in net.unbind(2):
        (a, b, n), (u, v, w) = net_t.chunk(3, -1), (h @ weight).chunk(3, -1)
        n = (n + (a + u).sigmoid() * w).tanh()
        h = n + (b + v).sigmoid() * (h - n)
        states.append(h)
    return torch.stack(states, 2)


@pytest.mark.parametrize(
    ("fast", "slow", "nets"),
    [
        (rnn_loop, slow_rnn, 1),
        (lambda net, weight: rnn_loop(net, weight, relu=True), slow_relu, 1),
        (lstm_loop, slow_lstm, 4),
        (gru_loop, slow_gru, 3),
    ],
    ids=["tanh", "relu", "lstm", "gru"],
)
def test_loop_and_gradient(fast, slow, nets):
    torch.manual_seed(nets)
    net = torch.randn(SEEDS, BATCH, TIME, nets * HIDDEN, requires_grad=True)
    weight = (0.4 * torch.randn(SEEDS, HIDDEN, nets * HIDDEN)).requires_grad_()
    y, wanted = fast(net, weight), slow(net, weight)
    torch.testing.assert_close(y, wanted, rtol=1e-5, atol=1e-5)
    back = torch.randn_like(y)
    for got, right in zip(
        torch.autograd.grad(y, (net, weight), back),
        torch.autograd.grad(wanted, (net, weight), back),
        strict=True,
    ):
        torch.testing.assert_close(got, right, rtol=1e-4, atol=1e-4)


def test_leak_is_the_min_gru():
    torch.manual_seed(1)
    layer = MinGRU(4, 8)
    x = torch.randn(3, TIME, 4)
    weight = torch.cat([layer.update.weight, layer.candidate.weight])
    net = x @ weight.T + torch.cat([layer.update.bias, layer.candidate.bias])
    y, wanted = leak_loop(net.unsqueeze(0))[0], layer(x)[0]
    torch.testing.assert_close(y, wanted, rtol=1e-5, atol=1e-5)
    back, parameters = torch.randn_like(y), list(layer.parameters())
    for got, right in zip(
        torch.autograd.grad(y, parameters, back, retain_graph=True),
        torch.autograd.grad(wanted, parameters, back),
        strict=True,
    ):
        torch.testing.assert_close(got, right, rtol=1e-4, atol=1e-4)


def test_filter_is_s4d():
    torch.manual_seed(2)
    layer, x = DiagonalSSM(6, 8), torch.randn(3, TIME, 6, requires_grad=True)
    A = torch.complex(-layer.log_decay.exp(), layer.frequency)
    a = (layer.log_step.exp().unsqueeze(-1) * A).exp()
    c = 2 * torch.view_as_complex(layer.C) * (a - 1) / A
    y = filter_loop(x[None], a[None], c[None])[0] + layer.D * x
    wanted, everything = layer(x)[0], [x, *layer.parameters()]
    torch.testing.assert_close(y, wanted, rtol=1e-4, atol=1e-4)
    back = torch.randn_like(y)
    for got, right in zip(
        torch.autograd.grad(y, everything, back, retain_graph=True),
        torch.autograd.grad(wanted, everything, back),
        strict=True,
    ):
        torch.testing.assert_close(got, right, rtol=1e-3, atol=1e-4)
