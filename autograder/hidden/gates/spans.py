"""Part 3, how long a gate remembers: half-lives, the biases for them, and a chrono start."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from autograder.checks import Student, expect, expect_shape
from autograder.hidden.gates.suite import suite
from autograder.hidden.shared.asking import expect_form, expect_raises, in_either, numbers
from autograder.hidden.shared.tools import DOUBLE, SINGLE, Suspects, expect_value, untouched

SPANS = "half-life-tests"
LN2 = math.log(2)
# Through a logarithm and an exponential, and float32 answers for float64 questions.
NEAR = SINGLE


def ask(student: Student, function: str, values: Tensor) -> Any:
    """The answer for these numbers, freed of its wrapping."""

    def call(dtype: torch.dtype) -> Any:
        with torch.no_grad():
            return getattr(student, function)(values.to(dtype))

    answer = numbers(in_either(call))
    expect_shape(answer, values.shape, what=f"{function} of {len(values)} numbers")
    return answer


def right_half_life(bias: Tensor) -> Tensor:
    return -LN2 / torch.nn.functional.logsigmoid(bias)


def right_bias(half_life: Tensor) -> Tensor:
    return -torch.log(torch.expm1(LN2 / half_life))


def wrong_half_life(bias: Tensor) -> Suspects:
    f = torch.sigmoid(bias)
    life = right_half_life(bias)
    return {
        "This is the time constant, after which 1/e is left; the half-life is after 1/2": life
        / LN2,
        "This is 1 / (1 - f), a rule of thumb; the half-life is ln(1/2) / ln f": 1 / (1 - f),
        "This is the share that is left after one step, s(b)": f,
        "This is with the logarithm to base 10 below; both must have the same base": -LN2
        / f.log10(),
        "The logarithm of 1/2 is to base 10; both must have the same base": -math.log10(2)
        / f.log(),
        "The logistic function is turned round: s(-b) is what is forgotten": (
            right_half_life(-bias)
        ),
        "The bias itself is taken for the gate: it passes the logistic function first": (
            -LN2 / bias.abs().log()
        ),
        "This is rounded; a half-life need not be whole": life.round(),
        "This is rounded down; a half-life need not be whole": life.floor(),
        "This is rounded up; a half-life need not be whole": life.ceil(),
        "The sign is turned round": -life,
        "It is upside down: ln s(b) belongs below": 1 / life,
        "This is exp(b), about the half-life of a large bias, but not it": bias.exp(),
        "This is ln 2 exp(b), nearly right where the bias is large, and wrong elsewhere": (
            LN2 * bias.exp()
        ),
    }


def wrong_bias(half_life: Tensor) -> Suspects:
    left = 2 ** (-1 / half_life)
    return {
        "This is the gate itself, 2^(-1/k); its bias is where s(b) is that": left,
        "The sign is turned round: a long memory needs a large bias": -right_bias(half_life),
        "This is ln k: after k steps more than half is left; see how s(b)^k = 1/2 turns out": (
            half_life.log()
        ),
        "This is ln(k / ln 2), right for long half-lives only": (half_life / LN2).log(),
        "This is ln(k - 1), the start that chrono uses for a memory of k steps": (
            (half_life - 1).log()
        ),
        "With this bias 1/e is left after k steps; it should be 1/2": (
            -torch.log(torch.expm1(1 / half_life))
        ),
        "With this bias half is forgotten in one step whatever k is": 0 * half_life,
        "This is ln(2^(-1/k)), the logarithm of the gate; its logit is wanted": left.log(),
        "This is 1/2^k where the k-th root of 1/2 belongs": torch.special.logit(0.5**half_life),
        "This is for 1 - 1/(2k)": torch.special.logit((1 - 0.5 / half_life).clamp(0, 1)),
    }


@suite.check(SPANS, points=0.5, title="half_life: the steps after which half is left")
def half_lives(student: Student, rng: torch.Generator) -> None:
    bias = 4 * torch.rand(6, generator=rng, dtype=DOUBLE) - 1.5
    found = ask(student, "half_life", bias)
    hint = "s(b)^k = 1/2: take logarithms on both sides"
    what = "the half-life"
    wanted = right_half_life(bias)
    expect_value(found, wanted, wrong_half_life(bias), hint, what=what, atol=NEAR)


@suite.check(SPANS, points=0.5, title="half_life at the ends: gates nearly open, nearly shut")
def half_life_ends(student: Student, rng: torch.Generator) -> None:
    usual = 2 * torch.rand(4, generator=rng, dtype=DOUBLE)
    known = wrong_half_life(usual)
    answer = ask(student, "half_life", usual)
    if any(torch.allclose(answer, value, atol=NEAR, rtol=NEAR) for value in known.values()):
        return  # it has cost its points
    for bias in (17.5, -100.0):
        with torch.no_grad():
            found = numbers(student.half_life(torch.tensor([bias], dtype=torch.float32)))
        expect_shape(found, (1,), what="half_life of one number")
        wanted = right_half_life(torch.tensor([bias], dtype=DOUBLE))
        close = bool((found / wanted - 1).abs().max() < 1e-4)
        expect(
            close,
            f"in float32 the half-life for a bias of {bias:g} is not right: s(b) is rounded to "
            f"{1 if bias > 0 else 0} before its logarithm is taken; "
            "torch.nn.functional.logsigmoid takes both in one",
        )


@suite.check(SPANS, points=0.5, title="bias_for: the bias that makes a half-life")
def biases(student: Student, rng: torch.Generator) -> None:
    half_life = 1.5 + 10 * torch.rand(6, generator=rng, dtype=DOUBLE)
    found = ask(student, "bias_for", half_life)
    hint = "solve s(b)^k = 1/2 for b"
    wanted = right_bias(half_life)
    expect_value(found, wanted, wrong_bias(half_life), hint, what="the bias", atol=NEAR)


@suite.check(SPANS, points=0.5, title="bias_for a million steps in float32; nothing for 0 steps")
def bias_ends(student: Student, rng: torch.Generator) -> None:
    usual = 1.5 + 10 * torch.rand(6, generator=rng, dtype=DOUBLE)
    answer = ask(student, "bias_for", usual)
    known = [right_bias(usual), *wrong_bias(usual).values()]
    same = [torch.allclose(answer, value, atol=NEAR, rtol=NEAR) for value in known]
    expect(any(same), "begin with half-lives of a few steps: they are not right, either")
    if same[0]:
        for steps in (3e7, 0.2):
            with torch.no_grad():
                found = numbers(student.bias_for(torch.tensor([steps], dtype=torch.float32)))
            expect_shape(found, (1,), what="bias_for of one number")
            wanted = right_bias(torch.tensor([steps], dtype=DOUBLE))
            expect(
                bool((found - wanted).abs().max() < 1e-3),
                f"in float32 the bias for a half-life of {steps:g} is not right: 2^(1/k) - 1 loses "
                "its digits where 2^(1/k) is nearly 1; torch.expm1 keeps them",
            )
    for value in (0.0, -3.0):
        two = torch.tensor([2.0, value], dtype=DOUBLE)
        what = f"a half-life of {value:g} steps"
        expect_raises(student.bias_for, "ValueError", two, what=what)


# --- chrono -----------------------------------------------------------------------------------


def drawn(student: Student, hidden: int, longest: int) -> tuple[Tensor, Tensor]:
    """The biases of input gates and forget gates."""
    with torch.no_grad():
        answer = student.chrono_biases(hidden, longest)
    if isinstance(answer, dict):
        answer = answer.get("input"), answer.get("forget")
    expect(
        isinstance(answer, tuple | list) and len(answer) == 2,
        "chrono_biases should return ChronoBiases(input=..., forget=...)",
    )
    of_input, of_forget = map(numbers, answer)
    for name, value in (("input", of_input), ("forget", of_forget)):
        hint = "one number for each unit"
        expect_shape(value, (hidden,), what=f"chrono_biases(...).{name}", hint=hint)
    return of_input, of_forget


@suite.check(SPANS, points=0.5, title="chrono start: ln u, u uniform from 1 to longest - 1")
def chrono(student: Student, rng: torch.Generator) -> None:
    hidden, longest = 4000, 50 + int(torch.randint(100, (), generator=rng))
    of_input, of_forget = drawn(student, hidden, longest)
    mean = float(of_forget.mean())
    if mean < 0 < float(of_input.mean()):
        of_forget = of_input  # fields exchanged, which another check looks at
    expect(of_forget.unique().numel() > hidden / 2, "every unit should draw its own u")
    if bool(of_forget.max() > 2 * math.log(longest)):
        expect(False, "this looks like u itself; the bias is its logarithm")
    u = of_forget.exp()
    low, high = float(u.min()), float(u.max())
    expect(
        low > 1 - 1e-4,
        "a u below 1 was drawn: the range begins at 1, where the logarithm is 0",
    )
    expect(
        high < longest - 1 + 1e-3,
        "a u above longest - 1 was drawn; the range ends at longest - 1",
    )
    # 4000 numbers: all of them below 0.98 of the range once in 1e35 draws.
    expect(high > 0.98 * (longest - 1), "no u comes near longest - 1; the range ends there")
    middle = longest / 2
    # The mean of 4000 lies further off than this once in 1e15 draws.
    spread = 8 * (longest - 2) / math.sqrt(12 * hidden)
    expect(
        abs(float(u.mean()) - middle) < spread,
        "u is not uniform: draw u, then take its logarithm. The logarithm itself is not uniform",
    )


@suite.check(SPANS, points=0.5, title="chrono start: b_i = -b_f, its form, and what is refused")
def chrono_pair(student: Student, rng: torch.Generator) -> None:
    answer = student.chrono_biases(40, 30)
    expect(
        getattr(answer, "_fields", None) == ("input", "forget"),
        "chrono_biases should return ChronoBiases with the fields input, forget",
    )
    for name in ("input", "forget"):
        expect_form(getattr(answer, name), torch.zeros(40), f"chrono_biases(...).{name}")
    untouched(student, "chrono_biases")
    of_input, of_forget = drawn(student, 40, 30)
    expect(bool(of_forget.any()), "all biases are 0")
    expect(
        not (bool((of_forget <= 0).all()) and bool((of_input >= 0).all())),
        "input and forget are exchanged: the forget gates start open, the input gates nearly shut",
    )
    expect(
        not torch.equal(of_input, of_forget),
        "input gates have the biases of the forget gates; they have minus them",
    )
    hint = "the bias of an input gate is minus that of the forget gate of the same unit"
    expect(bool((of_input + of_forget).abs().max() < 1e-6), hint)
    again = drawn(student, 40, 30)[1]
    expect(not torch.equal(again, of_forget), "two calls draw the same: is the seed set inside?")
    expect(
        bool((drawn(student, 5, 2)[1].abs() < 1e-6).all()),
        "with longest = 2, u can only be 1, and the bias 0",
    )
    for longest in (1, 0):
        expect_raises(student.chrono_biases, "ValueError", 3, longest, what=f"longest = {longest}")
