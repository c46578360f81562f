"""The carousel's gradients against automatic differentiation, the sweep against multiplication."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from solutions.carousel import CarouselState, NaiveCarousel
from solutions.error_flow import carousel_gradients, error_left, longest_lag
from tests.layers import recipe

LOOPS = torch.tensor([0.0, 0.5, -0.9, 0.99, 1.0, -1.0, 1.01], dtype=torch.float64)


@pytest.mark.parametrize(("batch", "time", "hidden"), [(3, 7, 7), (1, 1, 7), (2, 63, 7)])
def test_gradients_are_those_of_autograd(batch: int, time: int, hidden: int) -> None:
    layer = NaiveCarousel(3, hidden).double()
    with torch.no_grad():
        layer.self_loop.copy_(LOOPS)
    x = torch.randn(batch, time, 3, dtype=torch.float64, requires_grad=True)
    s0 = torch.randn(batch, hidden, dtype=torch.float64, requires_grad=True)
    s, _ = layer(x, CarouselState(s0))
    grad_s = torch.randn_like(s)
    leaves = {"x": x, "s0": s0, **dict(layer.named_parameters())}
    wanted = dict(zip(leaves, torch.autograd.grad(s, list(leaves.values()), grad_s), strict=True))
    w, W = layer.self_loop.detach(), layer.weight_ih.detach()
    found = carousel_gradients(x.detach(), s0.detach(), s.detach(), w, W, grad_s)
    assert set(found._fields) == set(wanted)
    for name, value in found._asdict().items():
        recipe.assert_close(name, value, wanted[name])


def test_an_error_passes_the_loop_once_a_step() -> None:
    """ds(T)/ds(0) = w^T"""
    T = 40
    grad_s = torch.zeros(1, T, 7, dtype=torch.float64)
    grad_s[:, -1] = 1
    x, s = torch.zeros(1, T, 3, dtype=torch.float64), torch.zeros_like(grad_s)
    W = torch.zeros(7, 3, dtype=torch.float64)
    back = carousel_gradients(x, s[:, 0], s, LOOPS, W, grad_s)
    recipe.assert_close("ds(T)/ds(0)", back.s0[0], LOOPS**T)


def multiplied(w: float, lag: int) -> float:
    return math.prod([abs(w)] * lag)


def test_error_left_is_one_factor_a_step() -> None:
    lags = torch.tensor([0, 1, 2, 9, 100])
    wanted = torch.tensor([[multiplied(w, k) for k in lags.tolist()] for w in LOOPS.tolist()])
    recipe.assert_close("left", error_left(LOOPS, lags), wanted.double(), 1e-7)
    assert error_left(LOOPS.float(), lags).dtype == torch.float32


@pytest.mark.parametrize("keep", [0.01, 0.37, 0.9])
def test_longest_lag_is_the_last_with_enough_left(keep: float) -> None:
    for w, lag in zip(LOOPS.tolist(), longest_lag(LOOPS, keep).tolist(), strict=True):
        if abs(w) >= 1:
            assert lag == math.inf
        else:
            assert multiplied(w, int(lag)) >= keep > multiplied(w, int(lag) + 1)


def test_keep_itself_is_enough() -> None:
    halves = torch.tensor([0.5, -0.25])
    assert longest_lag(halves, 0.0625).tolist() == [4, 2]
    assert longest_lag(halves, 1.0).tolist() == [0, 0]


@pytest.mark.parametrize("keep", [0.0, -1.0, 1.5, math.nan])
def test_a_share_that_nobody_can_keep_is_refused(keep: float) -> None:
    def ask() -> Tensor:
        return longest_lag(LOOPS, keep)

    with pytest.raises(ValueError, match="keep must be"):
        ask()
