"""The pieces of a diagonal model against the layer made of such, and against matrices."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from solutions.diagonal import System, convolved, diagonal_hold, kernel, powers, recurrent
from solutions.ssm import DiagonalSSM, zero_order_hold
from tests.layers import recipe


def system(model: int = 3, states: int = 2) -> System:
    size = 0.7 + 0.3 * torch.rand(model, states).double()
    A = torch.polar(size, torch.randn(model, states).double())
    B, C = torch.randn(2, model, states, dtype=torch.complex128)
    return System(A, B, C, torch.randn(model).double())


def given(batch: int, time: int) -> tuple[System, Tensor, Tensor]:
    h = torch.randn(batch, 3, 2, dtype=torch.complex128)
    return system(), torch.randn(batch, time, 3).double(), h


def test_the_hold_of_a_diagonal_is_that_of_the_matrix() -> None:
    a = torch.tensor([-1.0, -0.3, 0.0, -1e-9], dtype=torch.float64)
    Abar, Bbar = zero_order_hold(torch.diag(a), torch.ones(4, 1).double(), 0.7)
    abar, bbar = diagonal_hold(a, torch.full((4,), 0.7, dtype=torch.float64))
    recipe.assert_close("abar", abar, Abar.diagonal())
    recipe.assert_close("bbar", bbar, Bbar.flatten())


@pytest.mark.parametrize("size", [1e-3, 1e-9, 1e-15])
def test_tiny_steps_keep_their_digits(size: float) -> None:
    a = torch.randn(5, dtype=torch.complex128)
    z = size * a
    _, bbar = diagonal_hold(a, torch.full((5,), size, dtype=torch.float64))
    series = size * (1 + z / 2 + z**2 / 6 + z**3 / 24)
    torch.testing.assert_close(bbar, series, rtol=1e-12, atol=0)


def test_gradients_of_the_hold_also_where_an_entry_is_0() -> None:
    a = torch.tensor([-1.0, 0.0, 0.5]).double().requires_grad_()
    steps = torch.tensor([0.2, 0.4, 0.1]).double().requires_grad_()
    assert torch.autograd.gradcheck(diagonal_hold, (a, steps))
    entries = torch.randn(3, dtype=torch.complex128, requires_grad=True)
    assert torch.autograd.gradcheck(diagonal_hold, (entries, steps))


@pytest.mark.parametrize(("batch", "time"), [(2, 7), (1, 1), (3, 2)])
def test_recurrence_and_convolution_are_one_filter(batch: int, time: int) -> None:
    filters, x, h = given(batch, time)
    for name, one, other in zip(
        ("y", "h"), recurrent(filters, x, h), convolved(filters, x, h), strict=True
    ):
        recipe.assert_close(name, one, other)


@pytest.mark.parametrize("run", [recurrent, convolved])
def test_they_are_what_the_layer_does(run: type[recurrent]) -> None:
    layer = DiagonalSSM(3, 4).double()
    A, B, C = layer.system()
    x, h = torch.randn(2, 6, 3).double(), torch.randn(2, 3, 2, dtype=torch.complex128)
    wanted, last = layer(x, layer.initial_state(2)._replace(h=h))
    y, found = run(System(A, B, C / 2, layer.D), x, h)  # the layer's C has the factor 2
    recipe.assert_close("y", y, wanted)
    recipe.assert_close("h", found, last.h)


def test_the_kernel_answers_an_impulse() -> None:
    filters, _, _ = given(1, 1)
    impulse = torch.zeros(1, 6, 3).double()
    impulse[:, 0] = 1.0
    y, _ = recurrent(filters, impulse, torch.zeros(1, 3, 2).cdouble())
    y[:, 0] -= filters.D
    recipe.assert_close("K", kernel(filters, 6), y[0].T)


def test_powers_begin_with_one_also_for_0() -> None:
    found = powers(torch.tensor([[0.0, 2.0]]), 4)
    assert found.tolist() == [[[1, 0, 0, 0], [1, 2, 4, 8]]]
    assert powers(torch.ones(2, 3), 1).shape == (2, 3, 1)


@pytest.mark.parametrize("run", [recurrent, convolved])
def test_gradients_of_the_filter(run: type[recurrent]) -> None:
    filters, x, h = given(1, 4)
    leaves = [value.requires_grad_() for value in (*filters, x, h)]

    def answer(*values: Tensor) -> tuple[Tensor, Tensor]:
        *parts, x, h = values
        return run(System(*parts), x, h)

    assert torch.autograd.gradcheck(answer, leaves)
