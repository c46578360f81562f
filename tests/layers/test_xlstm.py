from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from solutions.xlstm import MLSTM, SLSTM, MLSTMState, SLSTMState
from tests.layers import recipe

FORMS = ["recurrent", "parallel", "chunked"]


def slstm() -> SLSTM:
    return SLSTM(3, 4, num_heads=2).double()


def mlstm(form: str = "chunked") -> MLSTM:
    return MLSTM(3, 4, num_heads=2, form=form, chunk=4).double()


def slstm_state(batch: int) -> SLSTMState:
    c, m, h = torch.randn(3, batch, 4, dtype=torch.float64)
    return SLSTMState(c, torch.rand(batch, 4, dtype=torch.float64) + 0.5, m, h)


def mlstm_state(batch: int) -> MLSTMState:
    C, n = torch.randn(batch, 2, 2, 2).double(), torch.randn(batch, 2, 2).double()
    return MLSTMState(C, n, torch.randn(batch, 2, dtype=torch.float64))


@pytest.mark.parametrize(("batch", "time"), [(2, 9), (1, 1)])
@pytest.mark.parametrize("bias", [-20.0, 0.0, 20.0])
def test_slstm_forward_step_and_chunks(batch: int, time: int, bias: float) -> None:
    layer, x = slstm(), torch.randn(batch, time, 3, dtype=torch.float64)
    with torch.no_grad():
        layer.input.bias[4:12] += bias  # input and forget gates
    recipe.check_step_forward_chunks(layer, x)
    recipe.check_step_forward_chunks(layer, x, slstm_state(batch))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("batch", "time"), [(2, 11), (1, 1)])
@pytest.mark.parametrize("bias", [-20.0, 0.0, 20.0])
def test_mlstm_forward_step_and_chunks(form: str, batch: int, time: int, bias: float) -> None:
    layer, x = mlstm(form), torch.randn(batch, time, 3, dtype=torch.float64)
    with torch.no_grad():
        layer.gates.bias += bias
    recipe.check_step_forward_chunks(layer, x)
    recipe.check_step_forward_chunks(layer, x, mlstm_state(batch))


@pytest.mark.parametrize("make", [slstm, mlstm])
def test_promises(make) -> None:
    layer, x = make(), torch.randn(2, 5, 3, dtype=torch.float64)
    state = slstm_state(2) if make is slstm else mlstm_state(2)
    recipe.check_gradients(layer, x, state, fast=True)
    recipe.check_causality(layer, x)
    recipe.check_state_size(layer, x)
    recipe.check_dtypes(layer, x)
    recipe.check_bad_input(layer, 3)
    recipe.check_compiles(layer, x)


def test_mlstm_is_the_unstabilised_equation() -> None:
    layer, x = mlstm(), torch.randn(1, 7, 3, dtype=torch.float64)
    y, _ = layer(x)
    C, n = torch.zeros(2, 2, 2).double(), torch.zeros(2, 2).double()
    for t in range(7):
        q, k, v = layer.qkv(x[0, t]).view(3, 2, 2)
        k = k / 2**0.5
        i, f = layer.gates(x[0, t]).view(2, 2)
        i, f = i.exp(), torch.sigmoid(f)
        read = []
        for h in range(2):
            C[h], n[h] = f[h] * C[h] + i[h] * torch.outer(k[h], v[h]), f[h] * n[h] + i[h] * k[h]
            read.append(C[h].T @ q[h] / (n[h] @ q[h]).abs().clamp(min=1))
        torch.testing.assert_close(y[0, t], layer.output_gate(x[0, t]).sigmoid() * torch.cat(read))


def test_slstm_is_the_unstabilised_equation() -> None:
    layer, x = slstm(), torch.randn(1, 7, 3, dtype=torch.float64)
    y, _ = layer(x)
    c = n = h = torch.zeros(4, dtype=torch.float64)
    for t in range(7):
        R = [torch.block_diag(*layer.recurrent[g]) for g in range(4)]
        own = layer.input(x[0, t]).view(4, 4)
        z, i, f, o = (own[g] + h @ R[g] for g in range(4))
        c = torch.sigmoid(f) * c + i.exp() * torch.tanh(z)
        n = torch.sigmoid(f) * n + i.exp()
        h = torch.sigmoid(o) * c / n
        torch.testing.assert_close(y[0, t], h)


@pytest.mark.parametrize("make", [slstm, mlstm])
def test_exponential_gates_cannot_overflow(make) -> None:
    layer = make().float()
    x = 1000 * torch.randn(2, 50, 3)
    x.requires_grad_()
    y, _ = layer(x)
    y.sum().backward()
    assert y.isfinite().all()
    assert x.grad.isfinite().all()


def test_closed_forget_gate_leaves_only_the_last_token() -> None:
    layer = slstm()
    with torch.no_grad():
        layer.input.bias[8:12] = -800
        layer.recurrent.zero_()
        y, _ = layer(x := torch.randn(1, 5, 3, dtype=torch.float64))
        z, _, _, o = layer.input(x).chunk(4, dim=-1)
    torch.testing.assert_close(y, torch.sigmoid(o) * torch.tanh(z))


def reference_log_sum(a_i: Tensor, a_f: Tensor) -> Tensor:
    """log of the unstabilised normaliser n = f n + i, step by step."""
    value = torch.full_like(a_i[0], -torch.inf)
    for i, f in zip(a_i, F.logsigmoid(a_f), strict=True):
        value = torch.logaddexp(f + value, i)
    return value


def test_normaliser_and_stabiliser_together_are_the_true_normaliser() -> None:
    layer, x = slstm(), torch.randn(1, 30, 3, dtype=torch.float64)
    with torch.no_grad():
        layer.recurrent.zero_()
        _, state = layer(x)
        _, i, f, _ = layer.input(x[0]).chunk(4, dim=-1)
    torch.testing.assert_close(state.n[0].log() + state.m[0], reference_log_sum(i, f))


@pytest.mark.parametrize("kind", [SLSTM, MLSTM])
def test_bad_sizes(kind: type) -> None:
    with pytest.raises(ValueError, match="hidden_size a multiple of num_heads, got 3, 5 and 2"):
        kind(3, 5, 2)


def test_bad_form() -> None:
    with recipe.without_shape_checks(), pytest.raises(ValueError, match="form must be"):
        mlstm("sideways")
