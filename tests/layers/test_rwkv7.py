from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from solutions.delta import gated_delta_rule
from solutions.gated_linear_attention import gated_linear_attention
from solutions.rwkv7 import RWKV7State, RWKV7TimeMixing, generalised_delta_rule
from tests.layers import recipe


def make() -> RWKV7TimeMixing:
    layer = RWKV7TimeMixing(8, 2, rank=3).double()
    with torch.no_grad():
        for weight in (layer.mix, layer.removal_key, layer.added_share, layer.norm_weight):
            weight.uniform_(0.2, 1)
        layer.bonus.normal_()
        layer.norm_bias.normal_()
    return layer


def state_of(batch: int) -> RWKV7State:
    x, S = (torch.randn(batch, *shape, dtype=torch.float64) for shape in ((8,), (2, 4, 4)))
    return RWKV7State(x, S)


@pytest.mark.parametrize(("batch", "time"), [(2, 7), (1, 1)])
def test_forward_step_and_chunks(batch: int, time: int) -> None:
    layer, x = make(), torch.randn(batch, time, 8, dtype=torch.float64)
    recipe.check_step_forward_chunks(layer, x)
    recipe.check_step_forward_chunks(layer, x, state_of(batch))


def test_promises() -> None:
    layer, x = make(), torch.randn(2, 5, 8, dtype=torch.float64)
    recipe.check_gradients(layer, x, state_of(2), fast=True)
    recipe.check_causality(layer, x)
    recipe.check_state_size(layer, x)
    recipe.check_dtypes(layer, x)
    recipe.check_bad_input(layer, 8)
    recipe.check_compiles(layer, x)


def inputs(time: int) -> list[Tensor]:
    """Return r, log w, k, v, a, kappa and S of two heads."""
    r, k, v, kappa = torch.randn(4, 2, 2, time, 4, dtype=torch.float64)
    log_w, a = -torch.rand(2, 2, 2, time, 4, dtype=torch.float64)
    kappa = kappa / kappa.norm(dim=-1, keepdim=True)
    return [r, log_w, k, v, -a, kappa, torch.randn(2, 2, 4, 4, dtype=torch.float64)]


def test_the_memory_is_the_papers_product_of_matrices() -> None:
    """As the paper has it: rows v, columns k, the old memory times diag w - kappa^T (a kappa)."""
    r, log_w, k, v, a, kappa, S = inputs(5)
    memory = S.transpose(-1, -2)
    for t in range(5):
        removal = kappa[:, :, t, :, None] * (a * kappa)[:, :, t, None, :]
        transition = torch.diag_embed(log_w[:, :, t].exp()) - removal
        memory = memory @ transition + v[:, :, t, :, None] * k[:, :, t, None, :]
    y, last = generalised_delta_rule(r, log_w, k, v, a, kappa, S)
    recipe.assert_close("S", last.transpose(-1, -2), memory)
    recipe.assert_close("y", y[:, :, -1], (memory @ r[:, :, -1, :, None]).squeeze(-1))


def test_without_removal_it_is_gated_linear_attention() -> None:
    r, log_w, k, v, a, kappa, S = inputs(9)
    wanted = gated_linear_attention(r, k, v, log_w, S)
    got = generalised_delta_rule(r, log_w, k, v, torch.zeros_like(a), kappa, S)
    for name, one, other in zip(("y", "S"), got, wanted, strict=True):
        recipe.assert_close(name, one, other)


def test_with_one_rate_and_one_key_it_is_the_delta_rule() -> None:
    r, _, _, v, _, kappa, S = inputs(9)
    beta = torch.rand(2, 2, 9, dtype=torch.float64)
    share = beta.unsqueeze(-1).expand_as(r)
    got = generalised_delta_rule(r, torch.zeros_like(r), share * kappa, v, share, kappa, S)
    wanted = gated_delta_rule(r, kappa, v, torch.zeros_like(beta), beta, S)
    for name, one, other in zip(("y", "S"), got, wanted, strict=True):
        recipe.assert_close(name, one, other)


def test_fading_stays_within_the_papers_bounds() -> None:
    layer = make()
    slowest = -torch.sigmoid(layer.decay(1e3 * torch.randn(50, 8).double())) / math.sqrt(math.e)
    assert slowest.exp().min() >= math.exp(-math.exp(-0.5))
    assert slowest.max() <= 0


def test_a_token_is_read_as_the_equations_say() -> None:
    """One head by hand, the second of two tokens, from a memory that is not empty."""
    layer, x = make(), torch.randn(2, 8, dtype=torch.float64)
    S = torch.randn(1, 2, 4, 4, dtype=torch.float64)
    y, _ = layer(x[1:2].unsqueeze(0), RWKV7State(x[0:1], S))
    six = [mu * x[1] + (1 - mu) * x[0] for mu in layer.mix]
    r, k, v = (matrix.weight @ u for matrix, u in zip(layer.rkv, six, strict=False))
    w = torch.exp(-torch.sigmoid(layer.decay(six[3])) * math.exp(-0.5))
    a, g = torch.sigmoid(layer.share(six[4])), layer.gate(six[5])
    heads = []
    for h in (slice(0, 4), slice(4, 8)):
        kappa = (layer.removal_key * k)[h]
        kappa = kappa / kappa.norm()
        added = (k * (1 + (a - 1) * layer.added_share))[h]
        M = S[0, h.start // 4]
        M = w[h, None] * M - torch.outer(a[h] * kappa, kappa @ M) + torch.outer(added, v[h])
        out = M.T @ r[h]
        out = (out - out.mean()) / (out.var(correction=0) + 1e-5).sqrt()
        out = out * layer.norm_weight[h] + layer.norm_bias[h]
        heads.append(out + (r[h] * layer.bonus[h] * added).sum() * v[h])
    recipe.assert_close("y", y[0, 0], layer.out.weight @ (g * torch.cat(heads)))


def test_sizes() -> None:
    with pytest.raises(ValueError, match="d_model must be a multiple of num_heads, got 9, 2"):
        RWKV7TimeMixing(9, 2)
    with pytest.raises(ValueError, match="rank must be at least 1, got 0"):
        RWKV7TimeMixing(8, 2, 0)
