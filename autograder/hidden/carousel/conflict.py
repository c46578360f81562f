"""Part 4, the two conflicts: the measure first, then what the steps ask of V and of W."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from autograder.checks import CheckFailure, Student, expect, expect_close, expect_shape
from autograder.hidden.carousel.requests import (
    Case,
    asked_of_input,
    asked_of_output,
    conflict,
    conflict_by_mistake,
    input_by_error,
    input_by_pairing,
    input_by_time,
    output_mistakes,
    random_case,
)
from autograder.hidden.carousel.suite import suite
from autograder.hidden.shared.asking import expect_form, in_either, numbers, tolerance
from autograder.hidden.shared.lending import fails
from autograder.hidden.shared.tools import (
    DOUBLE,
    SINGLE,
    Suspects,
    close,
    diagnosis,
    expect_value,
    normal,
    untouched,
)

CONFLICTS = "conflicts-tests"
# 1 - |sum| / sum: the difference of nearly equal numbers loses a little precision.
LOSS = 10


# --- the measure ------------------------------------------------------------------------------


def ask_conflict(student: Student, updates: Tensor) -> tuple[Any, float]:
    def ask(dtype: torch.dtype) -> Any:
        with torch.no_grad():
            return student.weight_conflict(updates.to(dtype))

    answer = in_either(ask)
    return numbers(answer), LOSS * tolerance(answer)


@suite.check(CONFLICTS, points=0.5, title="the conflict: what share of the requests cancels")
def measure(student: Student, rng: torch.Generator) -> None:
    for shape in ((7, 3, 4), (5,), (2, 6), (4, 2, 3, 2), (3, 3, 3)):
        updates = normal(rng, *shape) + 0.3
        found, atol = ask_conflict(student, updates)
        wanted = conflict(updates)
        what = f"the conflict for requests of shape {shape}"
        hint = "One number for each weight is wanted: sum over axis 0, the steps"
        expect_shape(found, wanted.shape, what=what, hint=hint)
        hint = "It is 1 - |sum of the requests| / sum of their sizes"
        suspects = conflict_by_mistake(updates)
        # A very small number in the divisor is what `nothing_asked` looks at.
        expect_value(found, wanted, suspects, hint, what=what, atol=max(atol, 1e-7))


def worked_out(updates: Tensor) -> Suspects:
    """The mistakes that are more than a constant: nothing speaks for a 0 or 1 everywhere."""
    found = conflict_by_mistake(updates).items()
    return {words: value for words, value in found if 0 < float(value.mean()) != 1}


@suite.check(CONFLICTS, points=0.5, title="0 where nothing is asked, 1 where all is taken back")
def nothing_asked(student: Student, rng: torch.Generator) -> None:
    size = 1 + float(torch.rand((), generator=rng, dtype=DOUBLE))
    columns = {
        "Nothing is asked of this weight, so there is no conflict: 0, and no division by 0": (
            (0.0, 0.0, 0.0)
        ),
        "Requests may be very small; their conflict is not: is something added below?": (
            (1e-9, -1e-9, 1e-9)
        ),
        "A single request cannot be in conflict": (0.0, -size, 0.0),
        "All requests pull down: there is no conflict": (-size, -1.0, -size),
        "All that is asked for is taken back: the conflict is 1": (size, -size, 0.0),
    }
    updates = torch.tensor(list(columns.values()), dtype=DOUBLE).T
    found, atol = ask_conflict(student, updates)
    wanted = conflict(updates)
    what = "the conflict"
    expect_shape(found, wanted.shape, what=what, hint="One number for each weight is wanted")
    usual = normal(rng, 5, 4)
    # A known mistake has cost its points; what remains to be seen is the division by 0.
    known = diagnosis(ask_conflict(student, usual)[0], worked_out(usual), "", atol)
    for place, hint in enumerate(columns):
        if not known:
            expect_close(found[place], wanted[place], atol=atol, what=what, hint=hint)
        elif place == 0:
            expect(bool(found[place].isfinite()), hint)


# --- the two conflicts ------------------------------------------------------------------------

# Another function of the requests, for those whose own is wrong. It says nothing about conflict.
WEIGHTED = '''
import torch


def weight_conflict(updates):
    """Lent by the judge: not the conflict of part 4."""
    if not isinstance(updates, torch.Tensor):
        updates = torch.stack(list(updates))
    step = torch.arange(1, len(updates) + 1, dtype=updates.dtype)
    return torch.einsum("t,t...->...", torch.cos(step), updates**3)
'''


def weighted(updates: Tensor) -> Tensor:
    step = torch.arange(1, len(updates) + 1, dtype=updates.dtype)
    return torch.einsum("t,t...->...", torch.cos(step), updates**3)


Measure = Callable[[Tensor], Tensor]


def ask_conflicts(student: Student, case: Case, name: str) -> tuple[Any, float]:
    """One of the two answers, wherever it stands; the form has a check of its own."""

    def ask(dtype: torch.dtype) -> Any:
        with torch.no_grad():
            return student.conflicts(*(value.to(dtype) for value in case))

    answer = in_either(ask)
    names = ("input", "output")
    if isinstance(answer, dict):
        value = answer.get(name)
    elif set(getattr(answer, "_fields", ())) == set(names):
        value = getattr(answer, name)
    else:
        both = isinstance(answer, tuple | list) and len(answer) == 2
        expect(both, "conflicts should return Conflicts(input=..., output=...)")
        value = answer[names.index(name)]
    shape = wanted_shape(case, name)
    if getattr(value, "shape", None) != shape and isinstance(answer, tuple | list):
        fitting = [v for v in answer if getattr(v, "shape", None) == shape]
        value = fitting[0] if len(fitting) == 1 else value
    return numbers(value), LOSS * tolerance(value)


def wanted_shape(case: Case, name: str) -> torch.Size:
    width = case.self_loop.numel()
    shapes = {"input": (width, case.x.shape[1]), "output": (case.target.shape[1], width)}
    return torch.Size(shapes[name])


def expect_conflict(
    student: Student,
    rng: torch.Generator,
    case: Case,
    name: str,
    suspects: Mapping[str, Tensor],
    hint: str,
    elsewhere: Mapping[str, Tensor] | None = None,
) -> None:
    """Fail unless this conflict is right, by the student's own measure or by the one lent.

    What is wrong because of the requests named `elsewhere` passes: they have a check of their own.
    """
    updates = asked_of_input(case) if name == "input" else asked_of_output(case)

    def examine(measure: Measure) -> None:
        found, atol = ask_conflicts(student, case, name)
        wrong: Suspects = {words: measure(asked) for words, asked in suspects.items()}
        what = f"conflicts(...).{name}"
        expect_shape(found, wanted_shape(case, name), what=what, hint="A number for each weight")
        known = {words: measure(asked) for words, asked in (elsewhere or {}).items()}
        # Nothing speaks for zeros, whatever mistake they could come from.
        if diagnosis(found, {words: v for words, v in known.items() if v.any()}, "", atol):
            return
        expect_value(found, measure(updates), wrong, hint, what=what, atol=atol)

    try:
        examine(conflict)
    except CheckFailure as own:
        if not student.alive or not fails(student, rng, measure, nothing_asked):
            raise
        with student.lent("weight_conflict", WEIGHTED):
            try:
                examine(weighted)
            except CheckFailure as other:
                raise (own if " raised " in str(other) else other) from None


@suite.check(CONFLICTS, points=0.5, title="two tensors in their places; the arguments left alone")
def conflicts_form(student: Student, rng: torch.Generator) -> None:
    case, updates = random_case(rng, 5, 3, 4, 2), normal(rng, 5, 3, 4)
    for dtype in (torch.float64, torch.float32):
        name = str(dtype).removeprefix("torch.")
        with torch.no_grad():
            alone = student.weight_conflict(updates.to(dtype))
        untouched(student, "weight_conflict")
        expect_form(alone, updates[0].to(dtype), f"weight_conflict for requests of {name}")
        with torch.no_grad():
            found = student.conflicts(*(value.to(dtype) for value in case))
        untouched(student, "conflicts")
        expect(
            getattr(found, "_fields", None) == ("input", "output"),
            "conflicts should return Conflicts with the fields input, output",
        )
        for field in ("input", "output"):
            like = torch.zeros(wanted_shape(case, field), dtype=dtype)
            hint = "One number for each weight is wanted; are fields exchanged?"
            expect_form(getattr(found, field), like, f"conflicts(...).{field}", hint)
        # Shapes alone are worth nothing: the measure is right, or wrong in a way we know.
        known = {"right": conflict(updates), **worked_out(updates)}
        expect(
            diagnosis(alone.double(), known, "", SINGLE)
            or close(found.output.double(), conflict(asked_of_output(case)), 100 * SINGLE),
            "the shapes are right, but none of the numbers",
        )


@suite.check(CONFLICTS, points=0.5, title="what each step asks of V: its error times the state")
def asked_of_v(student: Student, rng: torch.Generator) -> None:
    case = random_case(rng, 6, 3, 4, 2)
    hint = "The conflict of d(t) s(t)^T over all steps, with d(t) = o(t) - target(t)"
    expect_conflict(student, rng, case, "output", output_mistakes(case), hint)


@suite.check(CONFLICTS, points=0.5, title="what each step asks of W, where no error comes back")
def asked_of_w(student: Student, rng: torch.Generator) -> None:
    some = random_case(rng, 6, 3, 4, 2)
    case = some._replace(self_loop=torch.zeros_like(some.self_loop))
    hint = "With w = 0 it is the conflict of e(t) x(t)^T, where e(t) = V^T d(t)"
    elsewhere = input_by_error(case)
    zero = (
        "No step seems to ask for anything: are requests summed before the conflict is taken, "
        "or is V^T d(t) multiplied by w, which is 0 here?"
    )
    suspects = {zero: 0 * asked_of_input(case), **input_by_pairing(case), **input_by_time(case)}
    expect_conflict(student, rng, case, "input", suspects, hint, elsewhere)


@suite.check(CONFLICTS, points=1, title="what each step asks of W, with the error that comes back")
def asked_through_time(student: Student, rng: torch.Generator) -> None:
    case = random_case(rng, 6, 3, 4, 2)
    hint = "The conflict of e(t) x(t)^T over all steps, with e(t) = V^T d(t) + w e(t + 1)"
    elsewhere = {**input_by_error(case), **input_by_pairing(case)}
    expect_conflict(student, rng, case, "input", input_by_time(case), hint, elsewhere)


@suite.check(CONFLICTS, points=0.5, title="edges: one step, sizes of one, a long sequence")
def conflict_edges(student: Student, rng: torch.Generator) -> None:
    for sizes in ((1, 2, 3, 2), (7, 1, 1, 2), (7, 2, 1, 1), (40, 2, 3, 1)):
        case = random_case(rng, *sizes)
        hint = "with time, input, hidden and outputs of " + ", ".join(map(str, sizes))
        for name in ("input", "output"):
            expect_conflict(student, rng, case, name, {}, hint)
    hint = "Outputs that are right already ask for nothing: there is no conflict"
    case = random_case(rng, 4, 2, 3, 2)
    case = case._replace(target=case.s @ case.weight_out.T)
    for name in ("input", "output"):
        expect_conflict(student, rng, exactly(case), name, {}, hint)


def exactly(case: Case) -> Case:
    """The case with whole numbers, so that outputs meet their targets to the last digit."""
    s, V = (4 * case.s).round().clamp(-50, 50), (4 * case.weight_out).round()
    return case._replace(s=s, weight_out=V, target=s @ V.T)
