"""Part 2, a filter step by step and its kernel: moving, reading, carrying, what one input does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from autograder.checks import Student, expect, expect_close
from autograder.hidden.shared.asking import expect_form, in_either
from autograder.hidden.shared.comparing import in_precision
from autograder.hidden.shared.gradients import expect_gradients
from autograder.hidden.shared.owned import Mistake, every, expect_mechanism, expect_own, outcomes
from autograder.hidden.shared.tools import DOUBLE, SINGLE, close, pair, untouched
from autograder.hidden.state_space.asked import wide
from autograder.hidden.state_space.filtering import (
    KERNELS,
    RIGHT,
    STEPS,
    Answer,
    Filter,
    Given,
    Kernel,
    drawn,
    kernel,
)
from autograder.hidden.state_space.suite import FILTER, suite

INPUTS = "A", "B", "C", "D", "x", "the first state"
Rule = Callable[[Given], Answer]


def sent(student: Student, given: Given, dtype: torch.dtype = DOUBLE) -> tuple[Any, Tensor, Tensor]:
    """A filter, tokens and a state as the student's functions take them."""
    system = student.System(*(in_precision(part, dtype) for part in given.system))
    return system, given.x.to(dtype), in_precision(given.h, dtype)


def asked(student: Student, function: str, given: Given) -> tuple[Any, Any]:
    """Outputs and last state, in whatever wrapping and precision they come."""

    def call(dtype: torch.dtype) -> Any:
        with torch.no_grad():
            return getattr(student, function)(*sent(student, given, dtype))

    found = in_either(call)
    expect(
        isinstance(found, tuple | list) and len(found) == 2,
        f"{function} should return two tensors: the outputs and the last state",
    )
    return in_place(wide(found[0]), given.x.shape), wide(found[1])


def asked_kernel(student: Student, system: Filter, time: int) -> Any:
    def call(dtype: torch.dtype) -> Any:
        with torch.no_grad():
            parts = (in_precision(part, dtype) for part in system)
            return student.kernel(student.System(*parts), time)

    return in_place(wide(in_either(call)), torch.Size([len(system.D), time]))


def in_place(value: Any, shape: torch.Size) -> Any:
    """Real numbers with the first two axes in their places; the form has a check of its own."""
    turned = (shape[1], shape[0], *shape[2:])
    if isinstance(value, Tensor) and value.shape != shape and value.shape == turned:
        value = value.transpose(0, 1)
    return real_part(value)


def real_part(value: Any) -> Any:
    """Real numbers that came as complex ones; the form has a check of its own."""
    return value.real if isinstance(value, Tensor) and value.is_complex() else value


def steps_rule(student: Student, given: Given) -> Rule:
    """The right rule, or the typical mistake, that both answers come from."""
    found = asked(student, "recurrent", given)
    rules: list[Rule] = [RIGHT, *every(STEPS)]
    return next((r for r in rules if both_close(found, r(given))), RIGHT)


def both_close(found: tuple[Any, Any], wanted: Answer) -> bool:
    return all(close(f, w, SINGLE) for f, w in zip(found, wanted, strict=True))


def kernel_rule(student: Student, system: Filter, time: int) -> Kernel:
    found = asked_kernel(student, system, time)
    rules = [kernel, *KERNELS.values()]
    return next((rule for rule in rules if close(found, rule(system, time), SINGLE)), kernel)


def expect_filtered(
    student: Student, given: Given, which: int, mechanism: str, hint: str, what: str
) -> None:
    """Fail unless one of the two answers is right, or wrong by a mistake of another mechanism."""
    found, wanted = asked(student, "recurrent", given)[which], RIGHT(given)[which]
    wrong = outcomes(STEPS, lambda rule: rule(given)[which])
    if close(found, wanted, SINGLE):  # the precision has a check of its own
        return
    expect_mechanism(found, wanted, wrong, (mechanism,), hint, what)


# --- the checks -------------------------------------------------------------------------------


@suite.check(FILTER, points=0.5, title="recurrent gives outputs and a complex state")
def recurrent_form(student: Student, rng: torch.Generator) -> None:
    given = drawn(rng)
    rule = steps_rule(student, given)
    for dtype in (torch.float32, DOUBLE):
        with torch.no_grad():
            answer = student.recurrent(*sent(student, given, dtype))
        untouched(student, "recurrent")
        for value, like, what in zip(
            pair(answer, "recurrent"), rule(given), ("the outputs", "the last state"), strict=True
        ):
            right = in_precision(like, dtype)
            hint = "It is (batch, time, model)" if what == "the outputs" else ""
            expect_form(value, right, f"{what} of recurrent", hint)
            # Six steps in float32, of numbers up to ten.
            same = close(value, right, 1e-4)
            expect(same, f"{what} of recurrent should have this form, and other numbers")


@suite.check(FILTER, points=0.5, title="the state moves: A h + B x")
def moved_on(student: Student, rng: torch.Generator) -> None:
    given = drawn(rng, time=1)
    hint = "h(t) = A h(t-1) + B x(t), entry by entry"
    expect_filtered(student, given, 1, "moved_on", hint, "the state after one step")


