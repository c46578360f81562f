"""Attention against torch's own, and what masks, groups and the cache promise."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from solutions.attention import (
    MultiHeadAttention,
    causal_mask,
    combine_masks,
    dot_product_attention,
    masked_softmax,
)
from tests.layers import recipe

GENTLE, SHARP = 1.0, 30.0  # scale of the scores: spread weights, or nearly one-hot ones


def tokens(*shape: int, scale: float = 1.0) -> Tensor:
    return (scale * torch.randn(*shape, dtype=torch.float64)).requires_grad_()


def grads(y: Tensor, *leaves: Tensor) -> tuple[Tensor, ...]:
    weight = torch.randn(y.shape, generator=torch.Generator().manual_seed(2), dtype=y.dtype)
    return torch.autograd.grad((y * weight).sum(), leaves)


def assert_same(ours: Tensor, oracle: Tensor, *leaves: Tensor) -> None:
    recipe.assert_close("y", ours, oracle)
    for i, (a, b) in enumerate(zip(grads(ours, *leaves), grads(oracle, *leaves), strict=True)):
        recipe.assert_close(f"gradient {i}", a, b)


def masks(queries: int, keys: int) -> dict[str, Tensor | None]:
    some = torch.rand(2, 1, queries, keys) < 0.6
    some[..., 0] = True  # every query may attend to something
    bias = torch.randn(3, queries, keys, dtype=torch.float64)
    return {
        "none": None,
        "causal": causal_mask(queries, keys),
        "per sequence": some,
        "additive": bias,
        "additive with -inf": bias.masked_fill(~some, -math.inf),
    }


@pytest.mark.parametrize("kind", masks(5, 7))
@pytest.mark.parametrize("scale", [GENTLE, SHARP])
@pytest.mark.parametrize("shape", [(5, 7), (1, 1), (7, 7)])
def test_dot_product_attention_is_torch_s(kind: str, scale: float, shape: tuple[int, int]) -> None:
    queries, keys = shape
    q, k, v = tokens(2, 3, queries, 4, scale=scale), tokens(2, 3, keys, 4), tokens(2, 3, keys, 6)
    mask = masks(queries, keys)[kind]
    oracle = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    assert_same(dot_product_attention(q, k, v, mask), oracle, q, k, v)


def test_gradcheck_through_masks_and_a_learned_bias() -> None:
    q, k, v, bias = tokens(2, 5, 3), tokens(2, 4, 3), tokens(2, 4, 2), tokens(5, 4)
    mask = torch.rand(2, 5, 4) < 0.5

    def run(q: Tensor, k: Tensor, v: Tensor, bias: Tensor) -> Tensor:
        return dot_product_attention(q, k, v, combine_masks(mask, bias))

    assert torch.autograd.gradcheck(run, (q, k, v, bias))


@pytest.mark.parametrize("additive", [False, True])
def test_a_query_that_may_attend_to_nothing_gets_zeros(additive: bool) -> None:
    q, k, v = tokens(2, 3, 4), tokens(2, 5, 4), tokens(2, 5, 4)
    allowed = torch.ones(2, 3, 5, dtype=torch.bool)
    allowed[1, 2] = False
    mask = torch.zeros(2, 3, 5, dtype=torch.float64).masked_fill(~allowed, -math.inf)
    y = dot_product_attention(q, k, v, mask if additive else allowed)
    assert torch.all(y[1, 2] == 0)
    assert torch.all(y[1, 1] != 0)
    found = grads(y, q, k, v)
    assert all(g.isfinite().all() for g in found)
    assert torch.all(found[0][1, 2] == 0)
    # No keys at all is the same case.
    assert torch.equal(
        dot_product_attention(q, k[:, :0], v[:, :0]), torch.zeros(2, 3, 4, dtype=torch.float64)
    )


def test_weights_sum_to_one_and_survive_extreme_scores() -> None:
    scores = torch.tensor([[1e300, -1e300, 0.0], [-1e308, -1e308, -1e308]], dtype=torch.float64)
    weights = masked_softmax(scores)
    recipe.assert_close("sum", weights.sum(-1), torch.ones(2, dtype=torch.float64))
    assert weights[0].tolist() == [1.0, 0.0, 0.0]
    hidden = masked_softmax(scores, torch.tensor([False, True, True]))
    assert hidden[0].tolist() == [0.0, 0.0, 1.0]
    recipe.assert_close("rest", hidden[1], torch.tensor([0.0, 0.5, 0.5], dtype=torch.float64))


def test_causal_mask_of_a_chunk_is_the_end_of_the_whole_mask() -> None:
    whole = causal_mask(7, 7)
    assert torch.equal(whole, torch.arange(7) <= torch.arange(7).unsqueeze(1))
    assert torch.equal(causal_mask(3, 7), whole[4:])


@pytest.mark.parametrize("bad", ["dtype", "shape", "rank"])
def test_a_mask_that_does_not_fit_is_named(bad: str) -> None:
    scores = torch.zeros(2, 3, 4)
    mask = {
        "dtype": torch.ones(3, 4, dtype=torch.long),
        "shape": torch.ones(3, 3, dtype=torch.bool),
        "rank": torch.ones(1, 2, 3, 4, dtype=torch.bool),
    }[bad]
    with recipe.without_shape_checks(), pytest.raises((ValueError, TypeError), match=r"^mask must"):
        masked_softmax(scores, mask)


def test_combined_masks_forbid_what_either_forbids() -> None:
    first, second = torch.rand(4, 4) < 0.5, torch.rand(4, 4) < 0.5
    floats = [
        torch.zeros(4, 4).masked_fill(~mask, -math.inf) for mask in (first, second, first & second)
    ]
    assert torch.equal(combine_masks(first, second), first & second)
    assert torch.equal(combine_masks(floats[0], second), floats[2])
    assert torch.equal(combine_masks(first, floats[1]), floats[2])
    assert torch.equal(combine_masks(floats[0], floats[1]), floats[2])
    assert combine_masks(first, None) is first


def copied(layer: MultiHeadAttention) -> nn.MultiheadAttention:
    """Torch's layer with our weights."""
    oracle = nn.MultiheadAttention(layer.d_model, layer.num_heads, batch_first=True).double()
    parts = (layer.query, layer.key, layer.value)
    with torch.no_grad():
        oracle.in_proj_weight.copy_(torch.cat([part.weight for part in parts]))
        oracle.in_proj_bias.copy_(torch.cat([part.bias for part in parts]))
    oracle.out_proj.load_state_dict(layer.output.state_dict())
    return oracle


