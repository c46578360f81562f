from __future__ import annotations

import pytest
import torch

from solutions.selective_scan import selective_scan
from solutions.ssd import Mamba2, Mamba2State
from tests.layers import recipe

FORMS = ["recurrent", "parallel", "chunked"]


def make(form: str = "chunked") -> Mamba2:
    layer = Mamba2(3, states=4, num_heads=2, form=form, chunk=4).double()
    with torch.no_grad():
        layer.step_bias.normal_()
        layer.conv_bias.normal_()
        layer.D.normal_()
    return layer


def state_of(batch: int) -> Mamba2State:
    tail, H = torch.randn(batch, 3, 14).double(), torch.randn(batch, 2, 4, 3).double()
    return Mamba2State(tail, H)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("batch", "time"), [(2, 11), (1, 1)])
@pytest.mark.parametrize("bias", [-20.0, 0.0, 20.0])
def test_forward_step_and_chunks(form: str, batch: int, time: int, bias: float) -> None:
    layer, x = make(form), torch.randn(batch, time, 3, dtype=torch.float64)
    with torch.no_grad():
        layer.step_bias += bias
    recipe.check_step_forward_chunks(layer, x)
    recipe.check_step_forward_chunks(layer, x, state_of(batch))


def test_promises() -> None:
    layer, x = make(), torch.randn(2, 6, 3, dtype=torch.float64)
    recipe.check_gradients(layer, x, state_of(2), fast=True)
    recipe.check_causality(layer, x)
    recipe.check_state_size(layer, x)
    recipe.check_dtypes(layer, x)
    recipe.check_bad_input(layer, 3)
    recipe.check_compiles(layer, x)


@pytest.mark.parametrize("form", FORMS)
def test_it_is_the_selective_scan_with_one_rate_per_head(form: str) -> None:
    """The block's heart against solutions.selective, A repeated over channels and states."""
    layer, x = make(form), torch.randn(2, 9, 3, dtype=torch.float64)
    caught = []
    layer.out.register_forward_pre_hook(lambda _, given: caught.append(given[0]))
    layer(x)
    z, xBC, step = layer.inputs(x).split([6, 14, 2], dim=-1)
    padded = torch.cat([torch.zeros(2, 3, 14, dtype=torch.float64), xBC], dim=1)
    convolved = sum(layer.conv_weight[j] * padded[:, j : j + 9] for j in range(4))
    u, B, C = torch.nn.functional.silu(convolved + layer.conv_bias).split([6, 4, 4], dim=-1)
    delta = torch.nn.functional.softplus(step + layer.step_bias).repeat_interleave(3, dim=-1)
    A = -layer.log_A.exp().repeat_interleave(3).unsqueeze(1).repeat(1, 4)
    y, _ = selective_scan(u, delta, A, B, C, torch.zeros(2, 6, 4, dtype=torch.float64))
    y = (y + layer.D.repeat_interleave(3) * u) * torch.nn.functional.silu(z)
    wanted = y / (y.square().mean(-1, keepdim=True) + 1e-6).sqrt()
    torch.testing.assert_close(caught[0], wanted, rtol=1e-10, atol=1e-10)


def test_bad_sizes() -> None:
    with pytest.raises(ValueError, match="a multiple of num_heads, got d_model=3"):
        Mamba2(3, num_heads=4)
