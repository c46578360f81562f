"""Attention in blocks is exact, trains, and its memory grows with the length only."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from solutions.attention import dot_product_attention
from solutions.chunked_attention import chunked_attention
from tests.layers import recipe


def tokens(*shape: int, scale: float = 1.0) -> Tensor:
    return (scale * torch.randn(*shape, dtype=torch.float64)).requires_grad_()


def assert_same(ours: Tensor, oracle: Tensor, *leaves: Tensor) -> None:
    recipe.assert_close("y", ours, oracle)
    weight = torch.randn_like(oracle)
    for i, (a, b) in enumerate(
        zip(
            torch.autograd.grad((ours * weight).sum(), leaves),
            torch.autograd.grad((oracle * weight).sum(), leaves),
            strict=True,
        )
    ):
        recipe.assert_close(f"gradient {i}", a, b)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("chunk_size", [1, 3, 4, 64])
@pytest.mark.parametrize("time", [1, 4, 13])
@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_chunked_is_torch_s(causal: bool, chunk_size: int, time: int, scale: float) -> None:
    q, k, v = tokens(2, 3, time, 4, scale=scale), tokens(2, 3, time, 4), tokens(2, 3, time, 6)
    oracle = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
    assert_same(chunked_attention(q, k, v, None, causal, chunk_size), oracle, q, k, v)


@pytest.mark.parametrize("shape", [(3, 11), (11, 3), (1, 8), (5, 0)])
@pytest.mark.parametrize("causal", [False, True])
def test_lengths_that_differ_agree_with_the_plain_form(
    shape: tuple[int, int], causal: bool
) -> None:
    queries, keys = shape
    q, k, v = tokens(2, queries, 4), tokens(2, keys, 4), tokens(2, keys, 4)
    allowed = torch.ones(queries, keys, dtype=torch.bool)
    if causal:
        allowed = allowed.tril(keys - queries)  # with more queries than keys some see nothing
    oracle = dot_product_attention(q, k, v, allowed)
    assert_same(chunked_attention(q, k, v, None, causal, chunk_size=4), oracle, q, k, v)


@pytest.mark.parametrize("causal", [False, True])
def test_masked_keys_and_rows_without_any_key(causal: bool) -> None:
    q, k, v = tokens(3, 2, 9, 4), tokens(3, 2, 9, 4), tokens(3, 2, 9, 4)
    key_mask = torch.rand(3, 1, 9) < 0.5
    key_mask[0] = False
    allowed = key_mask.unsqueeze(-2)
    if causal:
        allowed = allowed & torch.ones(9, 9, dtype=torch.bool).tril()
    y = chunked_attention(q, k, v, key_mask, causal, chunk_size=4)
    assert torch.all(y[0] == 0)
    assert_same(y, dot_product_attention(q, k, v, allowed), q, k, v)


def test_gradcheck_and_shared_heads() -> None:
    q, k, v = tokens(2, 3, 5, 2), tokens(2, 1, 5, 2), tokens(1, 5, 2)
    assert torch.autograd.gradcheck(
        lambda q, k, v: chunked_attention(q, k, v, None, True, 2), (q, k, v)
    )


def test_float32_stays_close_to_float64() -> None:
    q, k, v = (torch.randn(2, 300, 16, dtype=torch.float64) for _ in range(3))
    wanted = chunked_attention(q, k, v, causal=True, chunk_size=64)
    got = chunked_attention(q.float(), k.float(), v.float(), causal=True, chunk_size=64)
    assert got.dtype == torch.float32
    recipe.assert_close("y", got.double(), wanted, 1e-5)


PEAK = """
import resource, torch
from solutions.chunked_attention import chunked_attention
torch.set_num_threads(1)
def peak(time, queries):
    q, k, v = (torch.randn(1, 1, time, 16, requires_grad=True) for _ in range(3))
    chunked_attention(q[:, :, -queries:], k, v, causal=True).sum().backward()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
peak(1024, 1024)
start = peak(1024, 1024)
print(peak(8192, 8192) - start, peak(32768, 256) - start)
"""


def test_training_memory_is_linear_in_length() -> None:
    done = subprocess.run([sys.executable, "-c", PEAK], capture_output=True, text=True, check=True)
    whole, last_queries = (int(growth) for growth in done.stdout.split())
    # All scores of 8192 tokens would be 256 MiB; ten tensors of (8192, 16) are 5 MiB.
    assert whole < 24 * 2**20
    # 256 queries of 32k keys: all scores would be 32 MiB, twice in the backward pass; ten
    # tensors of (32768, 16) are 20 MiB, and one block of scores is a quarter of a MiB.
    assert last_queries < 32 * 2**20


def test_bad_input_is_named() -> None:
    q = torch.randn(2, 5, 4)
    with recipe.without_shape_checks():
        with pytest.raises(ValueError, match="chunk_size"):
            chunked_attention(q, q, q, chunk_size=0)
        for bad in (torch.ones(2, 4, dtype=torch.bool), torch.ones(2, 5)):
            with pytest.raises(ValueError, match=r"^key_mask must"):
                chunked_attention(q, q, q, bad)
