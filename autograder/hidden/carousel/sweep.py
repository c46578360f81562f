"""Part 3, the self-loop sweep: how much of an error is left, and over how many steps enough is."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from autograder.checks import CheckFailure, Student, expect, expect_close, expect_shape
from autograder.hidden.carousel.suite import suite
from autograder.hidden.shared.asking import (
    expect_form,
    expect_raises,
    in_either,
    numbers,
    tolerance,
)
from autograder.hidden.shared.tools import (
    DOUBLE,
    SINGLE,
    Suspects,
    diagnosis,
    expect_value,
    untouched,
)

SWEEP = "sweep-tests"
LAGS = (0, 1, 2, 5, 13)


def some_weights(rng: torch.Generator, count: int = 3) -> Tensor:
    """Self-loops between 0.4 and 0.95."""
    return 0.4 + 0.55 * torch.rand(count, generator=rng, dtype=DOUBLE)


# --- how much is left -------------------------------------------------------------------------


def left(weights: Tensor, lags: Tensor) -> Tensor:
    """One factor |w| for each step, multiplied one by one."""
    rows = []
    for w in weights.abs().tolist():
        rows.append([math.prod([w] * int(lag)) for lag in lags.tolist()])
    return torch.tensor(rows, dtype=DOUBLE)


def left_by_mistake(weights: Tensor, lags: Tensor) -> Suspects:
    w, k = weights.abs().unsqueeze(1), lags.to(DOUBLE)
    steps = torch.where(k > 0, k, 1.0)
    return {
        "This is w k, a product; k steps multiply by w k times": w * k,
        "This is k to the power of w": torch.where(k > 0, steps**w, 0.0),
        "One step too many: lag k means k factors": w ** (k + 1),
        "One step too few: lag k means k factors": w ** (k - 1),
        "This is 1 - |w|^k, what is lost": 1 - w**k,
        "This falls on a straight line; each step takes a share of what is still left": (
            (1 - k * (1 - w)).clamp(min=0)
        ),
        "The lags run over all steps up to each: use the lags that are given": (
            w ** torch.arange(len(lags), dtype=DOUBLE)
        ),
        "This is exp(-k |w|)": torch.exp(-k * w),
        "This is |w|^(2k), the square": w ** (2 * k),
        "This is its logarithm": k * torch.log(w),
        "The sign is turned round": -(w**k),
    }


def ask_left(student: Student, weights: Tensor, lags: Tensor) -> tuple[Any, float]:
    def ask(dtype: torch.dtype) -> Any:
        with torch.no_grad():
            return student.error_left(weights.to(dtype), lags)

    answer = in_either(ask)
    found = numbers(answer)
    if isinstance(found, Tensor) and found.shape == (len(lags), len(weights)) != found.T.shape:
        found = found.T
    return found, tolerance(answer)


def expect_left(student: Student, weights: Tensor, lags: Tensor, hint: str) -> None:
    """Fail unless the shares are right; an exchange of rows and columns has its own check."""
    found, atol = ask_left(student, weights, lags)
    wanted = left(weights, lags)
    what = "the share that is left"
    shape = "A row for each weight and a column for each lag is wanted"
    expect_shape(found, wanted.shape, what=what, hint=shape)
    expect_value(found, wanted, left_by_mistake(weights, lags), hint, what=what, atol=atol)


@suite.check(SWEEP, points=0.5, title="tensors: a row a weight and a column a lag; own dtype")
def sweep_form(student: Student, rng: torch.Generator) -> None:
    weights, lags = some_weights(rng), torch.tensor(LAGS)
    for dtype in (torch.float64, torch.float32):
        with torch.no_grad():
            shares = student.error_left(weights.to(dtype), lags)
        untouched(student, "error_left")
        with torch.no_grad():
            steps = student.longest_lag(weights.to(dtype), 0.1)
        untouched(student, "longest_lag")
        name = str(dtype).removeprefix("torch.")
        wanted = left(weights, lags)
        hint = "A row for each weight and a column for each lag is wanted"
        expect_form(shares, wanted.to(dtype), f"error_left for weights of {name}", hint)
        hint = "One number for each weight is wanted"
        expect_form(steps, weights.to(dtype), f"longest_lag for weights of {name}", hint)
        # Shapes alone are worth nothing: one of the two is right, or wrong in a way we know.
        known = diagnosis(
            shares.double(), {"right": wanted, **left_by_mistake(weights, lags)}, "", SINGLE
        ) or bool((steps.double() == reach(weights, 0.1)).all())
        expect(known, "both have their shapes, but neither its numbers")


@suite.check(SWEEP, points=0.5, title="k steps leave |w| to the power of k, at the lags given")
def shares(student: Student, rng: torch.Generator) -> None:
    for lags in (LAGS, (7, 3, 40)):
        hint = "Each step multiplies the error by w, so k steps leave |w|^k"
        expect_left(student, some_weights(rng, 4), torch.tensor(lags), hint)


@suite.check(SWEEP, points=0.5, title="lag 0, weights of 0 and 1, below 0 and above 1, long lags")
def shares_at_the_ends(student: Student, rng: torch.Generator) -> None:
    weights, lags = torch.tensor([0.0, 1.0, -0.5, -1.0, 1.01, -1.5]).double(), torch.tensor(LAGS)
    found, atol = ask_left(student, weights, lags)
    shape = "A row for each weight and a column for each lag is wanted"
    expect_shape(found, (6, 5), what="the share that is left", hint=shape)
    by_mistake = left_by_mistake(some := some_weights(rng), lags)
    usual = ask_left(student, some, lags)[0]
    # What is wrong for every weight has cost its points; here the ends are looked at.
    if diagnosis(usual, by_mistake, "", atol):
        return
    wanted = left(weights, lags)
    signed = {"A share is a size: take |w| where w is below 0": weights.unsqueeze(1) ** lags}
    for rows, hint in (
        (
            slice(0, 1),
            "For w = 0 all is lost in one step, and nothing before it: 0^0 = 1",
        ),
        (slice(1, 2), "For w = 1 all of it is left, at every lag"),
        (slice(2, 4), "For w below 0 the size of the error counts"),
        (slice(4, 6), "Above 1 the error grows, and so does the number: is it cut off?"),
    ):
        wrong = {words: value[rows] for words, value in signed.items() if rows.start == 2}
        what = "the share that is left"
        expect_value(found[rows], wanted[rows], wrong, hint, what=what, atol=atol)
    weights, lags = torch.tensor([0.99, 1.0]).double(), torch.tensor([1000])
    found, atol = ask_left(student, weights, lags)
    hint = "However little, it is what it is: is there a lower limit, or something added?"
    wanted = left(weights, lags)
    # 1000 factors lose a little relative precision.
    expect_close(found, wanted, atol=0, rtol=1e3 * atol, what="what is left", hint=hint)


# --- how far enough is left -------------------------------------------------------------------


def reach(weights: Tensor, keep: float) -> Tensor:
    """Go step by step as long as enough is left."""
    found = []
    for w in weights.abs().tolist():
        steps, size = 0.0, w
        while size >= keep and w < 1:
            steps, size = steps + 1, size * w
        found.append(steps if w < 1 else math.inf)
    return torch.tensor(found, dtype=DOUBLE)


def clear_case(rng: torch.Generator, count: int) -> tuple[Tensor, float]:
    """Weights and a share to keep, with which rounding decides nothing."""
    keep = some_share(rng)
    return clear_of_rounding(lambda: float(some_weights(rng, 1)), count, keep), keep


def wide_case(rng: torch.Generator) -> tuple[Tensor, float]:
    """A clear case where every mistake, too, gives different weights different lags.

    The first weight is below the share to keep, the last one above the share that may be lost.
    """
    keep = some_share(rng)
    small = clear_of_rounding(lambda: keep ** between(rng, 2.2, 2.8), 1, keep)
    middle = clear_of_rounding(lambda: float(some_weights(rng, 1)), 2, keep)
    large = clear_of_rounding(lambda: (1 - keep) ** (1 / between(rng, 2.2, 2.8)), 1, keep)
    return torch.cat([small, middle, large]), keep


def some_share(rng: torch.Generator) -> float:
    return between(rng, 0.02, 0.32)


def between(rng: torch.Generator, low: float, high: float) -> float:
    return low + (high - low) * float(torch.rand((), generator=rng, dtype=DOUBLE))


def clear_of_rounding(draw: Callable[[], float], count: int, keep: float) -> Tensor:
    """Drawn weights, those left out that have a power near `keep`, where rounding decides.

    They are float32 numbers, so that both precisions are asked the same.
    """
    found: list[float] = []
    while len(found) < count:
        w = float(torch.tensor(draw(), dtype=torch.float32))
        exact = math.log(keep) / math.log(w)
        if abs(exact - round(exact)) > 0.05:
            found.append(w)
    return torch.tensor(found, dtype=DOUBLE)


def reach_by_mistake(weights: Tensor, keep: float) -> Suspects:
    right, exact = reach(weights, keep), math.log(keep) / torch.log(weights.abs())
    return {
        "The steps are not whole: take the largest whole number that is not above": exact,
        "This is one step more than can be taken: at its end less than keep is left": right + 1,
        "This is one step less than can be taken: at its end enough is still left": right - 1,
        "It is rounded to the nearest; after the last step at least keep must be left": (
            exact.round()
        ),
        "This is when only 1 - keep is left; keep is the share that must be left": (
            reach(weights, 1 - keep)
        ),
        "The quotient is upside down: it is log(keep) / log(|w|)": (1 / exact).floor(),
        "The sign is turned round: both logarithms are below 0": -right,
        "This is on a straight line, (1 - keep) / (1 - |w|); the loss is a share of what is left": (
            ((1 - keep) / (1 - weights.abs())).floor()
        ),
        "This is -log(keep) / (1 - |w|), which is near it only where |w| is near 1": (
            (-math.log(keep) / (1 - weights.abs())).floor()
        ),
        "This is 1 / (1 - |w|), which is a time constant: keep has no effect": (
            (1 / (1 - weights.abs())).floor()
        ),
    }


def ask_reach(student: Student, weights: Tensor, keep: float) -> Any:
    def ask(dtype: torch.dtype) -> Any:
        with torch.no_grad():
            return student.longest_lag(weights.to(dtype), keep)

    found = numbers(in_either(ask))
    if isinstance(found, Tensor) and found.numel() == len(weights):
        found = found.reshape(-1)
    what, hint = "the longest lags", "One number for each weight is wanted"
    expect_shape(found, weights.shape, what=what, hint=hint)
    return found


@suite.check(SWEEP, points=0.5, title="the longest lag: whole steps, with at least keep left")
def longest(student: Student, rng: torch.Generator) -> None:
    for _ in range(3):
        weights, keep = clear_case(rng, 5)
        found = ask_reach(student, weights, keep)
        hint = "It is the largest k with |w|^k of at least keep"
        suspects = reach_by_mistake(weights, keep)
        what = "the longest lag"
        expect_value(found, reach(weights, keep), suspects, hint, what=what, atol=SINGLE)


@suite.check(SWEEP, points=0.5, title="endless from |w| = 1 on, none for w = 0, keep itself enough")
def longest_at_the_ends(student: Student, rng: torch.Generator) -> None:
    what = "the longest lag"
    endless = "Where |w| is 1 or more the error never falls below keep: the lag is infinite"
    signs = "A weight below 0 loses as much a step as the same weight above 0: take |w|"
    for ends, hint in (([1.0, 1.01], endless), ([-1.0, -2.0], signs)):
        weights = torch.tensor(ends, dtype=DOUBLE)
        found = ask_reach(student, weights, 0.3)
        expect_close(found, reach(weights, 0.3), atol=0, what=what, hint=hint)
    zero = ask_reach(student, torch.zeros(1).double(), 0.3)
    hint = "For w = 0 nothing is left after a single step: the lag is 0"
    expect_close(zero, torch.zeros(1).double(), atol=0, what=what, hint=hint)
    if usual_mistake(student, rng):
        return
    some, keep = clear_case(rng, 3)
    expect_close(ask_reach(student, -some, keep), reach(some, keep), atol=0, what=what, hint=signs)
    # Powers of 2, where logarithms divide exactly.
    halves, end = torch.tensor([0.5, -0.5, 0.25, 1.0]).double(), math.inf
    for keep, steps in (
        (0.25, (2.0, 2.0, 1.0, end)),
        (0.0625, (4.0, 4.0, 2.0, end)),
        (1.0, (0.0, 0.0, 0.0, end)),
    ):
        hint = "Where exactly keep is left after k steps, k is the answer: 'at least' includes it"
        wanted = torch.tensor(steps, dtype=DOUBLE)
        expect_close(ask_reach(student, halves, keep), wanted, atol=0, what=what, hint=hint)


def usual_mistake(student: Student, rng: torch.Generator) -> str:
    """What is wrong about every weight between 0 and 1, if that is known."""
    weights, keep = clear_case(rng, 5)
    return diagnosis(ask_reach(student, weights, keep), reach_by_mistake(weights, keep), "", SINGLE)


@suite.check(SWEEP, points=0.5, title="a share that nobody can keep is refused")
def refused_shares(student: Student, rng: torch.Generator) -> None:
    weights = some_weights(rng)
    for keep in (0.0, -0.5, 1.5, math.nan):
        expect_raises(student.longest_lag, "ValueError", weights, keep, what=f"keep = {keep}")
    try:
        ask_reach(student, weights, 1.0)
    except CheckFailure as failure:
        raise CheckFailure(f"keep = 1 is a share that can be kept; instead {failure}") from None
    weights, keep = wide_case(rng)
    # No mistake gives every weight the same lag here, so one number for all earns nothing.
    suspects = {"right": reach(weights, keep), **reach_by_mistake(weights, keep)}
    known = diagnosis(ask_reach(student, weights, keep), suspects, "", SINGLE)
    expect(known, "What cannot be kept is refused, but what can be kept is not computed")
