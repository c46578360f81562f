"""Grouped attention against torch's own, and with rotary positions against the older layer."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from solutions.attention import KeyValueCache, MultiHeadAttention, causal_mask
from solutions.grouped_attention import GroupedAttention, grouped_attention, visible
from solutions.positions import Rotary
from tests.layers import recipe


def draw(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize(("queries", "keys"), [(5, 7), (1, 1), (3, 1), (1, 6)])
@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_it_is_torch_s(groups: int, queries: int, keys: int, scale: float) -> None:
    q, k, v = draw(2, 4, queries, 3), draw(2, groups, keys, 3), draw(2, groups, keys, 5)
    allowed = torch.rand(2, queries, keys) < 0.6
    allowed[..., 0] = True
    y = grouped_attention(scale * q, k, v, allowed)
    wanted = F.scaled_dot_product_attention(
        scale * q, k, v, allowed.unsqueeze(1), enable_gqa=groups < 4
    )
    recipe.assert_close("y", y, wanted)
    weight = torch.randn_like(wanted)
    found = [torch.autograd.grad((one * weight).sum(), (q, k, v)) for one in (y, wanted)]
    for name, a, b in zip("qkv", *found, strict=True):
        recipe.assert_close(f"gradient of {name}", a, b)


def test_a_query_that_sees_nothing_gets_zeros_and_gradients_stay_finite() -> None:
    q, k, v = draw(1, 2, 3, 4), draw(1, 1, 5, 4), draw(1, 1, 5, 4)
    allowed = torch.ones(1, 3, 5, dtype=torch.bool)
    allowed[0, 1] = False
    y = grouped_attention(q, k, v, allowed)
    assert torch.all(y[:, :, 1] == 0)
    gradients = torch.autograd.grad(y.square().sum(), (q, k, v))
    assert all(g.isfinite().all() for g in gradients)
    assert torch.all(gradients[0][:, :, 1] == 0)
    assert torch.autograd.gradcheck(lambda q, k, v: grouped_attention(q, k, v, allowed), (q, k, v))


def test_new_tokens_see_real_ones_up_to_themselves() -> None:
    before = torch.tensor([[True, True], [False, True]])
    real = torch.tensor([[True, True, False], [True, False, True]])
    wanted = torch.tensor(
        [
            [[1, 1, 1, 0, 0], [1, 1, 1, 1, 0], [1, 1, 1, 1, 0]],
            [[0, 1, 1, 0, 0], [0, 1, 1, 0, 0], [0, 1, 1, 0, 1]],
        ]
    )
    assert torch.equal(visible(before, real), wanted.bool())
    none, all_ = torch.ones(1, 0).bool(), torch.ones(1, 4).bool()
    assert torch.equal(visible(none, all_)[0], causal_mask(4, 4))


@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("base", [10_000.0, 100.0])
def test_the_layer_is_rotary_attention_counted_from_an_offset(groups: int, base: float) -> None:
    theirs = MultiHeadAttention(16, 4, groups, bias=False, rotate=Rotary(4, base)).double()
    ours = GroupedAttention(16, 4, groups, base).double()
    ours.load_state_dict(theirs.state_dict())
    x, past = draw(2, 5, 16), draw(2, 3, 16)
    _, cache = theirs(past)
    wanted, whole = theirs(x, cache)
    positions = torch.arange(3, 8).repeat(2, 1)
    new = ours.read(x, positions)
    joined = KeyValueCache(
        torch.cat([cache.keys, new.keys], dim=2), torch.cat([cache.values, new.values], dim=2)
    )
    recipe.assert_close("keys", joined.keys, whole.keys)
    recipe.assert_close("values", joined.values, whole.values)
    allowed = causal_mask(5, 8).expand(2, 5, 8)
    recipe.assert_close("y", ours.attend(x, positions, joined, allowed), wanted)


def test_what_does_not_fit_is_named() -> None:
    for sizes in ((6, 2), (8, 0), (0, 1), (9, 3)):
        with pytest.raises(ValueError, match="d_model must be a multiple"):
            GroupedAttention(*sizes)
    with pytest.raises(ValueError, match="num_kv_heads must divide 4 heads"):
        GroupedAttention(16, 4, 3)
    q, k = torch.zeros(2, 4, 5, 6), torch.zeros(2, 2, 3, 6)
    with recipe.without_shape_checks():
        with pytest.raises(ValueError, match="key must have groups that divide 4 heads, got 3"):
            grouped_attention(q, k[:, :1].repeat(1, 3, 1, 1), k, torch.ones(2, 5, 3).bool())
        with pytest.raises(ValueError, match=r"allowed must have shape \(2, 5, 3\)"):
            grouped_attention(q, k, k, torch.ones(5, 3).bool())
        with pytest.raises(TypeError, match=r"allowed must be torch\.bool"):
            grouped_attention(q, k, k, torch.ones(2, 5, 3))
        with pytest.raises(ValueError, match="x must have 16 features"):
            GroupedAttention(16, 4).read(torch.zeros(1, 2, 8), torch.zeros(1, 2).long())
