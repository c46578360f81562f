from __future__ import annotations

import pytest
import torch
from torch import Tensor

from solutions.selective import Mamba, MambaState, short_convolution
from solutions.selective_scan import CHUNK, selective_chunk, selective_scan
from tests.layers import recipe


def make() -> Mamba:
    layer = Mamba(3, states=4).double()
    with torch.no_grad():
        layer.step_size.bias.normal_()
        layer.conv_bias.normal_()
        layer.D.normal_()
    return layer


def state_of(batch: int) -> MambaState:
    tail, h = torch.randn(batch, 3, 6).double(), torch.randn(batch, 6, 4).double()
    return MambaState(tail, h)


def inputs(batch: int, time: int, dim: int = 3, states: int = 2) -> list[Tensor]:
    """Return x, delta, A, B, C and h0 that want gradients."""
    shapes = [(batch, time, dim)] * 2 + [(dim, states)] + [(batch, time, states)] * 2
    x, delta, A, B, C = (torch.randn(*shape, dtype=torch.float64) for shape in shapes)
    h0 = torch.randn(batch, dim, states, dtype=torch.float64)
    return [t.requires_grad_() for t in (x, delta.exp(), -A.exp(), B, C, h0)]


def by_definition(
    x: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, h: Tensor
) -> tuple[Tensor, Tensor]:
    outputs = []
    for t in range(x.shape[1]):
        decay = torch.exp(torch.einsum("bd,dn->bdn", delta[:, t], A))
        h = decay * h + torch.einsum("bd,bd,bn->bdn", delta[:, t], x[:, t], B[:, t])
        outputs.append(torch.einsum("bn,bdn->bd", C[:, t], h))
    return torch.stack(outputs, dim=1), h


@pytest.mark.parametrize(("batch", "time"), [(2, 7), (1, 1), (1, CHUNK + 5)])
@pytest.mark.parametrize("bias", [-20.0, 0.0, 20.0])
def test_forward_step_and_chunks(batch: int, time: int, bias: float) -> None:
    layer, x = make(), torch.randn(batch, time, 3, dtype=torch.float64)
    with torch.no_grad():
        layer.step_size.bias += bias
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


@pytest.mark.parametrize("form", [selective_scan, selective_chunk])
@pytest.mark.parametrize("time", [1, CHUNK - 1, CHUNK, 2 * CHUNK + 3])
def test_forms_agree_with_the_definition(form, time: int) -> None:
    given = inputs(2, time)
    wanted, got = by_definition(*given), form(*given)
    weights = [torch.randn_like(t) for t in wanted]
    for x, y in zip(got, wanted, strict=True):
        torch.testing.assert_close(x, y, rtol=1e-10, atol=1e-10)
    for x, y in zip(
        torch.autograd.grad(got, given, weights),
        torch.autograd.grad(wanted, given, weights),
        strict=True,
    ):
        torch.testing.assert_close(x, y, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("form", [selective_scan, selective_chunk])
def test_gradcheck(form) -> None:
    assert torch.autograd.gradcheck(form, inputs(2, 4, 2, 2))


def test_half_precision_takes_the_checkpointed_road() -> None:
    given = [t.detach() for t in inputs(2, 9)]
    rounded = [t.bfloat16() for t in given]
    got = selective_scan(*(t.clone().requires_grad_() for t in rounded), chunk=4)
    wanted = by_definition(*(t.double() for t in rounded))
    for x, y in zip(got, wanted, strict=True):
        assert x.dtype == torch.bfloat16
        torch.testing.assert_close(x.double(), y, rtol=0.05, atol=0.1)


def test_checkpointed_road_has_the_same_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    given = inputs(2, 11)
    wanted = torch.autograd.grad(selective_scan(*given)[0].sum(), given)
    monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)
    got = torch.autograd.grad(selective_scan(*given, chunk=4)[0].sum(), given)
    for x, y in zip(got, wanted, strict=True):
        torch.testing.assert_close(x, y, rtol=1e-10, atol=1e-10)


