"""Part 3, the same filter all steps at once: the convolution, and what is around it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from autograder.checks import Student, expect, expect_close
from autograder.hidden.shared.asking import expect_form, in_either
from autograder.hidden.shared.comparing import in_precision
from autograder.hidden.shared.gradients import expect_gradients
from autograder.hidden.shared.lending import over_either
from autograder.hidden.shared.owned import Mistake, expect_own
from autograder.hidden.shared.tools import DOUBLE, SINGLE, close, normal, pair, untouched
from autograder.hidden.state_space.asked import wide
from autograder.hidden.state_space.convolving import (
    AT_ONCE,
    CONVOLUTIONS,
    LENT,
    OURS,
    OUTPUTS,
    OWN,
    STATES,
    Convolution,
    Pieces,
    causal,
)
from autograder.hidden.state_space.filtering import Answer, Filter, Given, drawn
from autograder.hidden.state_space.filters import INPUTS, asked, real_part, sent
from autograder.hidden.state_space.suite import CONVOLUTION, suite

WHAT = "causal_convolution"


def with_either(student: Student, run: Callable[[Pieces], None]) -> None:
    over_either(student, run, OWN, OURS, LENT)


def asked_convolution(student: Student, x: Tensor, k: Tensor) -> Any:
    def call(dtype: torch.dtype) -> Any:
        with torch.no_grad():
            return student.causal_convolution(x.to(dtype), k.to(dtype))

    return real_part(wide(in_either(call)))


def tokens(
    rng: torch.Generator, batch: int = 2, time: int = 6, dim: int = 3
) -> tuple[Tensor, Tensor]:
    return normal(rng, batch, time, dim), normal(rng, dim, time)


def convolution_rule(student: Student, x: Tensor, k: Tensor) -> Convolution:
    """The right rule, or the typical mistake, that the answer comes from."""
    found = asked_convolution(student, x, k)
    rules = [causal, *CONVOLUTIONS.values()]
    return next((rule for rule in rules if close(found, rule(x, k), SINGLE)), causal)


# --- the convolution --------------------------------------------------------------------------


@suite.check(CONVOLUTION, points=0.5, title="real outputs in the shape and dtype of x")
def convolution_form(student: Student, rng: torch.Generator) -> None:
    x, k = tokens(rng)
    rule = convolution_rule(student, x, k)
    given = drawn(rng)
    for dtype in (torch.float32, DOUBLE):
        with torch.no_grad():
            found = student.causal_convolution(x.to(dtype), k.to(dtype))
        untouched(student, WHAT)
        expect_form(found, x.to(dtype), f"what {WHAT} returns", "It is (batch, time, dim)")
        right = rule(x, k).to(dtype)
        expect(close(found, right, 1e-4), f"{WHAT} should have this form, and other numbers")

        def run(_: Pieces, dtype: torch.dtype = dtype) -> None:
            with torch.no_grad():
                both = pair(student.convolved(*sent(student, given, dtype)), "convolved")
            untouched(student, "convolved")
            likes = zip(both, (given.x, given.h), ("outputs", "state"), strict=True)
            for value, like, what in likes:
                expect_form(value, in_precision(like, dtype), f"the {what} of convolved")

        with_either(student, run)


@suite.check(CONVOLUTION, points=0.5, title="each output is a sum over its past")
def convolves(student: Student, rng: torch.Generator) -> None:
    x, k = tokens(rng)
    known = [Mistake("own", words, rule(x, k)) for words, rule in CONVOLUTIONS.items()]
    hint = "y(t) is the sum of K(s) x(t-s), for s = 0 .. t, for each feature by itself"
    found = asked_convolution(student, x, k)
    # The precision has a check of its own.
    expect_own("own", found, causal(x, k), known, hint, what=WHAT, atol=SINGLE)


@suite.check(CONVOLUTION, points=0.5, title="any length: one step, odd, long; one of everything")
def convolution_lengths(student: Student, rng: torch.Generator) -> None:
    rule = convolution_rule(student, *tokens(rng))
    for batch, time, dim in ((2, 1, 3), (1, 3, 1), (3, 7, 2), (1, 1, 1), (2, 50, 1), (1, 33, 4)):
        x, k = tokens(rng, batch, time, dim)
        found = asked_convolution(student, x, k)
        what = f"{WHAT}, with {batch} sequences, {time} steps and {dim} features,"
        hint = "irfft has to be told the length that it goes back to"
        expect_close(found, rule(x, k), atol=SINGLE, rtol=SINGLE, what=what, hint=hint)
    x, k = tokens(rng)
    expect_gradients(
        WHAT,
        rng,
        {"the inputs": x, "the kernel": k},
        {},
        lambda v: {"the output": student.causal_convolution(*v.values())},
        lambda v, _: {"the output": rule(*v.values())},
        dict,
    )


# --- the filter -------------------------------------------------------------------------------


def expect_part(student: Student, given: Given, which: int, hint: str, what: str) -> None:
    """Fail unless one of the two answers of `convolved` is right, with their pieces or ours."""

    def run(p: Pieces) -> None:
        found, wanted = asked(student, "convolved", given)[which], AT_ONCE(given, p)[which]
        wrong = STATES if which else OUTPUTS
        known = [Mistake("own", words, rule(given, p)[which]) for words, rule in wrong.items()]
        # The precision has a check of its own.
        expect_own("own", found, wanted, known, hint, what=what, atol=SINGLE)

    with_either(student, run)


@suite.check(CONVOLUTION, points=0.5, title="the output: convolution, what was before, D x")
def convolved_output(student: Student, rng: torch.Generator) -> None:
    hint = "It is the convolution, 2 Re(C . A^(t+1) h) and D x"
    for time in (5, 1):
        expect_part(student, drawn(rng, time=time), 0, hint, "the output of convolved")


@suite.check(CONVOLUTION, points=0.5, title="the state after the last step")
def convolved_state(student: Student, rng: torch.Generator) -> None:
    hint = "It is A^T h and the sum of A^(T-1-t) B x(t)"
    for time in (5, 1):
        expect_part(student, drawn(rng, time=time), 1, hint, "the last state of convolved")


@suite.check(CONVOLUTION, points=0.5, title="one of everything; gradients through all of it")
def convolved_edges(student: Student, rng: torch.Generator) -> None:
    def run(p: Pieces) -> None:
        rules = _rules(student, drawn(rng), p)

        def right(given: Given) -> Answer:
            return rules[0](given, p)[0], rules[1](given, p)[1]

        for sizes in ((1, 1, 1, 1), (1, 9, 2, 1), (2, 3, 1, 3)):
            given = drawn(rng, *sizes)
            found = asked(student, "convolved", given)
            for value, wanted, name in zip(found, right(given), ("output", "state"), strict=True):
                what = f"the {name} of convolved, with {sizes[0]} sequences and {sizes[1]} steps,"
                expect_close(value, wanted, atol=SINGLE, rtol=SINGLE, what=what)
        given = drawn(rng, batch=2)

        def theirs(v: dict[str, Tensor]) -> dict[str, Any]:
            *system, x, h = v.values()
            y, last = student.convolved(student.System(*system), x, h)
            return {"the outputs": y, "the last state": last}

        def ours(v: dict[str, Tensor], _: Any) -> dict[str, Any]:
            *system, x, h = v.values()
            y, last = right(Given(Filter(*system), x, h))
            return {"the outputs": y, "the last state": last}

        inputs = dict(zip(INPUTS, (*given.system, given.x, given.h), strict=True))
        expect_gradients("convolved", rng, inputs, {}, theirs, ours, dict)

    with_either(student, run)


def _rules(student: Student, given: Given, p: Pieces) -> list[Callable[[Given, Pieces], Answer]]:
    """The right rules, or typical mistakes, that output and state come from."""
    found, chosen = asked(student, "convolved", given), []
    for which, wrong in enumerate((OUTPUTS, STATES)):
        rules = [AT_ONCE, *wrong.values()]
        fits = (r for r in rules if close(found[which], r(given, p)[which], SINGLE))
        chosen.append(next(fits, AT_ONCE))
    return list(chosen)
