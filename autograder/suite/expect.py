"""What hidden checks say: expectations whose failures name the likely bug, not the answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.autograd.gradcheck import GradcheckError, gradcheck

from autograder.differences import difference, place
from autograder.errors import CheckFailure
from autograder.suite.asked import kind
from autograder.suite.record import Record
from autograder.suite.session import brief
from autograder.suite.student import Remote


def expect(condition: object, message: str) -> None:
    """Fail with `message` unless the condition holds."""
    if not condition:
        raise CheckFailure(message)


def expect_type(
    actual: object, wanted: type | tuple[type, ...], *, what: str = "the result"
) -> None:
    """Fail unless `actual` is of this type; says which one came instead."""
    if not isinstance(actual, wanted):
        kinds = wanted if isinstance(wanted, tuple) else (wanted,)
        names = " or ".join(_a(cls.__name__) for cls in kinds)
        said = f"{what} should be {names}, but is {describe(actual)}"
        raise CheckFailure(said, answer=actual, came_back=kind(actual))


def expect_shape(
    actual: object, shape: tuple[int, ...] | torch.Size, *, what: str = "the result", hint: str = ""
) -> None:
    """Fail unless `actual` is a tensor of this shape."""
    expect_type(actual, torch.Tensor, what=what)
    assert isinstance(actual, torch.Tensor)
    if tuple(actual.shape) != tuple(shape):
        said = f"{what} has shape {tuple(actual.shape)}, expected {tuple(shape)}"
        _fail(said, hint, actual, f"{kind(actual)}; the shape should be {tuple(shape)}")


def expect_close(
    actual: object,
    expected: torch.Tensor | float,
    *,
    atol: float,
    rtol: float = 0.0,
    hint: str = "",
    what: str = "the result",
) -> None:
    """Fail unless |actual - expected| <= atol + rtol |expected| everywhere.

    Shape and dtype are compared first. NaN agrees only with NaN at the same place, an infinity
    only with itself. The message gives the size and the place of the largest difference, never
    the expected values.
    """
    wanted = expected
    if not isinstance(wanted, torch.Tensor):
        if isinstance(actual, (int, float)) and not isinstance(actual, bool):
            actual = torch.tensor(float(actual), dtype=torch.float64)
        dtype = actual.dtype if isinstance(actual, torch.Tensor) else torch.float64
        wanted = torch.tensor(float(wanted), dtype=dtype)
    expect_shape(actual, wanted.shape, what=what, hint=hint)
    assert isinstance(actual, torch.Tensor)
    if actual.dtype != wanted.dtype:
        names = [str(tensor.dtype).removeprefix("torch.") for tensor in (actual, wanted)]
        wrong = f"{kind(actual)}; the dtype should be {names[1]}"
        _fail(f"{what} has dtype {names[0]}, expected {names[1]}", hint, actual, wrong)
    found = difference(actual, wanted, atol, rtol)
    if found is None:
        return
    if found.nans:
        said = f"{what} is NaN {place(found.at)} ({found.nans} of them)"
    else:
        said = (
            f"{what} differs by up to {found.largest:.3g} {place(found.at)}; "
            f"{found.wrong} of {found.count} values are off by more than the tolerance"
        )
    _fail(said, hint, actual, found.told())


def expect_gradcheck(
    function: Callable[..., Any],
    *inputs: torch.Tensor,
    shapes: Sequence[tuple[int, ...] | torch.Size],
    hint: str = "",
    what: str = "the gradient",
) -> None:
    """Fail unless the gradients agree with finite differences (float64 inputs).

    `shapes` are those of the outputs, which are compared at every call: a Jacobian has as many
    numbers as inputs and outputs multiplied, and how large an answer is, is the student's choice.
    """

    def bounded(*given: torch.Tensor) -> Any:
        answer = function(*given)
        outputs = answer if isinstance(answer, (tuple, list)) else (answer,)
        if len(outputs) != len(shapes):
            _fail(f"there are {len(outputs)} results, expected {len(shapes)}", hint)
        for output, shape in zip(outputs, shapes, strict=True):
            expect_shape(output, shape, hint=hint)
        return tuple(outputs)

    try:
        gradcheck(bounded, inputs, eps=1e-6, atol=1e-5, rtol=1e-4)
    except GradcheckError:
        _fail(f"{what} disagrees with finite differences", hint)


def describe(value: object) -> str:
    """A few words for what a call returned."""
    if isinstance(value, torch.Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    if isinstance(value, Record):
        return f"a {value._name} of {len(value)} values"
    if isinstance(value, Remote):
        return _a(value._handle.type_name[:100])
    if isinstance(value, (tuple, list, dict)):
        return f"a {type(value).__name__} of {len(value)} values"
    return "None" if value is None else _a(type(value).__name__)


def explained(error: Exception, label: str, result: object) -> str:
    """Words for an exception that a check's own code hit on an odd answer of the student's.

    `label` and `result` are the student's last call and what it returned.
    """
    text = str(error)
    unpacked = re.search(r"values to unpack \(expected (?:at least )?(\d+)", text)
    if unpacked or "cannot unpack" in text:
        got = f"{len(result)} values" if isinstance(result, (tuple, list)) else describe(result)
        wanted = f", expected {unpacked.group(1)} values" if unpacked else ", expected several"
        return f"{label} returned {got}{wanted}"
    if isinstance(error, GradcheckError):
        return f"the gradient of {label} disagrees with finite differences"
    if isinstance(error, AttributeError) and error.name:
        return f"{label} returned {describe(result)}, which has no `{error.name}`"
    return f"could not be examined: {type(error).__name__}: {brief(text)}"


def _fail(message: str, hint: str, answer: object = None, came_back: str = "") -> None:
    said = f"{message}. {hint}" if hint else message
    raise CheckFailure(said, answer=answer, came_back=came_back)


def _a(name: str) -> str:
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