@pytest.mark.parametrize("time", [1, 7])
def test_causal_layer_is_torch_s_with_every_gradient(time: int) -> None:
    layer = MultiHeadAttention(12, 3).double()
    oracle, x = copied(layer), tokens(2, time, 12)
    wanted, _ = oracle(x, x, x, attn_mask=~causal_mask(time, time), need_weights=False)
    got, _ = layer(x)
    for y in (got, wanted):
        (y**2).sum().backward(retain_graph=True)
    assert_same(got, wanted, x)
    parts = (layer.query, layer.key, layer.value)
    for name, ours, theirs in (
        ("in weights", torch.cat([p.weight.grad for p in parts]), oracle.in_proj_weight.grad),
        ("in biases", torch.cat([p.bias.grad for p in parts]), oracle.in_proj_bias.grad),
        ("out weight", layer.output.weight.grad, oracle.out_proj.weight.grad),
        ("out bias", layer.output.bias.grad, oracle.out_proj.bias.grad),
    ):
        recipe.assert_close(name, ours, theirs)


@pytest.mark.parametrize("chunk_size", [None, 2])
def test_attention_to_another_sequence_is_torch_s(chunk_size: int | None) -> None:
    layer = MultiHeadAttention(12, 3, chunk_size=chunk_size).double()
    x, memory = tokens(2, 4, 12), tokens(2, 5, 12)
    allowed = torch.tensor([[True] * 5, [True, True, False, True, False]])
    wanted, _ = copied(layer)(x, memory, memory, key_padding_mask=~allowed, need_weights=False)
    got = layer.attend(x, layer.read(memory), allowed[:, None, None, :])
    assert_same(got, wanted, x, memory)


