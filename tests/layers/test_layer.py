"""The protocol itself: what ``unroll`` means, and what the shape checks say."""

from __future__ import annotations

from typing import NamedTuple

import jaxtyping
import pytest
import torch
from torch import Tensor

from solutions.layer import (
    SequenceLayer,
    check_features,
    check_sequence,
    check_state,
    check_token,
    unroll,
)
from solutions.rnn import RNN
from tests.layers.recipe import without_shape_checks


class Total(NamedTuple):
    sum: Tensor


class RunningSum(SequenceLayer[Total]):
    """A layer simple enough to know its answer: y(t) = x(1) + ... + x(t)."""

    def initial_state(self, batch: int) -> Total:
        return Total(torch.zeros(batch, 2, dtype=torch.float64))

    def step(self, x: Tensor, state: Total) -> tuple[Tensor, Total]:
        total = state.sum + x
        return total, Total(total)


@pytest.fixture
def x() -> Tensor:
    return torch.randn(3, 7, 2, dtype=torch.float64)


def test_signatures_are_checked_at_run_time() -> None:
    """Fails when some module imported ``solutions`` before the import hook of conftest.py."""
    with pytest.raises(jaxtyping.TypeCheckError):
        RNN(2, 3)(torch.randn(4, 2))


def test_unroll_applies_step_to_every_token_in_order(x: Tensor) -> None:
    y, state = unroll(RunningSum(), x)
    torch.testing.assert_close(y, x.cumsum(dim=1), rtol=0, atol=1e-12)
    torch.testing.assert_close(state.sum, x.sum(dim=1), rtol=0, atol=1e-12)


def test_unroll_starts_from_the_state_it_is_given(x: Tensor) -> None:
    layer = RunningSum()
    _, middle = unroll(layer, x[:, :4])
    y, state = unroll(layer, x[:, 4:], middle)
    torch.testing.assert_close(y, x.cumsum(dim=1)[:, 4:], rtol=0, atol=1e-12)
    assert isinstance(state, Total)


def test_unroll_takes_one_token(x: Tensor) -> None:
    y, _ = unroll(RunningSum(), x[:, :1])
    assert torch.equal(y, x[:, :1])


def test_unroll_passes_gradients_to_every_token(x: Tensor) -> None:
    x.requires_grad_()
    y, _ = unroll(RunningSum(), x)
    y.sum().backward()
    assert x.grad is not None
    assert x.grad[0, :, 0].tolist() == [7, 6, 5, 4, 3, 2, 1]


def test_unroll_refuses_an_empty_sequence(x: Tensor) -> None:
    with without_shape_checks(), pytest.raises(ValueError, match=r"^x must hold at least one"):
        unroll(RunningSum(), x[:, :0])


@pytest.mark.parametrize("name", ["initial_state", "step", "forward"])
def test_the_base_class_promises_but_does_not_guess(name: str, x: Tensor) -> None:
    layer: SequenceLayer[Total] = SequenceLayer()
    arguments = {
        "initial_state": (3,),
        "step": (x[:, 0], Total(x[:, 0])),
        "forward": (x, None),
    }
    with pytest.raises(NotImplementedError):
        getattr(layer, name)(*arguments[name])


class TestChecks:
    """Each says which argument, what was expected, and what came."""

    def test_good_values_pass(self, x: Tensor) -> None:
        check_sequence("x", x, 2, like=x)
        check_token("x", x[:, 0], 2, like=x)
        check_state("h", x[:, 0], (3, 2), like=x)
        check_features("x", x, 2, x)

    @pytest.mark.parametrize("shape", [(3,), (3, 2), (3, 7, 2, 1)])
    def test_a_sequence_has_three_axes(self, shape: tuple[int, ...]) -> None:
        with pytest.raises(ValueError, match=r"query must have shape \(batch, time, dim\)"):
            check_sequence("query", torch.zeros(shape))

    def test_a_sequence_has_a_token(self) -> None:
        with pytest.raises(ValueError, match=r"at least one time step, got \(3, 0, 2\)"):
            check_sequence("x", torch.zeros(3, 0, 2))

    @pytest.mark.parametrize("shape", [(3,), (3, 7, 2)])
    def test_a_token_has_two_axes(self, shape: tuple[int, ...]) -> None:
        with pytest.raises(ValueError, match=r"token must have shape \(batch, dim\)"):
            check_token("token", torch.zeros(shape))

    def test_the_number_of_features(self, x: Tensor) -> None:
        with pytest.raises(ValueError, match=r"x must have 5 features .* got \(3, 7, 2\)"):
            check_sequence("x", x, 5)
        with pytest.raises(ValueError, match="x must have 5 features"):
            check_token("x", x[:, 0], 5)

    def test_the_dtype(self, x: Tensor) -> None:
        with pytest.raises(TypeError, match=r"x must be torch\.float64 .* got torch\.float32"):
            check_sequence("x", x.float(), 2, like=x)
        with pytest.raises(TypeError, match=r"h must be torch\.float32"):
            check_state("h", x[:, 0], (3, 2), like=x.float())

    def test_the_device(self, x: Tensor) -> None:
        with pytest.raises(ValueError, match=r"x must be on cpu .* got meta"):
            check_token("x", x[:, 0].to("meta"), 2, like=x)

    @pytest.mark.parametrize("shape", [(3, 3), (2, 2), (3,), (3, 1, 2)])
    def test_a_state_has_exactly_its_shape(self, shape: tuple[int, ...]) -> None:
        with pytest.raises(ValueError, match=r"state\.h must have shape \(3, 2\), got"):
            check_state("state.h", torch.zeros(shape), (3, 2))
