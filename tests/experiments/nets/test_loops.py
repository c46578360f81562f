"""The compiled loops and scans against the layers of the course that they stand for."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

from experiments.nets.learners import LEARNERS, Recurrent
from experiments.nets.scans import filter_loop, leak_loop
from experiments.nets.stacked import Stack, Weights
from solutions.gates import GRU, LSTM
from solutions.min_rnn import MinGRU
from solutions.rnn import RNN
from solutions.ssm import DiagonalSSM

SEEDS, BATCH, TIME, INPUTS, OUTPUTS = 2, 3, 11, 5, 2

RECURRENT = [name for name, build in LEARNERS.items() if isinstance(build(1, 1, True), Recurrent)]

# Where each gate of the course's layer stands among those of the compiled loop.
PLACES = {"lstm": (0, 1, 3, 2), "gru": (0, 1, 2)}


def course_layer(
    kind: str, hidden: int, w: dict[str, Tensor]
) -> tuple[nn.Module, dict[str, Tensor]]:
    """Return the course's layer for one seed of a learner, and its weights from that seed's."""

    def in_order(weight: Tensor) -> Tensor:
        parts = weight.chunk(len(PLACES.get(kind, (0,))), -1)
        return torch.cat([parts[k] for k in PLACES.get(kind, (0,))], -1)

    weights = {
        "weight_ih": in_order(w["w_in"]).T,
        "weight_hh": in_order(w["w_back"]).T,
        "bias": in_order(w["bias"])[0],
    }
    if kind == "gru":
        return GRU(INPUTS, hidden), {**weights, "bias_h": torch.zeros(hidden)}
    nonlinearity = "relu" if kind == "identity" else "tanh"
    layer = LSTM(INPUTS, hidden) if kind == "lstm" else RNN(INPUTS, hidden, nonlinearity)
    return layer, {f"cell.{name}": weight for name, weight in weights.items()}


def by_the_course(learner: Recurrent, named: Weights, x: Tensor) -> Tensor:
    """Return what the learner's seeds would answer if the course's layers read for them."""
    answers = []
    for seed in range(SEEDS):
        w = {name: weight[seed] for name, weight in named.items()}
        layer, weights = course_layer(learner.kind, len(w["w_back"]), w)
        h, _ = functional_call(layer, weights, (x[seed],))
        if learner.kind == "elman":  # the state before counts as given
            before = F.pad(h.detach()[:, :-1], (0, 0, 1, 0)).flatten(0, 1)
            cell = {name.removeprefix("cell."): weight for name, weight in weights.items()}
            h = functional_call(layer.cell, cell, (x[seed].flatten(0, 1), before))
            h = h.view(BATCH, TIME, -1)
        answers.append(h @ w["w_out"] + w["b_out"])
    return torch.stack(answers)


@pytest.mark.parametrize("name", RECURRENT)
def test_a_recurrent_learner_is_the_courses_layer(name: str) -> None:
    """Values, and gradients by every weight and by the input."""
    stack = Stack(lambda: LEARNERS[name](INPUTS, OUTPUTS, True), list(range(SEEDS)))
    generator = torch.Generator().manual_seed(7)
    # Away from the start, where biases are 0 and recurrent weights special.
    theta = stack.theta.detach() + 0.2 * torch.randn(stack.theta.shape, generator=generator)
    x = torch.randn(SEEDS, BATCH, TIME, INPUTS, generator=generator)
    theta.requires_grad_()
    x.requires_grad_()
    named = stack._named(theta)
    y, wanted = stack.net.answer(named, x), by_the_course(stack.net, named, x)
    torch.testing.assert_close(y, wanted, rtol=1e-5, atol=1e-5)
    back = torch.randn(y.shape, generator=generator)
    for got, right in zip(
        torch.autograd.grad(y, (theta, x), back, retain_graph=True),
        torch.autograd.grad(wanted, (theta, x), back),
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
