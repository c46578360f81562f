"""Part 1, from an equation to samples: each of the two results, and what has no inverse."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from autograder.checks import Student, expect, expect_close, expect_type
from autograder.hidden.shared.asking import expect_form, in_either
from autograder.hidden.shared.comparing import in_precision
from autograder.hidden.shared.gradients import expect_gradients
from autograder.hidden.shared.owned import Mistake, expect_own
from autograder.hidden.shared.tools import DOUBLE, SINGLE, close, normal, pair, untouched
from autograder.hidden.state_space.asked import wide
from autograder.hidden.state_space.sampling import (
    WRONG_GROWN,
    WRONG_HELD,
    WRONG_INPUTS,
    WRONG_STATES,
    exponential,
    grown,
    held,
    integral,
)
from autograder.hidden.state_space.suite import HOLD, suite

STEP = 0.4
DENSE, DIAGONAL = "zero_order_hold", "diagonal_hold"
NAMES = "Abar", "Bbar"
Two = tuple[Tensor, Tensor]
Rule = Callable[..., Tensor]


def drawn(rng: torch.Generator, states: int = 3, inputs: int = 2) -> Two:
    """A system without symmetry, whose A has an inverse that is no large matrix."""
    A = normal(rng, states, states) - (1.5 + states / 2) * torch.eye(states, dtype=DOUBLE)
    return A, normal(rng, states, inputs)


def entries(rng: torch.Generator, *shape: int) -> Two:
    """Entries of a complex diagonal, and a step for each."""
    decay = 0.3 + torch.rand(shape, generator=rng, dtype=DOUBLE)
    steps = 0.2 + torch.rand(shape, generator=rng, dtype=DOUBLE)
    return torch.complex(-decay, 2 * normal(rng, *shape)), steps


def answered(function: Any, what: str, *given: Any) -> tuple[Any, Any]:
    """Both results, in whatever wrapping and precision they come."""

    def call(dtype: torch.dtype) -> Any:
        with torch.no_grad():
            return function(
                *(in_precision(v, dtype) if isinstance(v, Tensor) else v for v in given)
            )

    found = in_either(call)
    expect(
        isinstance(found, tuple | list) and len(found) == 2,
        f"{what} should return two tensors, Abar and Bbar",
    )
    return wide(found[0]), wide(found[1])


def dense(student: Student, A: Tensor, B: Tensor, step: float = STEP) -> tuple[Any, Any]:
    return answered(student.zero_order_hold, DENSE, A, B, step)


def diagonal(student: Student, a: Tensor, step: Tensor) -> tuple[Any, Any]:
    return answered(student.diagonal_hold, DIAGONAL, a, step)


def expect_one(
    found: Any, right: Rule, wrong: Mapping[str, Rule], given: tuple[Any, ...], hint: str, what: str
) -> None:
    """Fail unless a result is right, to float32 if that is all it can be; name the mistake."""
    known = [Mistake("own", words, rule(*given)) for words, rule in wrong.items()]
    # The precision has a check of its own.
    expect_own("own", found, right(*given), known, hint, what=what, atol=SINGLE)


def behind(found: Any, right: Rule, wrong: Mapping[str, Rule], given: tuple[Any, ...]) -> Rule:
    """The right rule, or the typical mistake, that a result comes from."""
    rules = [right, *wrong.values()]
    return next((rule for rule in rules if close(found, rule(*given), SINGLE)), right)


def dense_rules(student: Student, rng: torch.Generator) -> tuple[Rule, Rule]:
    given = *drawn(rng), STEP
    grown_by, held_by = dense(student, *given)
    return (
        behind(grown_by, exponential, WRONG_STATES, given),
        behind(held_by, integral, WRONG_INPUTS, given),
    )


def diagonal_rules(student: Student, rng: torch.Generator) -> tuple[Rule, Rule]:
    given = entries(rng, 4)
    grown_by, held_by = diagonal(student, *given)
    return (
        behind(grown_by, grown, WRONG_GROWN, given),
        behind(held_by, held, WRONG_HELD, given),
    )


# --- the checks -------------------------------------------------------------------------------


@suite.check(HOLD, points=0.5, title="two tensors in the shapes and dtype of what came in")
def hold_form(student: Student, rng: torch.Generator) -> None:
    A, B = drawn(rng)
    a, steps = entries(rng, 2, 3)
    for function, given, likes, rules in (
        (DENSE, (A, B), (A, B), dense_rules(student, rng)),
        (DIAGONAL, (a, steps), (a, a), diagonal_rules(student, rng)),
    ):
        for dtype in (torch.float32, DOUBLE):
            values = [in_precision(value, dtype) for value in given]
            extra = (STEP,) if function == DENSE else ()
            with torch.no_grad():
                answer = getattr(student, function)(*values, *extra)
            untouched(student, function)
            found = pair(answer, function)
            for name, value, like, rule in zip(NAMES, found, likes, rules, strict=True):
                expect_form(value, in_precision(like, dtype), f"{name} of {function}")
                wanted = in_precision(rule(*given, *extra), dtype)
                same = close(value, wanted, 10 * SINGLE)
                expect(same, f"{name} of {function} has the right form, but not its numbers")


@suite.check(HOLD, points=0.5, title="Abar is the exponential of a matrix")
def state_matrix(student: Student, rng: torch.Generator) -> None:
    given = *drawn(rng), STEP
    found, _ = dense(student, *given)
    expect_one(found, exponential, WRONG_STATES, given, "It is exp(step A)", f"Abar of {DENSE}")


@suite.check(HOLD, points=0.5, title="Bbar is what an input does that stands still for a step")
def input_matrix(student: Student, rng: torch.Generator) -> None:
    given = *drawn(rng), STEP
    _, found = dense(student, *given)
    hint = "It is A^-1 (exp(step A) - I) B"
    expect_one(found, integral, WRONG_INPUTS, given, hint, f"Bbar of {DENSE}")


@suite.check(HOLD, points=0.5, title="what has no inverse: such an A, entries of 0")
def without_inverse(student: Student, rng: torch.Generator) -> None:
    state_rule, input_rule = dense_rules(student, rng)
    chain = torch.diag(torch.ones(2, dtype=DOUBLE), 1)
    tired = torch.diag(torch.tensor([-1.0, -1e-11, 0.0], dtype=DOUBLE))
    mixed = torch.linalg.qr(normal(rng, 3, 3)).Q
    hint = "It needs an inverse that is not there: take the exponential of A and B side by side"
    for A in (chain, torch.zeros(3, 3, dtype=DOUBLE), mixed @ tired @ mixed.T):
        B = normal(rng, 3, 2)
        found = dense(student, A, B)
        for value, rule, name in zip(found, (state_rule, input_rule), NAMES, strict=True):
            what = f"{name} of {DENSE}, for an A without inverse,"
            wanted = rule(A, B, STEP)
            if bool(wanted.isfinite().all()):
                expect_close(value, wanted, atol=SINGLE, rtol=SINGLE, what=what, hint=hint)
    rules = diagonal_rules(student, rng)
    a, steps = entries(rng, 5)
    a[[1, 3]] = 0.0
    hint = "0 / 0: where a is 0, Bbar is the step"
    for value, rule, name in zip(diagonal(student, a, steps), rules, NAMES, strict=True):
        what = f"{name} of {DIAGONAL}, where entries are 0,"
        expect_close(value, rule(a, steps), atol=SINGLE, rtol=SINGLE, what=what, hint=hint)


@suite.check(HOLD, points=0.5, title="entry by entry, for a diagonal A")
def diagonal_values(student: Student, rng: torch.Generator) -> None:
    given = entries(rng, 2, 3)
    found = diagonal(student, *given)
    what = f"Abar of {DIAGONAL}"
    expect_one(found[0], grown, WRONG_GROWN, given, "It is exp(step a)", what)
    hint = "It is (exp(step a) - 1) / a"
    expect_one(found[1], held, WRONG_HELD, given, hint, f"Bbar of {DIAGONAL}")


@suite.check(HOLD, points=0.5, title="tiny steps keep their digits")
def tiny_steps(student: Student, rng: torch.Generator) -> None:
    rule = diagonal_rules(student, rng)[1]
    for size in (1e-5, 1e-9, 1e-13):
        a, steps = entries(rng, 6)
        for each in (a, a.real):
            _, found = diagonal(student, each, size * steps)
            wanted = rule(each, size * steps)
            what = f"Bbar of {DIAGONAL}, with steps of {size:.0e},"
            hint = "exp(x) - 1 loses the digits of a small x: torch.expm1 keeps them"
            expect_type(found, Tensor, what=what)
            ratio = found / wanted if found.shape == wanted.shape else found
            # Rounding of a product or two, relative to each entry.
            expect_close(ratio, torch.ones_like(wanted), atol=1e-11, what=what, hint=hint)


@suite.check(HOLD, points=0.5, title="gradients reach A, B and the steps")
def hold_gradients(student: Student, rng: torch.Generator) -> None:
    A, B = drawn(rng)
    rules = dense_rules(student, rng)

    def both(found: Any) -> dict[str, Any]:
        return dict(zip(NAMES, found, strict=True))

    expect_gradients(
        DENSE,
        rng,
        {"A": A, "B": B},
        {},
        lambda given: both(student.zero_order_hold(given["A"], given["B"], STEP)),
        lambda given, _: both([rule(given["A"], given["B"], STEP) for rule in rules]),
        dict,
    )
    a, steps = entries(rng, 4)
    by_entry = diagonal_rules(student, rng)
    for each, where in ((a, ""), (torch.cat([a.real[:3], torch.zeros(1, dtype=DOUBLE)]), " 0")):
        found = diagonal(student, each, steps)
        if where and not all(bool(value.isfinite().all()) for value in found):
            continue  # which costs another check
        expect_gradients(
            f"{DIAGONAL}, with an entry of 0" if where else DIAGONAL,
            rng,
            {"a": each, "the steps": steps},
            {},
            lambda given: both(student.diagonal_hold(given["a"], given["the steps"])),
            lambda given, _: both([rule(given["a"], given["the steps"]) for rule in by_entry]),
            dict,
            otherwise="Where a is 0, Bbar is the step, and its slope by a is step^2 / 2"
            if where
            else "Is it detached, or does a branch of torch.where have no slope?",
        )


@suite.check(HOLD, points=0.5, title="edges: one state, many inputs, a step of 0, float32")
def hold_edges(student: Student, rng: torch.Generator) -> None:
    rules = dense_rules(student, rng)
    for states, inputs, step in ((1, 1, 0.7), (1, 4, 0.2), (5, 1, 0.3), (2, 3, 0.0), (3, 2, 5)):
        A, B = drawn(rng, states, inputs)
        wanted = [rule(A, B, step) for rule in rules] if step else []
        known = all(bool(value.isfinite().all()) for value in wanted)
        wanted = wanted if wanted and known else [exponential(A, B, step), integral(A, B, step)]
        for value, right, name in zip(dense(student, A, B, step), wanted, NAMES, strict=True):
            what = f"{name} of {DENSE}, for {states} states, {inputs} inputs, a step of {step},"
            if step or rules == (exponential, integral):
                expect_close(value, right, atol=SINGLE, rtol=SINGLE, what=what)
    by_entry = diagonal_rules(student, rng)
    for shape in ((1,), (2, 3, 2), ()):
        a, steps = entries(rng, *shape)
        for each in (a, a.real):
            found = diagonal(student, each, steps)
            for value, rule, name in zip(found, by_entry, NAMES, strict=True):
                what = f"{name} of {DIAGONAL}, for entries of shape {shape},"
                right = rule(each, steps)
                expect_close(value, right, atol=SINGLE, rtol=SINGLE, what=what)
