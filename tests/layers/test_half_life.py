"""Half-lives of gates, the biases for them, and a chrono start."""

from __future__ import annotations

import pytest
import torch

from solutions.gates import LSTM, chrono_start
from solutions.half_life import bias_for, chrono_biases, half_life


@pytest.mark.parametrize("bias", [-3.0, 0.0, 1.0, 6.0])
def test_half_is_left_after_a_half_life(bias: float) -> None:
    steps = half_life(torch.tensor([bias], dtype=torch.float64))
    left = torch.sigmoid(torch.tensor(bias, dtype=torch.float64)) ** steps
    torch.testing.assert_close(left, torch.full((1,), 0.5).double(), rtol=0, atol=1e-12)


def test_a_bias_of_zero_has_a_half_life_of_one_step() -> None:
    assert half_life(torch.zeros(1)).item() == pytest.approx(1.0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_there_and_back_from_a_tenth_of_a_step_to_ten_million(dtype: torch.dtype) -> None:
    steps = torch.tensor([0.1, 1.0, 30.0, 1e4, 1e7], dtype=dtype)
    back = half_life(bias_for(steps))
    assert back.dtype == dtype
    torch.testing.assert_close(back, steps, rtol=1e-4 if dtype == torch.float32 else 1e-9, atol=0)


@pytest.mark.parametrize("steps", [[0.0], [2.0, -1.0], [float("nan")]])
def test_half_lives_that_are_none_are_refused(steps: list[float]) -> None:
    with pytest.raises(ValueError, match="above 0 steps"):
        bias_for(torch.tensor(steps))


def test_a_chrono_start_is_the_one_that_layers_get() -> None:
    torch.manual_seed(3)
    found = chrono_biases(50, 40)
    torch.manual_seed(3)
    layer = LSTM(2, 50)
    torch.manual_seed(3)
    chrono_start(layer, 40)
    torch.testing.assert_close(found.forget, layer.cell.bias[50:100].detach())
    torch.testing.assert_close(found.input, layer.cell.bias[:50].detach())


def test_chrono_biases_of_the_shortest_memory_are_zero_and_of_none_refused() -> None:
    assert not chrono_biases(4, 2).forget.any()
    with pytest.raises(ValueError, match="at least 2 steps"):
        chrono_biases(4, 1)
