"""Part 4, in a tree: values, odd lengths, the first state, hard numbers, and how deep it is."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from autograder.checks import CheckFailure, Student, expect, expect_close, expect_shape
from autograder.hidden.shared.asking import expect_form, in_either
from autograder.hidden.shared.owned import every, expect_mechanism, outcomes
from autograder.hidden.shared.tools import DOUBLE, SINGLE, close, untouched
from autograder.hidden.state_space.asked import wide
from autograder.hidden.state_space.depth import LENGTH, depth, limit, probes, some_leaves
from autograder.hidden.state_space.filters import in_place
from autograder.hidden.state_space.scanning import SCANS, Given, Scan, drawn, scan
from autograder.hidden.state_space.suite import SCAN, suite

WHAT = "tree_scan"
CHAIN = "a chain of {} sums for {} steps, and at most {} are allowed: join neighbours in a tree"


def asked(student: Student, given: Given) -> Any:
    """All states, in whatever wrapping and precision they come."""

    def call(dtype: torch.dtype) -> Any:
        with torch.no_grad():
            return student.tree_scan(*(value.to(dtype) for value in given))

    return in_place(wide(in_either(call)), given.b.shape)


def rule_behind(student: Student, given: Given) -> Scan | None:
    """The right rule, or the typical mistake, that the answer comes from."""
    found = asked(student, given)
    rules = [scan, *every(SCANS)]
    return next((rule for rule in rules if close(found, rule(*given), SINGLE)), None)


def expect_states(student: Student, given: Given, mechanism: str, hint: str) -> None:
    """Fail unless all states are right, or wrong by a mistake of another mechanism."""
    found, wanted = asked(student, given), scan(*given)
    if close(found, wanted, SINGLE):  # the precision has a check of its own
        return
    wrong = outcomes(SCANS, lambda rule: rule(*given))
    expect_mechanism(found, wanted, wrong, (mechanism,), hint, f"what {WHAT} returns")


@suite.check(SCAN, points=0.5, title="states in the shape and dtype of b; nothing is changed")
def scan_form(student: Student, rng: torch.Generator) -> None:
    given = drawn(rng, 8)
    rule = rule_behind(student, given)
    expect(rule, f"{WHAT} gives other numbers than a scan")
    assert rule is not None
    for dtype in (torch.float32, DOUBLE):
        with torch.no_grad():
            found = student.tree_scan(*(value.to(dtype) for value in given))
        untouched(student, WHAT)
        expect_form(found, given.b.to(dtype), f"what {WHAT} returns", "It is (batch, time, dim)")
        # Eight steps in float32, which may cancel.
        same = close(found, rule(*given).to(dtype), 1e-3)
        expect(same, f"{WHAT} should have this form, and other numbers")


@suite.check(SCAN, points=0.5, title="each state: a(t) h(t-1) + b(t)")
def scan_values(student: Student, rng: torch.Generator) -> None:
    hint = "Of two neighbours the later a' multiplies the earlier b: (a' a, a' b + b')"
    for time in (8, 16):
        expect_states(student, drawn(rng, time), "scan_values", hint)


@suite.check(SCAN, points=0.5, title="it begins with h0")
def scan_start(student: Student, rng: torch.Generator) -> None:
    """By the difference that h0 makes: what else is wrong with the states costs elsewhere."""
    given = drawn(rng, 8)
    without = given._replace(h0=torch.zeros_like(given.h0))
    expect_shape(asked(student, given), given.b.shape, what=f"what {WHAT} returns")
    difference = asked(student, given) - asked(student, without)

    def made(rule: Scan) -> Tensor:
        return rule(*given) - rule(*without)

    hint = "h(1) = a(1) h0 + b(1), and all that follows comes from there"
    what = "the difference that h0 makes"
    if close(difference, made(scan), SINGLE):  # the precision has a check of its own
        return
    mistakes = outcomes(SCANS, made)
    expect_mechanism(difference, made(scan), mistakes, ("scan_start",), hint, what)


@suite.check(SCAN, points=0.5, title="any length: one step, odd, not a power of two; one of all")
def scan_lengths(student: Student, rng: torch.Generator) -> None:
    rule = rule_behind(student, drawn(rng, 8)) or scan
    for time in (1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 31, 33):
        given = drawn(rng, time, batch=1 + time % 3, dim=1 + time % 2)
        found = asked(student, given)
        hint = "Trees have loose ends: what has no neighbour stays as it is"
        what = f"{WHAT}, for {time} steps,"
        expect_close(found, rule(*given), atol=SINGLE, rtol=SINGLE, what=what, hint=hint)


@suite.check(SCAN, points=0.5, title="any a: 0, negative, tiny; and long sequences")
def scan_hard_numbers(student: Student, rng: torch.Generator) -> None:
    rule = rule_behind(student, drawn(rng, 8)) or scan
    hint = "Is something divided by products of a, or is it a logarithm? a may be anything"
    for kind in ("0 now and then", "tiny", "negative", "close to 1"):
        given = drawn(rng, 64 if kind != "close to 1" else 1024)
        a = given.a.clone()
        if kind == "0 now and then":
            a[:, 3::7] = 0.0
        elif kind == "tiny":
            a = 1e-9 * a
        elif kind == "negative":
            a = -a.abs()
        else:
            a = 1 - 0.01 * a.abs()
        given = given._replace(a=a.clamp(-1.2, 1.2))
        what = f"{WHAT}, where a is {kind},"
        found = asked(student, given)
        expect_close(found, rule(*given), atol=SINGLE, rtol=SINGLE, what=what, hint=hint)


@suite.check(SCAN, points=1, title="no state comes out of a long chain of sums")
def scan_depth(student: Student, rng: torch.Generator) -> None:
    asked_with = probes(some_leaves(rng))
    b = asked_with.numbers.unsqueeze(-1)
    found = asked(student, Given(torch.ones_like(b), b, torch.zeros(len(b), 1, dtype=DOUBLE)))
    expect_shape(found, b.shape, what=f"what {WHAT} returns")
    expect_shallow(depth(found[..., 0], asked_with, WHAT), WHAT)


def expect_shallow(deep: int, what: str) -> None:
    """Fail unless the sums are no deeper than a tree may be."""
    if deep > limit():
        raise CheckFailure(f"{what}: {CHAIN.format(deep, LENGTH, limit())}")
