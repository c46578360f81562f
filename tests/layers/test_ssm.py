from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import signal

from solutions.ssm import (
    DiagonalSSM,
    SSMState,
    bilinear,
    causal_convolution,
    hippo_legs,
    zero_order_hold,
)
from tests.layers import recipe

STARTS, METHODS, FORMS = (
    ["lin", "inv", "real"],
    ["zoh", "bilinear"],
    ["recurrent", "convolution", "scan"],
)


def make(start: str = "lin", method: str = "zoh", form: str = "convolution") -> DiagonalSSM:
    return DiagonalSSM(3, 4, start, method, form).double()


def state_of(layer: DiagonalSSM, batch: int) -> SSMState:
    return SSMState(torch.randn_like(layer.initial_state(batch).h))


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("form", FORMS)
def test_forward_step_and_chunks(start: str, method: str, form: str) -> None:
    layer = make(start, method, form)
    for batch, time in ((2, 11), (1, 1), (1, 32)):
        x = torch.randn(batch, time, 3, dtype=torch.float64)
        recipe.check_step_forward_chunks(layer, x)
        recipe.check_step_forward_chunks(layer, x, state_of(layer, batch))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("log_step", [-15.0, 6.0])
def test_memory_that_hardly_fades_or_fades_at_once(form: str, log_step: float) -> None:
    layer, x = make(form=form), torch.randn(1, 9, 3, dtype=torch.float64)
    with torch.no_grad():
        layer.log_step.fill_(log_step)
        layer.log_decay.fill_(log_step / 3)
    recipe.check_step_forward_chunks(layer, x, state_of(layer, 1))


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("form", FORMS[1:])
def test_promises(start: str, form: str) -> None:
    layer, x = make(start, form=form), torch.randn(2, 5, 3, dtype=torch.float64)
    recipe.check_gradients(layer, x, state_of(layer, 2), fast=True)
    recipe.check_causality(layer, x)
    recipe.check_state_size(layer, x)
    recipe.check_dtypes(layer, x)
    recipe.check_bad_input(layer, 3)


def test_compiles() -> None:
    recipe.check_compiles(make("real"), torch.randn(2, 5, 3, dtype=torch.float64))


@pytest.mark.parametrize(("ours", "scipys"), [(zero_order_hold, "zoh"), (bilinear, "bilinear")])
@pytest.mark.parametrize("step", [1e-3, 0.1, 2.0])
def test_discretisation_is_scipys(ours, scipys: str, step: float) -> None:
    A, B = hippo_legs(6, torch.float64)
    Abar, Bbar = ours(A, B, step)
    system = (A.numpy(), B.numpy(), np.eye(6), np.zeros((6, 1)))
    wanted = signal.cont2discrete(system, step, scipys)
    np.testing.assert_allclose(Abar, wanted[0], atol=1e-12)
    np.testing.assert_allclose(Bbar, wanted[1], atol=1e-12)


def test_zero_order_hold_of_a_singular_system() -> None:
    """A pure integrator has no inverse; its input adds up."""
    zero, one = torch.zeros(1, 1, dtype=torch.float64), torch.ones(1, 1, dtype=torch.float64)
    Abar, Bbar = zero_order_hold(zero, one, 0.3)
    assert Abar.item() == 1
    assert Bbar.item() == pytest.approx(0.3)


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("method", METHODS)
def test_diagonal_layer_is_scipys_filter(start: str, method: str) -> None:
    """The whole layer against scipy's simulation of the dense continuous system."""
    layer, x = make(start, method), torch.randn(1, 40, 3, dtype=torch.float64)
    with torch.no_grad():
        y, _ = layer(x)
        _, _, C = layer.system()
    for d in range(3):
        decay = -layer.log_decay[d].detach().exp().numpy()
        A = np.diag(decay if layer.real else decay + 1j * layer.frequency[d].detach().numpy())
        n = len(decay)
        step = layer.log_step[d].exp().item()
        Abar, Bbar, *_ = signal.cont2discrete(
            (A, np.ones((n, 1)), np.eye(n), np.zeros((n, 1))), step, method
        )
        h, out = np.zeros((n, 1), dtype=complex), []
        for u in x[0, :, d].numpy():
            h = Abar @ h + Bbar * u
            out.append((C[d].detach().numpy() @ h).real.item() + layer.D[d].item() * u)
        np.testing.assert_allclose(y[0, :, d], out, atol=1e-10)