def test_kept_for_backward_is_linear_in_time_and_small() -> None:
    """Nothing of the size of the states, (batch, time, dim, states), is kept."""
    kept: dict[int, int] = {}
    for time in (8 * CHUNK, 16 * CHUNK):
        storages: dict[int, int] = {}

        def pack(t: Tensor, storages: dict[int, int] = storages) -> Tensor:
            storages[t.untyped_storage().data_ptr()] = t.untyped_storage().nbytes()
            return t

        given = inputs(1, time, 16, 16)
        with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
            y, _ = selective_scan(*given)
        assert y.requires_grad
        kept[time] = sum(storages.values())
        assert kept[time] < time * 16 * 16 * 8 / 2
    assert kept[16 * CHUNK] < 2.01 * kept[8 * CHUNK]


def test_second_derivatives() -> None:
    def outputs(*given: Tensor) -> tuple[Tensor, Tensor]:
        return selective_scan(*given)

    assert torch.autograd.gradgradcheck(outputs, inputs(1, 3, 2, 2), fast_mode=True)


def test_vmap() -> None:
    given = [t.detach() for t in inputs(2, 5)]
    doubled = torch.stack([given[0], 2 * given[0]])
    y, h = torch.vmap(selective_scan, in_dims=(0, None, None, None, None, None))(
        doubled, *given[1:]
    )
    torch.testing.assert_close(y[1], selective_scan(2 * given[0], *given[1:])[0])
    torch.testing.assert_close(h[0], selective_scan(*given)[1])
    each = torch.vmap(torch.func.grad(lambda x: selective_scan(x, *given[1:])[0].square().sum()))
    x = doubled[1].clone().requires_grad_()
    selective_scan(x, *given[1:])[0].square().sum().backward()
    torch.testing.assert_close(each(doubled)[1], x.grad)


def test_short_convolution_is_conv1d() -> None:
    x, tail = torch.randn(2, 9, 5).double(), torch.randn(2, 3, 5).double()
    weight, bias = torch.randn(4, 5).double(), torch.randn(5).double()
    padded = torch.cat([tail, x], dim=1).transpose(1, 2)
    wanted = torch.nn.functional.conv1d(padded, weight.T.unsqueeze(1), bias, groups=5)
    y, new_tail = short_convolution(x, tail, weight, bias)
    torch.testing.assert_close(y, wanted.transpose(1, 2))
    torch.testing.assert_close(new_tail, x[:, -3:])


def test_a_step_size_of_zero_ignores_the_token() -> None:
    x, delta, A, B, C, h0 = (t.detach() for t in inputs(1, 6))
    _, h = selective_scan(x, 0 * delta, A, B, C, h0)
    assert torch.equal(h, h0)


def test_first_step_sizes_lie_between_a_thousandth_and_a_tenth() -> None:
    delta = torch.nn.functional.softplus(Mamba(32).step_size.bias)
    assert delta.min() > 0.00099
    assert delta.max() < 0.101


def test_bad_arguments() -> None:
    with pytest.raises(ValueError, match="must be at least 1, got 3, 0, 2, 4 and 1"):
        Mamba(3, states=0)
    with pytest.raises(ValueError, match="chunk must be at least 1, got 0"):
        selective_scan(*inputs(1, 2), chunk=0)
    good = [t.detach() for t in inputs(2, 4)]
    names = ("x", "delta", "A", "B", "C", "h0")
    with recipe.without_shape_checks():
        for i, name in enumerate(names):
            for bad in (good[i][:1, :1], good[i].float(), good[i].to("meta"), good[i][..., 0]):
                changed = [*good[:i], bad, *good[i + 1 :]]
                # A changed x or A disagrees with all the others; one of them is named.
                wanted = "must" if name in ("x", "A") else f"^{name} must"
                with pytest.raises((ValueError, TypeError), match=wanted):
                    selective_scan(*changed)
        with pytest.raises(ValueError, match=r"^x must be"):
            selective_scan(good[0][:, :0], *good[1:])
