"""Part 2, positions: frequencies, the code that is added, and the turn, near and far."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from autograder.checks import Student, expect, expect_close
from autograder.hidden.shared import owned
from autograder.hidden.shared.asking import expect_form, in_either, numbers, tolerance
from autograder.hidden.shared.gradients import expect_gradients
from autograder.hidden.shared.owned import every, expect_mechanism
from autograder.hidden.shared.tools import (
    ATOL,
    DOUBLE,
    SINGLE,
    Suspects,
    close,
    expect_value,
    normal,
    untouched,
)
from autograder.hidden.transformer.suite import POSITIONS, suite
from autograder.hidden.transformer.turning import (
    RIGHT,
    TURNS,
    WRONG_HANDS,
    Frequencies,
    Turning,
    code,
    hands,
    wrong_codes,
)

BASE = 30.0  # small, so that every hand moves


def places(rng: torch.Generator, *shape: int, largest: int = 40) -> Tensor:
    return torch.randint(1, largest, shape, generator=rng)


# --- frequencies ------------------------------------------------------------------------------


@suite.check(POSITIONS, points=0.5, title="frequencies fall from 1 by equal ratios")
def hands_of_the_clock(student: Student, rng: torch.Generator) -> None:
    for dim, base in ((8, BASE), (6, 10_000.0), (2, 50.0)):
        found = numbers(student.frequencies(dim, base))
        wrong = {words: each(dim, base) for words, each in WRONG_HANDS.items()}
        hint = "It is base ** (-2i / dim), for i = 0, 1, ..."
        what = f"frequencies({dim}, {base:g})"
        expect_value(found, hands(dim, base), wrong, hint, what=what, atol=SINGLE)


@suite.check(POSITIONS, points=0.5, title="frequencies are a float64 tensor, exact")
def exact_hands(student: Student, rng: torch.Generator) -> None:
    for dim in (10, 64):
        found, wanted = student.frequencies(dim), hands(dim, 10_000.0)
        expect_form(found, wanted, f"frequencies({dim})", "There is one for each pair of features")
        known = [wanted, *(each(dim, 10_000.0) for each in WRONG_HANDS.values())]
        near = [each for each in known if close(found, each, SINGLE)]
        expect(near, "the form is right, but the numbers are not")
        hint = "They were computed in float32: begin with a float64 tensor"
        expect_close(found, near[0], atol=1e-14, rtol=1e-12, what=f"frequencies({dim})", hint=hint)


def own_hands(student: Student) -> Frequencies:
    """The student's frequencies where they are right but for rounding, which costs above."""

    def near(dim: int, base: float) -> Tensor:
        found, wanted = numbers(student.frequencies(dim, base)), hands(dim, base)
        return found if close(found, wanted, SINGLE) else wanted

    return near


# --- the sinusoidal code ----------------------------------------------------------------------


@suite.check(POSITIONS, points=0.5, title="sine and cosine of each hand, side by side")
def sinusoidal_code(student: Student, rng: torch.Generator) -> None:
    where = places(rng, 2, 5)
    with torch.no_grad():
        found = numbers(student.sinusoidal_at(where, 6, BASE))
    wanted, wrong = code(where, 6, BASE), wrong_codes(where, 6, BASE)
    hint = "Feature 2i is the sine of the angle i, feature 2i + 1 its cosine"
    if close(found, wanted, SINGLE):
        return  # the precision has a check of its own
    expect_mechanism(found, wanted, wrong, ("code",), hint, "the sinusoidal code")


@suite.check(POSITIONS, points=0.5, title="codes for any shape of positions, in float64")
def code_form(student: Student, rng: torch.Generator) -> None:
    for shape, dim in (((4,), 6), ((2, 3), 2), ((2, 1, 3), 4)):
        where = places(rng, *shape)
        before = where.clone()
        found = student.sinusoidal_at(where, dim)
        untouched(student, "sinusoidal_at")
        wanted = code(where, dim, 10_000.0)
        hint = "It is (..., time, dim), in float64"
        expect_form(found, wanted, f"the code of positions {shape}", hint)
        expect(torch.equal(where, before), "sinusoidal_at changed the positions")
        wrong = wrong_codes(where, dim, 10_000.0)
        known = [wanted, *(each for suspects in wrong.values() for each in suspects.values())]
        known.append(code(where, dim, 10_000.0, own_hands(student)))
        expect(
            any(close(found, each, 100 * ATOL) for each in known),
            "the form is right, but the numbers are not: float32 on the way, or another equation?",
        )


