"""The plain selective block keeps every promise and is Mamba."""

from __future__ import annotations

import pytest
import torch

from solutions.selective import Mamba
from solutions.selective_block import SelectiveBlock, SelectiveState
from tests.layers import recipe


def make(width: int = 3, rank: int = 2) -> SelectiveBlock:
    layer = SelectiveBlock(3, states=4, expand=2, width=width, rank=rank).double()
    with torch.no_grad():
        layer.step_size.bias.normal_()
        layer.conv_bias.normal_()
        layer.D.normal_()
    return layer


def state_of(batch: int, width: int = 3) -> SelectiveState:
    tail, h = torch.randn(batch, width - 1, 6), torch.randn(batch, 6, 4)
    return SelectiveState(tail.double(), h.double())


@pytest.mark.parametrize(("batch", "time", "width"), [(2, 7, 3), (1, 1, 3), (2, 5, 1), (1, 2, 4)])
def test_it_is_mamba(batch: int, time: int, width: int) -> None:
    layer, mamba = make(width), Mamba(3, states=4, expand=2, width=width, rank=2).double()
    mamba.load_state_dict(layer.state_dict())
    x, state = torch.randn(batch, time, 3).double(), state_of(batch, width)
    (y, last), (wanted, end) = layer(x, state), mamba(x, mamba.initial_state(batch)._make(state))
    recipe.assert_close("y", y, wanted)
    for name, one, other in zip(last._fields, last, end, strict=True):
        recipe.assert_close(name, one, other)


def test_promises() -> None:
    layer, x = make(), torch.randn(2, 6, 3).double()
    recipe.check_step_forward_chunks(layer, x)
    recipe.check_step_forward_chunks(layer, x, state_of(2))
    recipe.check_gradients(layer, x, state_of(2), fast=True)
    recipe.check_causality(layer, x)
    recipe.check_state_size(layer, x)
    recipe.check_dtypes(layer, x)
    recipe.check_bad_input(layer, 3)


def test_a_step_size_of_zero_passes_the_token_over_and_a_large_one_forgets() -> None:
    layer, x, old = make(), torch.randn(2, 1, 3).double(), state_of(2)
    with torch.no_grad():
        layer.step_size.weight.zero_()
        layer.step_size.bias.fill_(-60.0)
        recipe.assert_close("h", layer(x, old)[1].h, old.h)
        layer.step_size.bias.fill_(60.0)
        fresh = layer(x, old._replace(h=torch.zeros_like(old.h)))[1]
        recipe.assert_close("h", layer(x, old)[1].h, fresh.h)


def test_sizes_below_one_are_refused() -> None:
    with pytest.raises(ValueError, match="width and rank must be at least 1"):
        SelectiveBlock(3, 4, width=0)
