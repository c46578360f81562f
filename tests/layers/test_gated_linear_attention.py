from __future__ import annotations

import pytest
import torch
from torch import Tensor

from solutions.gated_linear_attention import (
    GatedLinearAttention,
    GLAState,
    gated_linear_attention,
)
from solutions.linear_attention import decayed_attention
from tests.layers import recipe

FORMS = ["recurrent", "parallel", "chunked"]


def make(form: str = "chunked") -> GatedLinearAttention:
    return GatedLinearAttention(8, 2, form, chunk=4, rank=3).double()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("batch", "time"), [(2, 11), (1, 1), (1, 8)])
def test_forward_step_and_chunks(form: str, batch: int, time: int) -> None:
    layer, x = make(form), torch.randn(batch, time, 8, dtype=torch.float64)
    recipe.check_step_forward_chunks(layer, x)
    state = GLAState(torch.randn(batch, 2, 4, 4, dtype=torch.float64))
    recipe.check_step_forward_chunks(layer, x, state)


def test_promises() -> None:
    layer, x = make(), torch.randn(2, 6, 8, dtype=torch.float64)
    state = GLAState(torch.randn(2, 2, 4, 4, dtype=torch.float64))
    recipe.check_gradients(layer, x, state, fast=True)
    recipe.check_causality(layer, x)
    recipe.check_state_size(layer, x)
    recipe.check_dtypes(layer, x)
    recipe.check_bad_input(layer, 8)
    recipe.check_compiles(layer, x)


def inputs(time: int) -> tuple[Tensor, ...]:
    q, k, log_a = torch.randn(3, 2, 3, time, 4, dtype=torch.float64).unbind()
    v, S = torch.randn(2, 3, time, 5).double(), torch.randn(2, 3, 4, 5).double()
    return q, k, v, -log_a.abs(), S


@pytest.mark.parametrize("form", FORMS)
def test_gradcheck(form: str) -> None:
    def run(*arguments: Tensor) -> tuple[Tensor, Tensor]:
        return gated_linear_attention(*arguments, form=form, chunk=3)

    given = tuple(t.requires_grad_() for t in inputs(5))
    assert torch.autograd.gradcheck(run, given, fast_mode=True)


@pytest.mark.parametrize("chunk", [1, 5, 16])
@pytest.mark.parametrize("strength", [0.0, 1.0, 300.0])
def test_forms_agree_at_any_decay(chunk: int, strength: float) -> None:
    """No fading, some, and so much that exp(-A) alone would overflow."""
    q, k, v, log_a, S = inputs(37)
    wanted = gated_linear_attention(q, k, v, strength * log_a, S, "recurrent")
    for form in FORMS[1:]:
        got = gated_linear_attention(q, k, v, strength * log_a, S, form, chunk)
        torch.testing.assert_close(got, wanted, rtol=1e-10, atol=1e-10)


def test_recurrence_is_the_papers_matrix_product() -> None:
    """S(t) = diag(a) S(t-1) + k v^T, one explicit matrix after another."""
    q, k, v, log_a, S = inputs(9)
    y, last = gated_linear_attention(q, k, v, log_a, S)
    for t in range(9):
        fade = torch.diag_embed(log_a[:, :, t].exp())
        S = fade @ S + k[:, :, t, :, None] @ v[:, :, t, None, :]
        torch.testing.assert_close(y[:, :, t], (S.mT @ q[:, :, t, :, None]).squeeze(-1))
    torch.testing.assert_close(last, S)


def test_with_one_rate_for_all_rows_it_is_decayed_attention() -> None:
    q, k, v, log_a, S = inputs(7)
    same = log_a[..., :1]
    got = gated_linear_attention(q, k, v, same.expand_as(log_a), S)
    torch.testing.assert_close(got, decayed_attention(q, k, v, same.squeeze(-1), S))


def test_rates_start_near_one() -> None:
    layer, x = make(), torch.randn(2, 6, 8, dtype=torch.float64)
    rates = (torch.nn.functional.logsigmoid(layer.rate(x)) / 16).exp()
    assert 0.9 < rates.min() <= rates.max() < 1


def test_bad_arguments() -> None:
    with recipe.without_shape_checks():
        for call, message in [
            (lambda: GatedLinearAttention(9, 2), "d_model must be a multiple of num_heads"),
            (lambda: GatedLinearAttention(8, 2, rank=0), "rank must be at least 1, got 0"),
            (lambda: GatedLinearAttention(8, 2, "sideways"), "form must be"),
            (lambda: gated_linear_attention(*inputs(3), chunk=0), "chunk at least 1"),
        ]:
            with pytest.raises(ValueError, match=message):
                call()
