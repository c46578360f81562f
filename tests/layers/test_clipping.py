"""Clipping, against PyTorch's own and at its edges."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from solutions.clipping import clip_gradients
from tests.layers import recipe

DOUBLE = torch.float64


@settings(max_examples=50, deadline=None)
@given(limit=st.floats(1e-3, 1e3), scale=st.floats(1e-3, 1e3), seed=st.integers(0, 2**31))
def test_agrees_with_torch(limit: float, scale: float, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    gradients = [
        scale * torch.randn(shape, generator=generator, dtype=DOUBLE)
        for shape in [(3, 2), (5,), (), (2, 1, 4)]
    ]
    parameters = [nn.Parameter(torch.zeros_like(g)) for g in gradients]
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient.clone()
    wanted = nn.utils.clip_grad_norm_(parameters, limit)
    clipped, norm = clip_gradients(gradients, limit)
    torch.testing.assert_close(norm, wanted, rtol=1e-12, atol=0)
    for mine, parameter in zip(clipped, parameters, strict=True):
        assert parameter.grad is not None
        # torch divides by the norm plus 1e-6.
        torch.testing.assert_close(mine, parameter.grad, rtol=2e-6 / limit + 1e-12, atol=0)


def test_never_longer_than_the_limit_and_never_turned() -> None:
    gradients = [torch.randn(4, 3, dtype=DOUBLE) * 100, torch.randn(7, dtype=DOUBLE)]
    clipped, norm = clip_gradients((g for g in gradients), 0.5)
    assert norm > 0.5
    length = math.sqrt(sum(g.square().sum().item() for g in clipped))
    assert length == pytest.approx(0.5, rel=1e-12)
    for mine, given_gradient in zip(clipped, gradients, strict=True):
        recipe.assert_close("direction", mine / length, given_gradient / norm)


def test_short_and_zero_gradients_stay() -> None:
    small = [torch.full((2,), 0.1), torch.zeros(3)]
    assert all(torch.equal(a, b) for a, b in zip(clip_gradients(small, 1.0)[0], small, strict=True))
    zeros, norm = clip_gradients([torch.zeros(3)], 1.0)
    assert zeros[0].tolist() == [0, 0, 0]
    assert norm == 0


def test_without_a_limit_nothing_is_clipped() -> None:
    gradients = [torch.randn(3), torch.zeros(2)]
    for mine, whole in zip(clip_gradients(gradients, math.inf)[0], gradients, strict=True):
        assert torch.equal(mine, whole)
    assert clip_gradients([torch.zeros(3)], math.inf)[0][0].tolist() == [0, 0, 0]


@pytest.mark.parametrize("bad", [math.inf, -math.inf, math.nan])
def test_a_norm_without_direction_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="look for the cause"):
        clip_gradients([torch.ones(2), torch.tensor([bad])], 1.0)


@pytest.mark.parametrize("limit", [0.0, -1.0, math.nan])
def test_a_limit_that_is_none_is_refused(limit: float) -> None:
    with pytest.raises(ValueError, match="max_norm must be above 0"):
        clip_gradients([torch.ones(2)], limit)


def test_no_gradients_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one tensor"):
        clip_gradients([], 1.0)