def test_grouped_queries_share_keys_as_repeated_weights_would() -> None:
    grouped, full = MultiHeadAttention(12, 6, 2).double(), MultiHeadAttention(12, 6).double()
    with torch.no_grad():
        for name in ("key", "value"):
            for kind in ("weight", "bias"):
                shared = getattr(getattr(grouped, name), kind).unflatten(0, (2, 2))
                repeated = shared.repeat_interleave(3, dim=0).flatten(0, 1)
                getattr(getattr(full, name), kind).copy_(repeated)
    full.query.load_state_dict(grouped.query.state_dict())
    full.output.load_state_dict(grouped.output.state_dict())
    x = tokens(2, 5, 12)
    assert_same(grouped(x)[0], full(x)[0], x)
    assert recipe.state_bytes(full(x)[1]) == 3 * recipe.state_bytes(grouped(x)[1])


LAYERS = {
    "plain": {},
    "grouped": {"num_kv_heads": 2},
    "multi-query": {"num_kv_heads": 1, "bias": False},
    "chunked": {"chunk_size": 3},
    "chunked and grouped": {"num_kv_heads": 2, "chunk_size": 2},
}


@pytest.mark.parametrize("kind", LAYERS)
def test_step_forward_and_chunks_agree(kind: str) -> None:
    layer = MultiHeadAttention(8, 4, **LAYERS[kind]).double()
    for batch, time in ((3, 7), (1, 1), (1, 4)):
        x = torch.randn(batch, time, 8, dtype=torch.float64)
        recipe.check_step_forward_chunks(layer, x)
        _, warm = layer(x)
        recipe.check_step_forward_chunks(layer, x, recipe.map_state(Tensor.detach, warm))
    recipe.check_step_forward_chunks(layer, SHARP * torch.randn(2, 5, 8, dtype=torch.float64))


@pytest.mark.parametrize("kind", ["plain", "chunked and grouped"])
def test_promises_of_a_sequence_layer(kind: str) -> None:
    layer = MultiHeadAttention(8, 4, **LAYERS[kind]).double()
    x = torch.randn(2, 5, 8, dtype=torch.float64)
    recipe.check_gradients(layer, x[:1, :3], layer(x[:1, :2])[1])
    recipe.check_causality(layer, x)
    recipe.check_state_size(layer, x, grows=True)
    recipe.check_dtypes(layer, x)
    recipe.check_bad_input(layer, 8)


def test_cache_holds_a_key_and_a_value_per_token() -> None:
    layer = MultiHeadAttention(8, 4, 2)
    _, cache = layer(torch.randn(3, 6, 8))
    assert cache.keys.shape == cache.values.shape == (3, 2, 6, 2)
    assert recipe.state_bytes(cache) == 3 * 6 * 2 * (2 * 2) * 4  # batch time k+v kv_size float32


def test_graph_is_traced_whole() -> None:
    recipe.check_compiles(MultiHeadAttention(8, 2).double(), torch.randn(2, 5, 8).double())


def test_sizes_that_do_not_go_together_are_named() -> None:
    for arguments, name in (
        ((8, 3), "num_heads"),
        ((8, 4, 3), "num_kv_heads"),
        ((0, 1), "d_model"),
    ):
        with pytest.raises(ValueError, match=name):
            MultiHeadAttention(*arguments)
    layer = MultiHeadAttention(8, 2, chunk_size=4)
    x = torch.randn(2, 3, 8)
    with recipe.without_shape_checks():
        with pytest.raises(ValueError, match=r"^mask must"):
            layer.attend(x, layer.read(x), torch.ones(2, 1, 3, 3, dtype=torch.bool))
        with pytest.raises(ValueError, match=r"^memory must"):
            layer.read(x[..., :4])
        with pytest.raises(ValueError, match=r"^cache.keys must"):
            layer.attend(x, layer.read(x[:1]))
        cache = layer.read(x)
        with pytest.raises(ValueError, match=r"^state.values must"):
            layer(x, cache._replace(values=cache.values[:, :, :2]))
    with pytest.raises(ValueError, match="chunk_size"):
        MultiHeadAttention(8, 2, chunk_size=4, position_bias=lambda q, n: q)