# --- the turn ---------------------------------------------------------------------------------


def turn(student: Student, x: Tensor, where: Tensor, base: float) -> tuple[Any, float]:
    def call(dtype: torch.dtype) -> Any:
        with torch.no_grad():
            return student.rotate(x.to(dtype), where, base)

    found = in_either(call)
    return numbers(found), tolerance(found)


def outcomes(x: Tensor, where: Tensor, base: float) -> dict[str, Suspects]:
    return owned.outcomes(TURNS, lambda turning: turning(x, where, base))


def habit(
    student: Student, found: object, x: Tensor, where: Tensor, base: float, atol: float
) -> Turning | None:
    own = Turning(hands=own_hands(student))
    known = [own, *every(TURNS)]
    return next((each for each in known if close(found, each(x, where, base), atol)), None)


def expect_turn(student: Student, rng: torch.Generator, mechanism: str, hint: str) -> None:
    x, where = normal(rng, 2, 3, 5, 6), places(rng, 2, 5)
    found, _ = turn(student, x, where, BASE)
    wanted = RIGHT(x, where, BASE)
    if not close(found, wanted, SINGLE):
        what = "what rotate returns"
        expect_mechanism(found, wanted, outcomes(x, where, BASE), (mechanism,), hint, what)


@suite.check(POSITIONS, points=0.5, title="each pair of neighbours is turned")
def turned_pairs(student: Student, rng: torch.Generator) -> None:
    hint = "(x, y) becomes (x cos a - y sin a, x sin a + y cos a), for neighbours x and y"
    expect_turn(student, rng, "turned_pairs", hint)


@suite.check(POSITIONS, points=0.5, title="each token is turned by its own position")
def turned_positions(student: Student, rng: torch.Generator) -> None:
    hint = "Row b, token t is turned by positions[b, t], for all heads"
    expect_turn(student, rng, "turned_positions", hint)


@suite.check(POSITIONS, points=0.5, title="far away, in float32, the turn is still exact")
def turned_far(student: Student, rng: torch.Generator) -> None:
    x, where = normal(rng, 1, 2, 3, 16).float(), torch.tensor([[99_999, 100_000, 123_456]])
    with torch.no_grad():
        found = student.rotate(x, where)
    wide = numbers(found)
    if habit(student, wide, x.double(), where, 10_000.0, SINGLE):
        return
    rough = Turning(precision=torch.float32)(x.double(), where)
    coarse = "float32 angles are too coarse here: take sine and cosine in float64 first"
    hint = coarse if close(wide, rough, 100 * SINGLE) else ""
    wanted = RIGHT(x.double(), where)
    what = "what rotate returns for float32 at position 100,000"
    expect_close(wide, wanted, atol=SINGLE, rtol=SINGLE, what=what, hint=hint)


@suite.check(POSITIONS, points=0.5, title="the turn keeps dtype and arguments, gradients flow")
def turned_form(student: Student, rng: torch.Generator) -> None:
    rule: Turning | None = None
    for sizes in ((2, 3, 5, 6), (1, 1, 1, 2)):
        x, where = normal(rng, *sizes), places(rng, sizes[0], sizes[2])
        for dtype in (torch.float32, DOUBLE):
            with torch.no_grad():
                found = student.rotate(x.to(dtype), where, BASE)
            untouched(student, "rotate")
            expect_form(found, x.to(dtype), "what rotate returns")
            rule = habit(student, found.double(), x, where, BASE, SINGLE)
            expect(rule, "the form is right, but the numbers are not")
        assert rule is not None
        _expect_flow(student, rng, x, where, rule)


def _expect_flow(
    student: Student, rng: torch.Generator, x: Tensor, where: Tensor, rule: Turning
) -> None:
    def theirs(given: dict[str, Tensor]) -> dict[str, Any]:
        return {"the result": student.rotate(given["x"], where, BASE)}

    def ours(given: dict[str, Tensor], _: object) -> dict[str, Any]:
        return {"the result": rule(given["x"], where, BASE)}

    expect_gradients("rotate", rng, {"x": x}, {}, theirs, ours, dict)
