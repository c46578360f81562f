"""The tree against the loop, its gradient against nudges, and its depth against a logarithm."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from solutions.scan import sequential_scan
from solutions.tree_scan import TreeScan, tree_scan, tree_scan_gradients
from tests.layers import recipe


def given(time: int, batch: int = 2, dim: int = 3) -> list[Tensor]:
    a, b = torch.randn(2, batch, time, dim).double()
    return [a, b, torch.randn(batch, dim).double()]


@pytest.mark.parametrize("time", [1, 2, 3, 8, 13, 64])
def test_all_states_at_every_length(time: int) -> None:
    a, b, h0 = given(time)
    recipe.assert_close("h", tree_scan(a, b, h0), sequential_scan(a, b, h0))


def test_zeros_and_tiny_numbers_are_numbers_like_others() -> None:
    a, b, h0 = given(40)
    a[:, ::3], a[:, 1::3] = 0.0, 1e-200
    recipe.assert_close("h", tree_scan(a, b, h0), sequential_scan(a, b, h0))


@pytest.mark.parametrize("time", [1, 2, 5])
def test_the_gradient_written_by_hand(time: int) -> None:
    leaves = [value.requires_grad_() for value in given(time)]
    assert torch.autograd.gradcheck(TreeScan.apply, leaves)


def test_the_gradient_is_that_of_the_loop() -> None:
    leaves = [value.requires_grad_() for value in given(17)]
    error = torch.randn(2, 17, 3).double()
    h = sequential_scan(*leaves)
    wanted = torch.autograd.grad(h, leaves, error)
    a, _, h0 = leaves
    with torch.no_grad():
        found = tree_scan_gradients(a, h, h0, error)
    for name, one, other in zip(found._fields, found, wanted, strict=True):
        recipe.assert_close(name, one, other)


@pytest.mark.parametrize("time", [16, 33])
def test_no_sum_is_deeper_than_the_logarithm(time: int) -> None:
    """One number of 2^60 and one of -2^60 lose what had come together with them."""
    b = torch.ones(time - 1, time, 1).double()
    b[:, 0], b[range(time - 1), range(1, time)] = 2.0**60, -(2.0**60)
    ones, zeros = torch.ones_like(b), torch.zeros(time - 1, 1).double()
    assert len(sequential_scan(ones, b, zeros)[:, -1].unique()) == time - 1
    assert len(tree_scan(ones, b, zeros)[:, -1].unique()) <= math.ceil(math.log2(time))
