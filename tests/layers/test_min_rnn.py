from __future__ import annotations

import pytest
import torch

from solutions.layer import unroll
from solutions.min_rnn import MinGRU, MinLSTM, MinRNN, MinRNNState
from tests.layers import machine, recipe

GATES = {MinGRU: ("update",), MinLSTM: ("forget", "input")}
LAYERS = pytest.mark.parametrize(
    ("kind", "log_space"), [(kind, log) for kind in GATES for log in (False, True)]
)


def make(kind: type[MinRNN], log_space: bool) -> MinRNN:
    return kind(3, 4, log_space).double()


@LAYERS
@pytest.mark.parametrize(("batch", "time"), [(2, 7), (1, 1), (1, 17)])
@pytest.mark.parametrize("bias", [-20.0, 0.0, 20.0])
def test_forward_step_and_chunks(
    kind: type[MinRNN], log_space: bool, batch: int, time: int, bias: float
) -> None:
    layer = make(kind, log_space)
    with torch.no_grad():
        getattr(layer, GATES[kind][0]).bias += bias
    state = MinRNNState(torch.rand(batch, 4, dtype=torch.float64) + 0.1)
    recipe.check_step_forward_chunks(layer, torch.randn(batch, time, 3).double(), state)


@LAYERS
def test_promises(kind: type[MinRNN], log_space: bool) -> None:
    layer, x = make(kind, log_space), torch.randn(2, 5, 3, dtype=torch.float64)
    recipe.check_gradients(layer, x, fast=True)
    recipe.check_causality(layer, x)
    recipe.check_state_size(layer, x)
    recipe.check_dtypes(layer, x)
    recipe.check_bad_input(layer, 3)
    recipe.check_compiles(layer, x)


def test_min_gru_is_a_weighted_mean() -> None:
    """The equation of the paper, one token after another, on its own."""
    layer, x = make(MinGRU, False), torch.randn(1, 6, 3, dtype=torch.float64)
    h = torch.zeros(1, 4, dtype=torch.float64)
    for t in range(6):
        z = torch.sigmoid(x[:, t] @ layer.update.weight.T + layer.update.bias)
        h = (1 - z) * h + z * (x[:, t] @ layer.candidate.weight.T + layer.candidate.bias)
        torch.testing.assert_close(layer(x)[0][:, t], h)


def test_min_lstm_gates_sum_to_one() -> None:
    layer, x = make(MinLSTM, False), torch.randn(2, 5, 3, dtype=torch.float64)
    f, i = torch.sigmoid(layer.forget(x)), torch.sigmoid(layer.input(x))
    log_a, log_w = layer.log_weights(x)
    torch.testing.assert_close(log_a.exp(), f / (f + i))
    torch.testing.assert_close(log_w.exp(), i / (f + i))


@pytest.mark.parametrize("kind", GATES)
def test_log_space_survives_long_forgetting(kind: type[MinRNN]) -> None:
    layer = make(kind, True).float()
    with torch.no_grad():
        y, _ = layer(10 * torch.randn(1, 2000, 3))
    assert y.isfinite().all()


@pytest.mark.parametrize("kind", GATES)
def test_log_space_adds_up_in_float32_whatever_the_format(kind: type[MinRNN]) -> None:
    """In bfloat16 itself the logarithms' running sum was off by whole units after 2,000 steps."""
    layer = kind(3, 4, log_space=True)
    machine.check_half_precision(layer, torch.randn(1, 2048, 3), torch.bfloat16)


@pytest.mark.parametrize("kind", GATES)
def test_closed_gates_hold_the_state_for_good(kind: type[MinRNN]) -> None:
    layer = make(kind, False)
    with torch.no_grad():
        getattr(layer, GATES[kind][-1]).bias.fill_(-800.0)
    state = MinRNNState(torch.randn(1, 4, dtype=torch.float64))
    _, final = unroll(layer, torch.randn(1, 50, 3, dtype=torch.float64), state)
    torch.testing.assert_close(final.h, state.h, rtol=1e-12, atol=1e-12)


def test_bad_sizes() -> None:
    with pytest.raises(ValueError, match="sizes must be at least 1, got 0 and 4"):
        MinGRU(0, 4)
