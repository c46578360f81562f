"""Part 4, and back: each of the three gradients by hand, and how deep their scan is."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from autograder.checks import CheckFailure, Student, expect, expect_close, expect_shape
from autograder.hidden.shared.lending import fails, lending, over_either
from autograder.hidden.shared.owned import Mistake, every, expect_own
from autograder.hidden.shared.records import Found, expect_record, gradients_of
from autograder.hidden.shared.tools import DOUBLE, SINGLE, close, normal
from autograder.hidden.state_space.depth import depth, probes, some_leaves
from autograder.hidden.state_space.scanning import (
    GRADIENTS,
    LENT,
    RIGHT,
    Backwards,
    Gradient,
    Learnt,
    drawn,
    scan,
)
from autograder.hidden.state_space.scans import expect_shallow, scan_depth, scan_values
from autograder.hidden.state_space.suite import SCAN, suite

WHAT = "tree_scan_gradients"


def back(rng: torch.Generator, time: int = 8, batch: int = 2, dim: int = 3) -> Backwards:
    given = drawn(rng, time, batch, dim)
    return Backwards(given.a, scan(*given), given.h0, normal(rng, batch, time, dim))


def with_either(student: Student, run: Callable[[], None]) -> None:
    """With their own scan, or with the plain one that stands at the notebook's beginning."""
    over_either(student, lambda _: run(), None, None, LENT)


def asked(student: Student, given: Backwards, wanted: Learnt) -> Found:
    what = f"{WHAT} should return ScanGradients"
    return gradients_of(student.tree_scan_gradients, given, wanted._asdict(), what)


def error_behind(found: Found, given: Backwards) -> Gradient:
    """What the gradients are made of: the right error, or the typical mistake, that b shows."""
    rules = [RIGHT, *GRADIENTS["gradient_by_b"].values()]
    shown = found.values.get("b")
    return next((rule for rule in rules if close(shown, rule(given).b, SINGLE)), RIGHT)


def expect_gradient(student: Student, given: Backwards, name: str, check: str, hint: str) -> None:
    """Fail unless a gradient is right, as far as the error goes that it is made of."""

    def run() -> None:
        found = asked(student, given, RIGHT(given))
        behind = RIGHT if name == "b" else error_behind(found, given)
        wanted = getattr(behind(given), name)
        known = []
        for words, rule in GRADIENTS[check].items():
            made = rule if name == "b" else rule._replace(e=behind.e)
            known.append(Mistake(check, words, getattr(made(given), name)))
        what = f"the gradient by {name}"
        # The precision has a check of its own.
        expect_own(check, found.values.get(name), wanted, known, hint, what=what, atol=SINGLE)

    with_either(student, run)


@suite.check(SCAN, points=0.5, title="ScanGradients, each in the shape of what it belongs to")
def gradients_form(student: Student, rng: torch.Generator) -> None:
    given = back(rng)

    def run() -> None:
        wanted = RIGHT(given)
        for dtype in (torch.float32, DOUBLE):
            found = expect_record(student, WHAT, "ScanGradients", given, wanted._asdict(), dtype)
            for name, value in wanted._asdict().items():
                known = [value, *(getattr(rule(given), name) for rule in every(GRADIENTS))]
                same = any(close(getattr(found, name).double(), k, 1e-3) for k in known)
                expect(same, f"{WHAT} should have this form, and other numbers")

    with_either(student, run)


@suite.check(SCAN, points=0.5, title="the error at each state, from outside and from the next")
def gradient_by_b(student: Student, rng: torch.Generator) -> None:
    hint = "e(t) = g(t) + a(t+1) e(t+1), from the last step to the first"
    expect_gradient(student, back(rng), "b", "gradient_by_b", hint)
    given = back(rng, 9)
    expect_gradient(student, given, "b", "gradient_by_b", hint)


@suite.check(SCAN, points=0.5, title="the gradient by a: the error times the state before")
def gradient_by_a(student: Student, rng: torch.Generator) -> None:
    hint = "It is e(t) h(t-1), where h(0) is h0"
    expect_gradient(student, back(rng), "a", "gradient_by_a", hint)


@suite.check(SCAN, points=0.5, title="the gradient by h0; one step, odd lengths")
def gradient_by_h0(student: Student, rng: torch.Generator) -> None:
    hint = "It is a(1) e(1)"
    expect_gradient(student, back(rng), "h0", "gradient_by_h0", hint)
    rules = [RIGHT, *every(GRADIENTS)]

    def run() -> None:
        given = back(rng)
        found = asked(student, given, RIGHT(given))
        behind = {
            name: next(
                (
                    r
                    for r in rules
                    if close(found.values.get(name), getattr(r(given), name), SINGLE)
                ),
                RIGHT,
            )
            for name in ("a", "b", "h0")
        }
        for time in (1, 2, 3, 7):
            given = back(rng, time, 1 + time % 2, 1 + time % 3)
            short = asked(student, given, RIGHT(given))
            for name, rule in behind.items():
                what = f"the gradient by {name}, for {time} steps,"
                wanted = getattr(rule(given), name)
                value = short.values.get(name)
                expect_close(value, wanted, atol=SINGLE, rtol=SINGLE, what=what)

    with_either(student, run)


@suite.check(SCAN, points=0.5, title="no gradient comes out of a long chain of sums")
def gradient_depth(student: Student, rng: torch.Generator) -> None:
    """The error at step t is the sum of all errors from there on, where a is 1.

    The gradient may be as deep as the student's scan, if that is what is wrong.
    """
    asked_with = probes(some_leaves(rng))
    error = asked_with.numbers.flip(1).unsqueeze(-1)
    ones, nothing = torch.ones_like(error), torch.zeros(len(error), 1, dtype=DOUBLE)
    given = Backwards(ones, ones, nothing, error)
    wanted = Learnt(error, error, nothing)

    def measured() -> int:
        found = asked(student, given, wanted).values.get("b")
        expect_shape(found, error.shape, what="the gradient by b")
        assert isinstance(found, Tensor)
        return depth(found[..., 0].flip(1), asked_with, WHAT)

    try:
        expect_shallow(measured(), WHAT)
    except CheckFailure:
        if not student.alive:
            raise
        plain = back(rng)
        with lending(student, LENT):
            known = error_behind(asked(student, plain, RIGHT(plain)), plain)
        if known is not RIGHT:
            return  # errors of another kind, which cost elsewhere
        if not fails(student, rng, scan_depth, scan_values):
            raise
        with lending(student, LENT):
            measured()
