"""What hidden checks of any assignment need: random numbers, tolerances, words for a mistake."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from autograder.checks import Student, expect, expect_close, expect_type

ATOL = 1e-10  # float64
SINGLE = 1e-5  # float32
DOUBLE = torch.float64
FAR = 1e3  # times larger or smaller than it should be: nobody's mistake

Suspects = Mapping[str, Tensor]  # what a typical mistake would answer, by the words for it


def normal(rng: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(shape, generator=rng, dtype=DOUBLE)


def close(actual: object, expected: Tensor, atol: float) -> bool:
    return (
        isinstance(actual, Tensor)
        and actual.shape == expected.shape
        and actual.dtype == expected.dtype
        and _near(actual, expected, atol)
    )


def _near(actual: Tensor, expected: Tensor, atol: float) -> bool:
    if expected.dtype == torch.bool:
        return torch.equal(actual, expected)
    return torch.allclose(actual, expected, rtol=atol, atol=atol)


def ordinary(shown: object, right: Tensor) -> bool:
    """Whether what an answer shows of some quantity may stand in for the right one.

    Other results of the same answer are held against it, so it must be worth computing with: of
    the right shape, finite, and at each step of time (axis 1) of about the right size. A size of
    1e-30 would make every sum over it come out as zero, and zero be the right answer. One step may
    be left out, exactly zero.
    """
    if not isinstance(shown, Tensor) or shown.shape != right.shape or shown.is_complex():
        return False
    if not bool(shown.isfinite().all()):
        return False
    usual = _size(right)
    sizes = [_size(step) for step in shown.unbind(1)]
    strange = [size for size in sizes if not usual / FAR <= size <= usual * FAR]
    return not any(strange) and len(strange) <= 1


def _size(value: Tensor) -> float:
    """The root of the mean square."""
    return float(value.double().square().mean().sqrt())


def diagnosis(actual: object, suspects: Suspects, otherwise: str, atol: float = ATOL) -> str:
    """Name the typical mistake that gives just this result (to 100 times the tolerance)."""
    return next((words for words, v in suspects.items() if close(actual, v, 100 * atol)), otherwise)


def expect_value(
    actual: object,
    wanted: Tensor,
    suspects: Suspects,
    otherwise: str,
    *,
    what: str = "the result",
    atol: float = ATOL,
) -> None:
    """Fail unless `actual` is `wanted`, to `atol`, naming the suspect that it is instead."""
    hint = diagnosis(actual, suspects, otherwise, atol)
    expect_close(actual, wanted, atol=atol, rtol=atol, what=what, hint=hint)


def fitted(value: Tensor, shape: torch.Size) -> Tensor:
    """The value in this shape, if only the way round or an axis of length 1 is different."""
    if value.ndim == 2 and value.shape != shape == value.T.shape:
        return value.T
    return value.reshape(shape) if value.numel() == shape.numel() else value


def untouched(student: Student, what: str) -> None:
    """Fail when the last call wrote into one of its arguments."""
    expect(not student.changed_inputs, f"{what} changed a tensor it was given; make a new one")


def with_gradient(value: Tensor) -> bool:
    """Whether a tensor of this dtype can have a gradient: not what is a mask or a count."""
    return value.is_floating_point() or value.is_complex()


def as_differentiable(value: object, what: str) -> Tensor:
    expect_type(value, Tensor, what=what)
    assert isinstance(value, Tensor)
    expect(
        value.requires_grad,
        f"no gradient can flow back through {what}; "
        "look for .detach(), .data, torch.no_grad() or numpy",
    )
    return value


def pair(result: object, what: str) -> tuple[Any, Any]:
    """Return output and state of a result that should be both."""
    expect(
        isinstance(result, tuple) and len(result) == 2 and not hasattr(result, "_fields"),
        f"{what} should return a pair: the output and the new state",
    )
    assert isinstance(result, tuple)
    return result
