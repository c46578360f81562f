from __future__ import annotations

import pytest
import torch
from torch import Tensor

from solutions.delta import DeltaState, GatedDeltaNet, gated_delta_rule
from solutions.linear_attention import decayed_attention
from tests.layers import recipe

FORMS = ["recurrent", "parallel", "chunked"]


def make(form: str = "chunked") -> GatedDeltaNet:
    return GatedDeltaNet(8, 2, form, chunk=4).double()


def inputs(time: int) -> tuple[Tensor, ...]:
    q, k = torch.randn(2, 2, 3, time, 4, dtype=torch.float64).unbind()
    v, S = torch.randn(2, 3, time, 5).double(), torch.randn(2, 3, 4, 5).double()
    beta, log_alpha = torch.rand(2, 2, 3, time, dtype=torch.float64).unbind()
    k = torch.nn.functional.normalize(k, dim=-1)
    return tuple(t.detach().requires_grad_() for t in (q, k, v, -log_alpha, beta, S))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("batch", "time"), [(2, 11), (1, 1), (1, 8)])
def test_forward_step_and_chunks(form: str, batch: int, time: int) -> None:
    layer, x = make(form), torch.randn(batch, time, 8, dtype=torch.float64)
    state = DeltaState(torch.randn(batch, 2, 4, 4, dtype=torch.float64))
    recipe.check_step_forward_chunks(layer, x)
    recipe.check_step_forward_chunks(layer, x, state)


def test_promises() -> None:
    layer, x = make(), torch.randn(2, 6, 8, dtype=torch.float64)
    state = DeltaState(torch.randn(2, 2, 4, 4, dtype=torch.float64))
    recipe.check_gradients(layer, x, state, fast=True)
    recipe.check_causality(layer, x)
    recipe.check_state_size(layer, x)
    recipe.check_dtypes(layer, x)
    recipe.check_bad_input(layer, 8)
    recipe.check_compiles(layer, x)


@pytest.mark.parametrize("form", FORMS)
def test_gradcheck(form: str) -> None:
    def run(*arguments: Tensor) -> tuple[Tensor, Tensor]:
        return gated_delta_rule(*arguments, form=form, chunk=3)

    assert torch.autograd.gradcheck(run, inputs(5), fast_mode=True)


@pytest.mark.parametrize("chunk", [1, 5, 16, 64])
@pytest.mark.parametrize("strength", [0.0, 1.0, 300.0])
def test_forms_agree_at_any_gate(chunk: int, strength: float) -> None:
    q, k, v, log_alpha, beta, S = (t.detach() for t in inputs(37))
    wanted = gated_delta_rule(q, k, v, strength * log_alpha, beta, S, "recurrent")
    for form in FORMS[1:]:
        got = gated_delta_rule(q, k, v, strength * log_alpha, beta, S, form, chunk)
        torch.testing.assert_close(got, wanted, rtol=1e-10, atol=1e-10)


def test_recurrence_is_the_papers_matrix_product() -> None:
    """S(t) = alpha (I - beta k k^T) S(t-1) + beta k v^T, one explicit matrix after another."""
    q, k, v, log_alpha, beta, S = (t.detach() for t in inputs(9))
    y, last = gated_delta_rule(q, k, v, log_alpha, beta, S)
    for t in range(9):
        k_t, b_t = k[:, :, t, :, None], beta[:, :, t, None, None]
        erase = torch.eye(4, dtype=torch.float64) - b_t * k_t @ k_t.mT
        S = log_alpha[:, :, t, None, None].exp() * erase @ S + b_t * k_t @ v[:, :, t, None, :]
        torch.testing.assert_close(y[:, :, t], (S.mT @ q[:, :, t, :, None]).squeeze(-1))
    torch.testing.assert_close(last, S)


def test_a_full_step_replaces_what_the_key_held() -> None:
    q, k, v, log_alpha, _, S = (t.detach() for t in inputs(6))
    one, k = torch.ones_like(log_alpha), k[:, :, :1].expand_as(k)
    _, last = gated_delta_rule(q, k, v, 0 * log_alpha, one, S)
    torch.testing.assert_close(torch.einsum("bhkv,bhk->bhv", last, k[:, :, 0]), v[:, :, -1])


def test_with_orthogonal_keys_it_is_linear_attention() -> None:
    """Keys that never meet have nothing to correct."""
    q, _, v, log_alpha, _, S = (t.detach() for t in inputs(4))
    k = torch.eye(4, dtype=torch.float64).expand(2, 3, 4, 4)
    one = torch.ones_like(log_alpha)
    delta = gated_delta_rule(q, k, v, log_alpha, one, 0 * S)
    added = decayed_attention(q, k, v, log_alpha, 0 * S)
    torch.testing.assert_close(delta, added)


def test_bad_arguments() -> None:
    with pytest.raises(ValueError, match="d_model must be a multiple of num_heads, got 9, 2"):
        GatedDeltaNet(9, 2)
    with recipe.without_shape_checks():
        for form, chunk in (("sideways", 4), ("chunked", 0)):
            with pytest.raises(ValueError, match="form must be"):
                gated_delta_rule(*inputs(3), form=form, chunk=chunk)
