"""Gradients written by hand: a record of them, taken from an answer wherever in it they stand.

The form of the record has a check of its own; these functions are for the checks of numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from autograder.checks import Student, expect, expect_shape
from autograder.hidden.shared.asking import expect_form, in_either, numbers, tolerance
from autograder.hidden.shared.tools import Suspects, expect_value, untouched

Wanted = Mapping[str, Tensor]  # the right gradients, by the names of their fields


class Found(NamedTuple):
    values: dict[str, Any]  # by the names of the fields; as far as they are there
    atol: float


def gradients_of(
    call: Callable[..., Any],
    arguments: Iterable[Tensor],
    wanted: Wanted,
    what: str,
    dtype: torch.dtype | None = None,
) -> Found:
    """The gradients that a call answers with, wherever they stand; `what` says how it should."""
    given = list(arguments)

    def ask(dtype: torch.dtype) -> Any:
        with torch.no_grad():
            return call(*(value.to(dtype) for value in given))

    return found_in(ask(dtype) if dtype else in_either(ask), wanted, what)


def expect_record(
    student: Student,
    function: str,
    record: str,
    arguments: Iterable[Tensor],
    wanted: Wanted,
    dtype: torch.dtype,
) -> Any:
    """Call a function; fail unless its answer is this record, each gradient in its place.

    Shapes and dtype alone are looked at. Returns the answer.
    """
    with torch.no_grad():
        found = getattr(student, function)(*(value.to(dtype) for value in arguments))
    untouched(student, function)
    expect(
        getattr(found, "_fields", None) == tuple(wanted),
        f"{function} should return {record} with the fields {', '.join(wanted)}",
    )
    for name, value in wanted.items():
        hint = f"It should have the shape of {name} itself; are fields exchanged?"
        expect_form(getattr(found, name), value.to(dtype), f"the gradient by {name}", hint)
    return found


def found_in(answer: Any, wanted: Wanted, what: str) -> Found:
    """The gradients of an answer: a record, a dict, or as many values in the right order."""
    if isinstance(answer, dict):
        named = answer
    elif isinstance(answer, tuple) and set(getattr(answer, "_fields", ())) == set(wanted):
        named = {name: getattr(answer, name) for name in wanted}
    else:
        named = dict(zip(wanted, answer if isinstance(answer, tuple | list) else (), strict=False))
    values = in_their_places({name: numbers(value) for name, value in named.items()}, wanted)
    expect(
        any(name in values for name in wanted),
        f"{what}({', '.join(wanted)}), with those {len(wanted)} tensors",
    )
    return Found(values, tolerance(list(named.values())))


def in_their_places(values: dict[str, Any], wanted: Wanted) -> dict[str, Any]:
    """Exchange the gradients that do not fit their place, where their shapes tell how."""
    shapes = {name: value.shape for name, value in wanted.items()}
    misfits = {n: v for n, v in values.items() if getattr(v, "shape", None) != shapes.get(n)}
    for name in [name for name in shapes if name in misfits or name not in values]:
        fitting = [v for v in misfits.values() if getattr(v, "shape", None) == shapes[name]]
        if len(fitting) == 1:
            values = {**values, name: fitting[0]}
    return values


def expect_gradient(
    found: Found,
    wanted: Wanted,
    name: str,
    suspects: Suspects,
    hint: str,
    pick: Callable[[Tensor], Tensor] = lambda value: value,
) -> None:
    """Fail unless what `pick` takes of this gradient is right; name the suspect that it is."""
    value, what = found.values.get(name), f"the gradient by {name}"
    expect_shape(value, wanted[name].shape, what=what, hint=f"It has the shape of {name} itself")
    assert isinstance(value, Tensor)
    wrong = {words: pick(mistake) for words, mistake in suspects.items()}
    expect_value(pick(value), pick(wanted[name]), wrong, hint, what=what, atol=found.atol)


def wrong_sums(errors: Tensor, by: Callable[[Tensor], Tensor]) -> Suspects:
    """What goes wrong with the sum that `by` makes of errors (batch, time, units)."""
    batch, time, _ = errors.shape
    right, zeros = by(errors), torch.zeros_like(errors)
    return {
        "Gradients of the batch are averaged, not summed": right / batch,
        "Gradients are averaged over time, not summed": right / time,
        "Gradients are averaged over steps and sequences, not summed": right / batch / time,
        "Only the first step counts": by(torch.cat([errors[:, :1], zeros[:, 1:]], dim=1)),
        "Only the last step counts": by(torch.cat([zeros[:, 1:], errors[:, -1:]], dim=1)),
        "The first step is left out": by(torch.cat([zeros[:, :1], errors[:, 1:]], dim=1)),
        "The sign is turned round": -right,
    }
