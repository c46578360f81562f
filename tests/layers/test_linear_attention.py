from __future__ import annotations

import pytest
import torch
from torch import Tensor

from solutions.linear_attention import (
    LinearAttention,
    LinearAttentionState,
    Retention,
    RetentionState,
    decayed_attention,
    rotate,
)
from solutions.positions import frequencies
from tests.layers import recipe

FORMS = ["recurrent", "parallel", "chunked"]
LAYERS = pytest.mark.parametrize("kind", [LinearAttention, Retention])


def make(kind: type, form: str = "chunked") -> LinearAttention | Retention:
    return kind(8, 2, form, chunk=4).double()


def state_of(layer: LinearAttention | Retention, batch: int):
    S = torch.randn(batch, 2, 4, 4, dtype=torch.float64)
    if isinstance(layer, LinearAttention):
        return LinearAttentionState(S, torch.rand(batch, 2, 4, dtype=torch.float64) + 0.1)
    return RetentionState(S, torch.arange(5, 5 + batch))


@LAYERS
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("batch", "time"), [(2, 11), (1, 1), (1, 8)])
def test_forward_step_and_chunks(kind: type, form: str, batch: int, time: int) -> None:
    layer = make(kind, form)
    x = torch.randn(batch, time, 8, dtype=torch.float64)
    recipe.check_step_forward_chunks(layer, x)
    recipe.check_step_forward_chunks(layer, x, state_of(layer, batch))


@LAYERS
def test_promises(kind: type) -> None:
    layer, x = make(kind), torch.randn(2, 6, 8, dtype=torch.float64)
    recipe.check_gradients(layer, x, state_of(layer, 2), fast=True)
    recipe.check_causality(layer, x)
    recipe.check_state_size(layer, x)
    recipe.check_dtypes(layer, x)
    recipe.check_bad_input(layer, 8)
    recipe.check_compiles(layer, x)


def inputs(time: int) -> tuple[Tensor, ...]:
    q, k = torch.randn(2, 2, 3, time, 4, dtype=torch.float64).unbind()
    v, S = torch.randn(2, 3, time, 5).double(), torch.randn(2, 3, 4, 5).double()
    return tuple(t.requires_grad_() for t in (q, k, v, -torch.rand(2, 3, time).double(), S))


@pytest.mark.parametrize("form", FORMS)
def test_gradcheck(form: str) -> None:
    def run(*arguments: Tensor) -> tuple[Tensor, Tensor]:
        return decayed_attention(*arguments, form=form, chunk=3)

    assert torch.autograd.gradcheck(run, inputs(5), fast_mode=True)


@pytest.mark.parametrize("chunk", [1, 5, 16, 64])
@pytest.mark.parametrize("strength", [0.0, 1.0, 300.0])
def test_forms_agree_at_any_decay(chunk: int, strength: float) -> None:
    """No fading, some, and so much that exp(-A) alone would overflow."""
    q, k, v, log_a, S = (t.detach() for t in inputs(37))
    wanted = decayed_attention(q, k, v, strength * log_a, S, "recurrent")
    for form in FORMS[1:]:
        got = decayed_attention(q, k, v, strength * log_a, S, form, chunk)
        torch.testing.assert_close(got, wanted, rtol=1e-10, atol=1e-10)


def test_linear_attention_is_normalised_attention() -> None:
    """Against the definition: weights phi(q).phi(k) over the past, divided by their sum."""
    layer, x = make(LinearAttention), torch.randn(1, 9, 8, dtype=torch.float64)
    q, k, v = layer.qkv(x).view(1, 9, 3, 2, 4).permute(2, 0, 3, 1, 4)
    phi = torch.nn.functional.elu
    weights = ((phi(q) + 1) @ (phi(k) + 1).mT).tril()
    y = (weights / weights.sum(-1, keepdim=True)) @ v
    torch.testing.assert_close(layer(x)[0], layer.out(y.transpose(1, 2).reshape(1, 9, 8)))


def test_retention_scores_depend_on_distance_only() -> None:
    layer = make(Retention)
    q, k = torch.randn(2, 1, 1, 1, 4, dtype=torch.float64)
    turn = [t * frequencies(4).view(1, 1, 1, -1) for t in (3, 8, 103, 108)]
    near = (rotate(q, turn[1]) * rotate(k, turn[0])).sum()
    far = (rotate(q, turn[3]) * rotate(k, turn[2])).sum()
    torch.testing.assert_close(near, far)
    x = torch.randn(2, 6, 8, dtype=torch.float64)
    later = layer.initial_state(2)._replace(position=torch.tensor([7, 100_000]))
    torch.testing.assert_close(layer(x, later)[0], layer(x)[0], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("dtype", "position", "part"),
    [
        (torch.float32, 100_000, 2e-6),
        (torch.float32, 10_000_000, 2e-6),
        (torch.bfloat16, 1000, 0.03),
        (torch.float16, 100_000, 0.004),
    ],
)
def test_retention_is_the_same_wherever_it_starts(
    dtype: torch.dtype, position: int, part: float
) -> None:
    """An angle in the layer's own format would be off, and at 65,536 no number in float16."""
    layer, x = Retention(16, 2).to(dtype), torch.randn(2, 40, 16).to(dtype)
    start = layer.initial_state(2)
    with torch.no_grad():
        wanted, _ = layer(x, start)
        got, _ = layer(x, start._replace(position=start.position + position))
    assert (got - wanted).abs().max() <= part * wanted.abs().max()


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
def test_linear_attention_is_a_mean_where_its_features_underflow(dtype: torch.dtype) -> None:
    """elu(u) + 1 rounds to 0 for all features of all tokens; every token then counts the same."""
    layer = LinearAttention(4, 1).to(dtype)
    with torch.no_grad():
        layer.qkv.weight.zero_()
        layer.qkv.weight[:8] = -10  # of q and k, all of them -40 below
        layer.qkv.weight[8:] = torch.eye(4)
        layer.out.weight.copy_(torch.eye(4))
    x = torch.ones(1, 3, 4, dtype=dtype) + torch.eye(3, 4, dtype=dtype) / 4
    y, state = layer(x)
    torch.testing.assert_close(y[:, -1], x.mean(1), rtol=0.01, atol=0.01)
    again, _ = layer.step(x[:, 0], state)
    assert again.isfinite().all()
    y.sum().backward()
    assert layer.qkv.weight.grad.isfinite().all()


def test_retention_fades_at_the_papers_rates() -> None:
    wanted = torch.tensor([1 - 1 / 32, 1 - 1 / 64], dtype=torch.float64)
    torch.testing.assert_close(Retention(8, 2).double().log_gamma.exp(), wanted, atol=1e-7, rtol=0)


@pytest.mark.parametrize(("kind", "d_model"), [(LinearAttention, 9), (Retention, 6)])
def test_bad_sizes(kind: type, d_model: int) -> None:
    with pytest.raises(ValueError, match=f"d_model must be a multiple of .*, got {d_model}"):
        kind(d_model, 2)


@LAYERS
def test_bad_form(kind: type) -> None:
    with recipe.without_shape_checks(), pytest.raises(ValueError, match="form must be"):
        make(kind, "sideways")
