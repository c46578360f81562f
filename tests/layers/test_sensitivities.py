"""Real-time recurrent learning, against back-propagation and the layer's own algorithm."""

from __future__ import annotations

import pytest
import torch

from solutions.learning import half_squared_error, rtrl
from solutions.rnn import RNN
from solutions.sensitivities import rtrl_gradient, rtrl_step
from tests.layers import recipe


@pytest.mark.parametrize(("batch", "time", "inputs", "hidden"), [(3, 9, 2, 4), (1, 1, 1, 1)])
def test_it_is_the_gradient_of_full_back_propagation(
    batch: int, time: int, inputs: int, hidden: int
) -> None:
    layer = RNN(inputs, hidden).double()
    x = torch.randn(batch, time, inputs, dtype=torch.float64)
    target = torch.randn(batch, time, hidden, dtype=torch.float64)
    weights = [layer.cell.weight_ih, layer.cell.weight_hh, layer.cell.bias.unsqueeze(1)]
    W = torch.cat(weights, dim=1).detach()
    h = torch.zeros(batch, hidden, dtype=torch.float64)
    P = torch.zeros(batch, hidden, *W.shape, dtype=torch.float64)
    found = torch.zeros_like(W)
    for t in range(time):
        h, P = rtrl_step(W, x[:, t], h, P)
        found += rtrl_gradient(P, h - target[:, t])
    y, last = layer(x)
    grads = torch.autograd.grad(half_squared_error(y, target), list(layer.parameters()))
    by_name = dict(zip(dict(layer.named_parameters()), grads, strict=True))
    wanted = [by_name["cell.weight_ih"], by_name["cell.weight_hh"]]
    wanted.append(by_name["cell.bias"].unsqueeze(1))
    recipe.assert_close("W", found, torch.cat(wanted, dim=1), 1e-12)
    recipe.assert_close("h", h, last.h, 1e-12)
    grown = rtrl(layer, x, target).gradients
    recipe.assert_close("U", found[:, inputs:-1], grown["cell.weight_hh"], 1e-12)
