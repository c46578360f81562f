from __future__ import annotations

import pytest
import torch

from solutions.rwkv import RWKVState, RWKVTimeMixing
from tests.layers import recipe


def make(size: int = 4) -> RWKVTimeMixing:
    layer = RWKVTimeMixing(size).double()
    with torch.no_grad():
        layer.bonus.normal_()
        layer.mix.uniform_()
    return layer


def state_of(batch: int) -> RWKVState:
    x, p, m = torch.randn(3, batch, 4, dtype=torch.float64)
    return RWKVState(x, p, torch.rand(batch, 4, dtype=torch.float64) + 0.5, m)


@pytest.mark.parametrize(("batch", "time"), [(2, 11), (1, 1), (1, 64)])
@pytest.mark.parametrize("log_decay", [-20.0, 0.0, 3.0])
def test_forward_step_and_chunks(batch: int, time: int, log_decay: float) -> None:
    layer, x = make(), torch.randn(batch, time, 4, dtype=torch.float64)
    with torch.no_grad():
        layer.log_decay.fill_(log_decay)
    recipe.check_step_forward_chunks(layer, x)
    recipe.check_step_forward_chunks(layer, x, state_of(batch))


def test_promises() -> None:
    layer, x = make(), torch.randn(2, 6, 4, dtype=torch.float64)
    recipe.check_gradients(layer, x, state_of(2), fast=True)
    recipe.check_causality(layer, x)
    recipe.check_state_size(layer, x)
    recipe.check_dtypes(layer, x)
    recipe.check_bad_input(layer, 4)
    recipe.check_compiles(layer, x)


def test_wkv_is_the_papers_weighted_mean() -> None:
    """Against the definition: a T x T table of weights e^{k(s) - (t-1-s) w}, e^{u+k(t)} for t."""
    layer, x = make(), torch.randn(1, 9, 4, dtype=torch.float64)
    before = torch.cat([torch.zeros(1, 1, 4, dtype=torch.float64), x[:, :-1]], dim=1)
    mixed = [mu * x + (1 - mu) * before for mu in layer.mix]
    r, k, v = layer.receptance(mixed[0]), layer.key(mixed[1]), layer.value(mixed[2])
    rows = []
    for t in range(9):
        ages = torch.arange(t - 1, -1, -1, dtype=torch.float64).unsqueeze(-1)
        past = k[:, :t] - ages * layer.log_decay.exp()
        weights = torch.cat([past, layer.bonus + k[:, t : t + 1]], dim=1).softmax(dim=1)
        rows.append((weights * v[:, : t + 1]).sum(1))
    wanted = layer.out(torch.sigmoid(r) * torch.stack(rows, dim=1))
    torch.testing.assert_close(layer(x)[0], wanted, rtol=1e-10, atol=1e-10)


def test_large_keys_cannot_overflow() -> None:
    layer = make().float()
    x = (1000 * torch.randn(2, 300, 4)).requires_grad_()
    y, _ = layer(x)
    y.sum().backward()
    assert y.isfinite().all()
    assert x.grad.isfinite().all()


def test_long_sequences_stay_precise_in_float32() -> None:
    """m is rounded where t w is large; the ratio it stabilises does not notice."""
    layer, x = make(), torch.randn(1, 20_000, 4, dtype=torch.float64)
    with torch.no_grad():
        wanted, _ = layer(x)
        got, _ = layer.float()(x.float())
    torch.testing.assert_close(got.double(), wanted, rtol=1e-3, atol=1e-4)


def test_bad_size() -> None:
    with pytest.raises(ValueError, match="d_model must be at least 1, got 0"):
        RWKVTimeMixing(0)