@suite.check(FILTER, points=0.5, title="the state is read: 2 Re(C . h) + D x")
def read_out(student: Student, rng: torch.Generator) -> None:
    given = drawn(rng, time=1)
    hint = "y(t) = 2 Re(sum of C h(t)) + D x(t)"
    expect_filtered(student, given, 0, "read_out", hint, "the output of one step")


@suite.check(FILTER, points=0.5, title="the state is carried: in, from step to step, and out")
def carried(student: Student, rng: torch.Generator) -> None:
    given = drawn(rng)
    hint = "Begin with the state that comes in, hand each on to the next step, return the last"
    expect_filtered(student, given, 0, "carried", hint, "the outputs of recurrent")
    expect_filtered(student, given, 1, "carried", hint, "the last state of recurrent")


@suite.check(FILTER, points=0.5, title="the kernel: K(s) = 2 Re(C . A^s B)")
def kernel_values(student: Student, rng: torch.Generator) -> None:
    system = drawn(rng).system
    known = [Mistake("own", words, rule(system, 7)) for words, rule in KERNELS.items()]
    found, hint = asked_kernel(student, system, 7), "K(s) = 2 Re(C . A^s B), for s = 0, 1, ..."
    # The precision has a check of its own.
    expect_own("own", found, kernel(system, 7), known, hint, what="the kernel", atol=SINGLE)


@suite.check(FILTER, points=0.5, title="the kernel is real, (model, time)")
def kernel_form(student: Student, rng: torch.Generator) -> None:
    system = drawn(rng).system
    rule = kernel_rule(student, system, 5)
    for dtype in (torch.float32, DOUBLE):
        parts = [in_precision(part, dtype) for part in system]
        with torch.no_grad():
            found = student.kernel(student.System(*parts), 5)
        untouched(student, "kernel")
        right = rule(system, 5).to(dtype)
        expect_form(found, right, "the kernel", "It is real, (model, time)")
        expect(close(found, right, 1e-4), "the kernel should have this form, and other numbers")


@suite.check(FILTER, points=0.5, title="gradients reach the filter, the tokens and the state")
def filter_gradients(student: Student, rng: torch.Generator) -> None:
    given = drawn(rng, batch=2)
    rule, by_kernel = steps_rule(student, given), kernel_rule(student, given.system, 5)

    def both(values: Any) -> dict[str, Any]:
        y, h = values
        return {"the outputs": in_place(y, given.x.shape), "the last state": h}

    D = given.system.D
    by_time = torch.Size([len(D), 5])
    inputs = dict(zip(INPUTS, (*given.system, given.x, given.h), strict=True))
    expect_gradients(
        "recurrent",
        rng,
        inputs,
        {},
        lambda v: both(student.recurrent(student.System(*_system(v)), v["x"], v[INPUTS[-1]])),
        lambda v, _: both(rule(Given(_system(v), v["x"], v[INPUTS[-1]]))),
        dict,
    )
    expect_gradients(
        "kernel",
        rng,
        dict(list(inputs.items())[:3]),
        {},
        lambda v: {"the kernel": in_place(student.kernel(_sent(student, v, D), 5), by_time)},
        lambda v, _: {"the kernel": by_kernel(Filter(v["A"], v["B"], v["C"], D), 5)},
        dict,
    )


def _system(values: dict[str, Tensor]) -> Filter:
    return Filter(*(values[name] for name in "ABCD"))


def _sent(student: Student, values: dict[str, Tensor], D: Tensor) -> Any:
    return student.System(*(values[name] for name in "ABC"), D)


@suite.check(FILTER, points=0.5, title="edges: one of everything, long, and an A of 0")
def filter_edges(student: Student, rng: torch.Generator) -> None:
    rule = steps_rule(student, drawn(rng))
    by_kernel = kernel_rule(student, drawn(rng).system, 6)
    for batch, time, model, states in ((1, 1, 1, 1), (1, 4, 3, 1), (3, 1, 1, 2), (2, 40, 2, 3)):
        given = drawn(rng, batch, time, model, states)
        when = f"with {batch} sequences, {time} steps, {model} features and {states} states,"
        found = asked(student, "recurrent", given)
        for value, wanted, what in zip(found, rule(given), ("outputs", "state"), strict=True):
            what = f"the {what} of recurrent, {when}"
            expect_close(value, wanted, atol=SINGLE, rtol=SINGLE, what=what)
        wanted = by_kernel(given.system, time)
        what = f"the kernel, {when}"
        found_kernel = asked_kernel(student, given.system, time)
        expect_close(found_kernel, wanted, atol=SINGLE, rtol=SINGLE, what=what)
    system = drawn(rng).system
    system.A[:, 0] = 0.0
    found_kernel = asked_kernel(student, system, 4)
    what, hint = "the kernel, where entries of A are 0,", "A^0 is 1, also for A = 0"
    expect_close(found_kernel, by_kernel(system, 4), atol=SINGLE, rtol=SINGLE, what=what, hint=hint)
