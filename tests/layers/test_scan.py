"""All forms of the scan agree, in values and gradients of first and second order."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter
from torch import Tensor

from solutions.scan import (
    hillis_steele_scan,
    log_space_scan,
    odd_even_scan,
    scan,
    sequential_scan,
    two_level_scan,
)
from tests.layers.recipe import without_shape_checks


def log_space(a: Tensor, b: Tensor, h0: Tensor | None = None) -> Tensor:
    """The log-space form with the arguments of the others, which it wants positive."""
    return log_space_scan(a.log(), b.log(), None if h0 is None else h0.log())


ANY_SIGN = [scan, hillis_steele_scan, odd_even_scan, two_level_scan]
FORMS = [*ANY_SIGN, log_space]
PARALLEL = [scan, sequential_scan, *FORMS[1:]]


def inputs(
    *shape: int, gate: str = "middle", dtype: torch.dtype = torch.float64
) -> tuple[Tensor, Tensor, Tensor]:
    """Return positive a, b and h0 that want gradients; a near 0, near 1 or in between."""
    offset = {"near 0": -20.0, "middle": 0.0, "near 1": 20.0}[gate]
    a = torch.sigmoid(torch.randn(*shape, dtype=dtype) + offset)
    b, h0 = torch.rand(*shape, dtype=dtype) + 0.1, torch.rand(*shape[:1], *shape[2:], dtype=dtype)
    return a.requires_grad_(), b.requires_grad_(), (h0 + 0.1).requires_grad_()


def assert_same(form, a: Tensor, b: Tensor, h0: Tensor | None, atol: float = 1e-10) -> None:
    leaves = [t for t in (a, b, h0) if t is not None]
    before = [t.detach().clone() for t in leaves]
    wanted, got = sequential_scan(a, b, h0), form(a, b, h0)
    torch.testing.assert_close(got, wanted, rtol=atol, atol=atol)
    weight = torch.randn_like(wanted)
    for x, y in zip(
        torch.autograd.grad(got, leaves, weight),
        torch.autograd.grad(wanted, leaves, weight),
        strict=True,
    ):
        torch.testing.assert_close(x, y, rtol=atol, atol=atol)
    assert all(torch.equal(t.detach(), old) for t, old in zip(leaves, before, strict=True))


@pytest.mark.parametrize("form", ANY_SIGN)
@pytest.mark.parametrize("time", [1, 2, 3, 7, 64, 101])
@pytest.mark.parametrize("gate", ["near 0", "middle", "near 1"])
def test_form_equals_the_loop(form, time: int, gate: str) -> None:
    a, b, h0 = inputs(2, time, 3, gate=gate)
    assert_same(form, a, b, h0)
    assert_same(form, a, b, None)


@pytest.mark.parametrize("time", [1, 2, 3, 7, 64, 101])
@pytest.mark.parametrize("gate", ["near 0", "middle", "near 1"])
def test_log_space_equals_the_loop(time: int, gate: str) -> None:
    """Its own arguments are logarithms: the gradients by them are what must agree."""
    logs = [x.detach().log().requires_grad_() for x in inputs(2, time, 3, gate=gate)]
    got, wanted = log_space_scan(*logs), sequential_scan(*(x.exp() for x in logs))
    torch.testing.assert_close(got, wanted, rtol=1e-10, atol=1e-10)
    weight = torch.randn_like(wanted)
    for x, y in zip(
        torch.autograd.grad(got, logs, weight),
        torch.autograd.grad(wanted, logs, weight),
        strict=True,
    ):
        torch.testing.assert_close(x, y, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("form", ANY_SIGN)
def test_any_sign_and_more_axes(form) -> None:
    a, b = (torch.randn(1, 13, 3, 2, dtype=torch.float64, requires_grad=True) for _ in range(2))
    assert_same(form, a, b, torch.randn(1, 3, 2, dtype=torch.float64, requires_grad=True))


@pytest.mark.parametrize("form", ANY_SIGN)
def test_complex_numbers(form) -> None:
    a = torch.polar(torch.rand(2, 9, 3).double(), torch.randn(2, 9, 3).double()).requires_grad_()
    b = torch.randn(2, 9, 3, dtype=torch.complex128, requires_grad=True)
    assert_same(form, a, b, torch.randn(2, 3, dtype=torch.complex128, requires_grad=True))


@pytest.mark.parametrize("form", PARALLEL)
def test_gradcheck(form) -> None:
    assert torch.autograd.gradcheck(form, inputs(2, 5, 2))


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_second_derivatives(dtype: torch.dtype) -> None:
    a, b = (torch.randn(1, 4, 2, dtype=dtype, requires_grad=True) for _ in range(2))
    assert torch.autograd.gradgradcheck(
        scan, (a, b, torch.randn(1, 2, dtype=dtype, requires_grad=True))
    )


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 3), st.integers(1, 40), st.integers(1, 5), st.integers(1, 12))
def test_any_shape(batch: int, time: int, dim: int, block: int) -> None:
    a, b, h0 = inputs(batch, time, dim)
    for form in FORMS:
        assert_same(form, a, b, h0)
    assert_same(lambda a, b, h0: two_level_scan(a, b, h0, block), a, b, h0)


def test_constant_decay_is_scipys_recursive_filter() -> None:
    b = np.random.default_rng(0).standard_normal((2, 200))
    h = scan(torch.full((2, 200, 1), 0.9, dtype=torch.float64), torch.from_numpy(b).unsqueeze(-1))
    np.testing.assert_allclose(h.squeeze(-1), lfilter([1], [1, -0.9], b), atol=1e-12)


def test_chunks_carry_on() -> None:
    a, b, h0 = inputs(2, 20, 3)
    first = scan(a[:, :7], b[:, :7], h0)
    rest = scan(a[:, 7:], b[:, 7:], first[:, -1])
    torch.testing.assert_close(torch.cat([first, rest], dim=1), scan(a, b, h0))


def test_memory_layout_does_not_matter() -> None:
    a, b, h0 = inputs(3, 11, 4)
    turned = [x.detach().transpose(0, 1).contiguous().transpose(0, 1) for x in (a, b)]
    assert not turned[0].is_contiguous()
    assert torch.equal(scan(*turned, h0), scan(a, b, h0))
    same_everywhere = torch.full((1, 1, 1), 0.5, dtype=torch.float64).expand(3, 11, 4)
    assert_same(scan, same_everywhere.requires_grad_(), b, h0)


def test_long_and_exactly_one() -> None:
    a = torch.ones(1, 65_536, 1, dtype=torch.float64)
    b = torch.ones_like(a)
    wanted = torch.arange(1, 65_537, dtype=torch.float64)
    for form in ANY_SIGN:
        assert torch.equal(form(a, b).flatten(), wanted)


def test_infinity_and_nan_stay_in_their_own_column() -> None:
    a, b, _ = inputs(1, 5, 2)
    b = b.detach().clone()
    b[0, 2, 0] = torch.nan
    h = scan(a, b)
    assert h[0, 2:, 0].isnan().all()
    assert h[0, :2, 0].isfinite().all()
    assert h[..., 1].isfinite().all()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.complex64])
def test_dtype_is_kept(dtype: torch.dtype) -> None:
    a = torch.full((2, 9, 3), 0.5).to(dtype)
    h = scan(a, torch.ones_like(a))
    assert h.dtype == dtype
    wanted = 2 - 0.5 ** torch.arange(9.0)
    torch.testing.assert_close(h[1, :, 2].real.float(), wanted, rtol=1e-2, atol=0)


def test_function_transforms() -> None:
    a, b, h0 = (x.detach() for x in inputs(2, 6, 3))

    def loss(a: Tensor, b: Tensor, h0: Tensor) -> Tensor:
        return scan(a, b, h0).square().sum()

    wanted = torch.autograd.grad(
        loss(a.requires_grad_(), b.requires_grad_(), h0.requires_grad_()), (a, b, h0)
    )
    a, b, h0 = a.detach(), b.detach(), h0.detach()
    for x, y in zip(torch.func.grad(loss, (0, 1, 2))(a, b, h0), wanted, strict=True):
        torch.testing.assert_close(x, y)
    mapped = torch.vmap(scan, in_dims=(0, 0, None))(torch.stack([a, a]), torch.stack([b, b]), h0)
    torch.testing.assert_close(mapped[1], scan(a, b, h0))
    each = torch.vmap(torch.func.grad(loss, (0, 1, 2)))(
        *(torch.stack([x, 0.5 * x]) for x in (a, b, h0))
    )
    torch.testing.assert_close(each[2][0], wanted[2])


def test_compiles_into_one_graph() -> None:
    a, b, h0 = (x.detach() for x in inputs(2, 9, 3))
    torch.compiler.reset()
    with without_shape_checks():
        got = torch.compile(scan, backend="eager", fullgraph=True)(a, b, h0)
    torch.testing.assert_close(got, scan(a, b, h0))


@pytest.mark.parametrize("form", [scan, *FORMS[1:4], sequential_scan])
def test_bad_input(form) -> None:
    a, b, h0 = (x.detach() for x in inputs(2, 6, 3))
    with without_shape_checks():
        for bad, error, name in [
            ((a[:, :0], b[:, :0], h0), ValueError, "a"),
            ((a[0, :, 0], b[0, :, 0], None), ValueError, "a"),
            ((a, b[:, :5], h0), ValueError, "b"),
            ((a, b.float(), h0), TypeError, "b"),
            ((a, b.to("meta"), h0.to("meta")), ValueError, "b"),
            ((a, b, h0[:1]), ValueError, "h0"),
            ((a, b, h0.float()), TypeError, "h0"),
        ]:
            with pytest.raises(error, match=f"^{name} must"):
                form(*bad)


def test_bad_block() -> None:
    a, b, h0 = inputs(1, 4, 1)
    with pytest.raises(ValueError, match="block must be at least 1, got 0"):
        two_level_scan(a, b, h0, block=0)
