"""What hidden checks of any assignment need: random numbers, and words for typical mistakes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from autograder.checks import Student, expect, expect_type

ATOL = 1e-10  # float64
SINGLE = 1e-5  # float32
SAME = 1e-8  # close enough to recognise a typical mistake by its result
DOUBLE = torch.float64


def normal(rng: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(shape, generator=rng, dtype=DOUBLE)


def close(actual: object, expected: Tensor, atol: float = SAME) -> bool:
    return (
        isinstance(actual, Tensor)
        and actual.shape == expected.shape
        and actual.dtype == expected.dtype
        and torch.allclose(actual, expected, rtol=atol, atol=atol)
    )


def diagnosis(actual: object, suspects: dict[str, Tensor], otherwise: str) -> str:
    """Name the typical mistake that gives just this result."""
    return next((hint for hint, value in suspects.items() if close(actual, value)), otherwise)


def untouched(student: Student, what: str) -> None:
    """Fail when the last call wrote into one of its arguments."""
    expect(not student.changed_inputs, f"{what} changed a tensor it was given; make a new one")


def as_differentiable(value: object, what: str) -> Tensor:
    expect_type(value, Tensor, what=f"the result of {what}")
    assert isinstance(value, Tensor)
    expect(
        value.requires_grad,
        f"no gradient can flow back through the result of {what}; "
        "look for .detach(), .data, torch.no_grad() or numpy",
    )
    return value


def pair(result: object, what: str) -> tuple[Any, Any]:
    """Return output and state of a result that should be both."""
    expect(
        isinstance(result, tuple) and len(result) == 2 and not hasattr(result, "_fields"),
        f"{what} should return a pair: the output and the new RNNState",
    )
    assert isinstance(result, tuple)
    expect(
        hasattr(result[1], "_fields"),
        f"the second result of {what} should be an RNNState; RNNState(h) makes one",
    )
    return result
