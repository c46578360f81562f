"""The small layer of memory cells and its traces, against the full-grown ones and autograd."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from solutions.carousel import LSTM1997, LSTM1997State
from solutions.learning import truncated_rule_1997
from solutions.nets1997 import LSTM1997Net
from solutions.traces import CellState, Traces, memory_cells, trace_gradient, trace_step
from tests.layers import recipe

INPUTS, CELLS = 2, 3
WIDTH = INPUTS + 3 * CELLS + 1


def drawn(*shape: int) -> Tensor:
    return torch.randn(shape, dtype=torch.float64)


def start(batch: int) -> CellState:
    return CellState(drawn(batch, CELLS), torch.rand(batch, 3 * CELLS, dtype=torch.float64))


def fresh(state: CellState) -> Traces:
    batch = len(state.s)
    trace = torch.zeros(batch, CELLS, WIDTH, dtype=torch.float64)
    return Traces(*state, torch.zeros(batch, WIDTH, dtype=torch.float64), trace, trace)


def matrix(layer: LSTM1997) -> Tensor:
    """The layer's weights as one matrix."""
    return torch.cat([layer.weight_ih, layer.weight_hh, layer.bias.unsqueeze(1)], dim=1).detach()


@pytest.mark.parametrize("truncated", [True, False])
@pytest.mark.parametrize(("batch", "time"), [(4, 7), (1, 1)])
def test_memory_cells_are_the_layer_of_1997_with_tanh(
    truncated: bool, batch: int, time: int
) -> None:
    layer = LSTM1997(INPUTS, CELLS, g="tanh", h="tanh", truncated=truncated).double()
    for p in layer.parameters():
        nn.init.uniform_(p, -1, 1)
    W, x, state = matrix(layer).requires_grad_(), drawn(batch, time, INPUTS), start(batch)
    y, last = memory_cells(W, x, state, truncated)
    wanted, wanted_last = layer(x, LSTM1997State(*state))
    recipe.assert_close("yc", y, wanted, 1e-12)
    for found, other in zip(last, wanted_last, strict=True):
        recipe.assert_close("state", found, other, 1e-12)
    pull = drawn(batch, time, CELLS)
    (gradient,) = torch.autograd.grad((y * pull).sum(), W)
    grads = torch.autograd.grad((wanted * pull).sum(), list(layer.parameters()))
    by_name = dict(zip(dict(layer.named_parameters()), grads, strict=True))
    columns = [by_name["weight_ih"], by_name["weight_hh"], by_name["bias"].unsqueeze(1)]
    recipe.assert_close("W", gradient, torch.cat(columns, dim=1), 1e-12)


@pytest.mark.parametrize(("batch", "time"), [(4, 9), (1, 1), (2, 60)])
def test_traces_equal_autograd_with_detach(batch: int, time: int) -> None:
    W = drawn(3 * CELLS, WIDTH).requires_grad_()
    x, pull, state = drawn(batch, time, INPUTS), drawn(batch, time, CELLS), start(batch)
    y, last = memory_cells(W, x, state)
    (wanted,) = torch.autograd.grad((y * pull).sum(), W)
    now, found = fresh(state), torch.zeros_like(wanted)
    with torch.no_grad():
        for t in range(time):
            now = trace_step(W, x[:, t], now)
            recipe.assert_close("yc", now.y[:, :CELLS], y[:, t], 1e-12)
            found += trace_gradient(now, pull[:, t])
    recipe.assert_close("W", found, wanted, 1e-10)
    recipe.assert_close("s", now.s, last.s, 1e-12)
    recipe.assert_close("y", now.y, last.y, 1e-12)


def test_traces_are_those_of_the_full_grown_rule() -> None:
    net = LSTM1997Net(INPUTS, 1, CELLS, g="tanh", h="tanh").double()
    for p in net.parameters():
        nn.init.uniform_(p, -1, 1)
    x, target = drawn(4, 8, INPUTS), torch.rand(4, 8, 1, dtype=torch.float64)
    wanted = truncated_rule_1997(net, x, target).gradients
    now, found = fresh(CellState(*net.initial_state(4))), 0
    for t in range(8):
        now = trace_step(matrix(net.hidden), x[:, t], now)
        o = torch.sigmoid(now.y[:, :CELLS] @ net.weight_out.T + net.bias_out)
        error = ((o - target[:, t]) * o * (1 - o)) @ net.weight_out
        found = found + trace_gradient(now, error)
    parts = [wanted["hidden.weight_ih"], wanted["hidden.weight_hh"]]
    parts.append(wanted["hidden.bias"].unsqueeze(1))
    recipe.assert_close("W", found.detach(), torch.cat(parts, dim=1), 1e-12)


def test_float32_stays_float32_and_arguments_stay_as_they_are() -> None:
    now = Traces(*(value.float() for value in fresh(start(2))))
    before = [value.clone() for value in now]
    W, x = drawn(3 * CELLS, WIDTH).float(), drawn(2, INPUTS).float()
    after = trace_step(W, x, now)
    gradient = trace_gradient(after, torch.ones(2, CELLS))
    assert {value.dtype for value in (*after, gradient)} == {torch.float32}
    assert all(torch.equal(a, b) for a, b in zip(now, before, strict=True))
