"""Answers freed of their wrapping, so that a wrong wrapping costs one check and not all.

One check of a part looks at the form of an answer, strictly: type, shape, dtype, what happens to
the arguments. The others look at numbers, and take them from a list as from a tensor, in float32
as in float64.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import Tensor

from autograder.checks import CheckFailure, expect_shape, expect_type
from autograder.hidden.shared.tools import ATOL, DOUBLE, SINGLE

Result = TypeVar("Result")


def in_either(call: Callable[[torch.dtype], Result]) -> Result:
    """The answer in float64; where that fails, the one in float32."""
    try:
        return call(DOUBLE)
    except CheckFailure as failure:
        try:
            return call(torch.float32)
        except CheckFailure:
            raise failure from None


def numbers(value: Any) -> Any:
    """Numbers, or lists of them, as a float64 tensor; anything else as it is."""
    if isinstance(value, Tensor):
        return value if value.is_complex() else value.double()
    if isinstance(value, bool) or not isinstance(value, int | float | list | tuple):
        return value
    if isinstance(value, int | float):
        return torch.tensor(float(value), dtype=DOUBLE)
    parts = [numbers(part) for part in value]
    same = {part.shape if isinstance(part, Tensor) else None for part in parts}
    return torch.stack(parts) if len(same) == 1 and None not in same else value


def tolerance(value: Any) -> float:
    """How close these numbers can be expected to come: by the least precise tensor in them."""
    if isinstance(value, Tensor):
        return SINGLE if value.dtype == torch.float32 else ATOL
    parts = value if isinstance(value, list | tuple) else []
    return max((tolerance(part) for part in parts), default=ATOL)


def expect_form(value: object, like: Tensor, what: str, hint: str = "") -> None:
    """Fail unless the value is a tensor of this shape and dtype."""
    expect_type(value, Tensor, what=what)
    expect_shape(value, like.shape, what=what, hint=hint)
    assert isinstance(value, Tensor)
    if value.dtype != like.dtype:
        names = [str(tensor.dtype).removeprefix("torch.") for tensor in (value, like)]
        raise CheckFailure(f"{what} has dtype {names[0]}, expected {names[1]}")


def expect_raises(function: Callable[..., Any], kind: str, *args: Any, what: str) -> None:
    """Fail unless the call raises an exception of this name on the student's side."""
    try:
        function(*args)
    except CheckFailure as failure:
        if f" raised {kind}" in str(failure).partition(":")[0]:
            return
        raise CheckFailure(f"{what} should raise {kind}; instead {failure}") from None
    raise CheckFailure(f"{what} should raise {kind}, but is accepted")
