from __future__ import annotations

import pytest
import torch

from solutions.channel_mixing import ChannelMixingState, RWKVChannelMixing
from tests.layers import recipe


def make() -> RWKVChannelMixing:
    layer = RWKVChannelMixing(4, 6).double()
    with torch.no_grad():
        layer.mix.uniform_()
    return layer


def state_of(batch: int) -> ChannelMixingState:
    return ChannelMixingState(torch.randn(batch, 4, dtype=torch.float64))


@pytest.mark.parametrize(("batch", "time"), [(2, 7), (1, 1)])
def test_forward_step_and_chunks(batch: int, time: int) -> None:
    layer, x = make(), torch.randn(batch, time, 4, dtype=torch.float64)
    recipe.check_step_forward_chunks(layer, x)
    recipe.check_step_forward_chunks(layer, x, state_of(batch))


def test_promises() -> None:
    layer, x = make(), torch.randn(2, 5, 4, dtype=torch.float64)
    recipe.check_gradients(layer, x, state_of(2), fast=True)
    recipe.check_causality(layer, x)
    recipe.check_state_size(layer, x)
    recipe.check_dtypes(layer, x)
    recipe.check_bad_input(layer, 4)
    recipe.check_compiles(layer, x)


def test_it_is_the_papers_equation_token_by_token() -> None:
    layer, x = make(), torch.randn(5, 4, dtype=torch.float64)
    before = torch.zeros(4, dtype=torch.float64)
    for t in range(5):
        for_r, for_k = (mu * x[t] + (1 - mu) * before for mu in layer.mix)
        k = torch.clamp(layer.key.weight @ for_k, min=0)
        wanted = torch.sigmoid(layer.receptance.weight @ for_r) * (layer.value.weight @ (k * k))
        recipe.assert_close("y", layer(x[None])[0][0, t], wanted)
        before = x[t]


def test_sizes() -> None:
    assert RWKVChannelMixing(4).key.weight.shape == (16, 4)
    with pytest.raises(ValueError, match="must be at least 1, got 4 and 0"):
        RWKVChannelMixing(4, 0)