def test_starts_are_the_papers() -> None:
    lin, inv, real = (DiagonalSSM(1, 4, start).double() for start in STARTS)
    torch.testing.assert_close(
        lin.frequency[0].detach().numpy(), np.pi * np.arange(2), rtol=1e-6, atol=0
    )
    wanted = 4 / np.pi * (4 / np.array([1.0, 3.0]) - 1)
    np.testing.assert_allclose(inv.frequency[0].detach(), wanted, rtol=1e-6)
    np.testing.assert_allclose(real.log_decay[0].detach().exp(), [1, 2, 3, 4], rtol=1e-6)


def test_hippo_legs_entries() -> None:
    A, B = hippo_legs(3, torch.float64)
    root = np.sqrt([1.0, 3.0, 5.0])
    wanted = [[-1, 0, 0], [-root[1], -2, 0], [-root[2], -root[1] * root[2], -3]]
    np.testing.assert_allclose(A, wanted)
    np.testing.assert_allclose(B[:, 0], root)


def test_hippo_legs_remembers_the_past_as_legendre_coefficients() -> None:
    """After reading f on (0, 1], state n is the n-th coefficient of f, within the grid's error."""
    A, B = hippo_legs(4, torch.float64)
    count, h = 4000, torch.zeros(4, 1, dtype=torch.float64)
    f = np.cos(3 * np.arange(1, count + 1) / count)
    for k in range(1, count + 1):
        Abar, Bbar = bilinear(A, B, 1 / k)
        h = Abar @ h + Bbar * f[k - 1]
    at = np.linspace(0, 1, 20_001)
    for n in range(4):
        basis = np.sqrt(2 * n + 1) * np.polynomial.Legendre.basis(n)(2 * at - 1)
        wanted = np.trapezoid(np.cos(3 * at) * basis, at)
        assert h[n].item() == pytest.approx(wanted, abs=5e-3)


def test_convolution_is_scipys() -> None:
    x, kernel = torch.randn(2, 37, 3).double(), torch.randn(3, 37).double()
    y = causal_convolution(x, kernel)
    for b in range(2):
        for d in range(3):
            wanted = signal.lfilter(kernel[d].numpy(), [1], x[b, :, d].numpy())
            np.testing.assert_allclose(y[b, :, d], wanted, atol=1e-12)


def test_a_huge_input_moves_earlier_outputs_by_its_rounding_in_the_convolution_alone() -> None:
    layer, x = DiagonalSSM(3, 4), torch.randn(1, 64, 3)
    huge = x.clone()
    huge[:, -1] += 1e8
    with torch.no_grad():
        moved = {}
        for form in FORMS:
            layer.form = form
            moved[form] = (layer(huge)[0] - layer(x)[0])[:, :-1].abs().max().item()
    assert moved["recurrent"] == moved["scan"] == 0
    assert 1e-3 < moved["convolution"] < 100


def test_powers() -> None:
    A = torch.polar(torch.rand(2, 3).double(), torch.randn(2, 3).double())
    for count in (1, 2, 3, 8, 13):
        wanted = A.unsqueeze(-1) ** torch.arange(count)
        torch.testing.assert_close(DiagonalSSM.powers(A, count), wanted)


def test_bad_arguments() -> None:
    A, B = hippo_legs(3)
    with recipe.without_shape_checks():
        for call, message in [
            (lambda: DiagonalSSM(3, 5), "states even"),
            (lambda: DiagonalSSM(3, 4, start="up"), "start must be"),
            (lambda: DiagonalSSM(3, 4, method="euler"), "method must be"),
            (lambda: DiagonalSSM(3, 4, form="fast"), "form must be"),
            (lambda: hippo_legs(0), "states must be at least 1"),
            (lambda: bilinear(A[:2], B, 0.1), "A must be square"),
            (lambda: zero_order_hold(A, B[:2], 0.1), "B must have shape"),
            (lambda: causal_convolution(torch.ones(1, 4, 2), torch.ones(2, 3)), "kernel must have"),
        ]:
            with pytest.raises(ValueError, match=message):
                call()
