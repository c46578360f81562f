"""Part 7, probabilities of the next token: temperature, its limit, the two cuts, their order."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from autograder.checks import CheckFailure, Student, expect, expect_close
from autograder.hidden.shared import owned
from autograder.hidden.shared.asking import expect_form, in_either, numbers
from autograder.hidden.shared.owned import every, expect_mechanism
from autograder.hidden.shared.tools import DOUBLE, SINGLE, Suspects, close, normal, untouched
from autograder.hidden.transformer.choosing import MISTAKES, RIGHT, Choosing
from autograder.hidden.transformer.suite import WRITING, suite

# Steps of about 0.4 between logits: no sum of probabilities lies near a threshold of the checks.
VOCABULARY = 7


def some_logits(rng: torch.Generator, rows: int = 4) -> Tensor:
    """Every row has its own order, and none that of the vocabulary."""
    steps = (
        0.4 * torch.arange(VOCABULARY, dtype=DOUBLE) + 0.02 * normal(rng, rows, VOCABULARY).tanh()
    )
    orders = torch.stack([torch.randperm(VOCABULARY, generator=rng) for _ in range(rows)])
    return steps.gather(-1, orders) + normal(rng, rows, 1)


def ask(student: Student, logits: Tensor, choices: dict[str, Any]) -> Any:
    def call(dtype: torch.dtype) -> Any:
        with torch.no_grad():
            return student.next_probabilities(logits.to(dtype), **choices)

    return numbers(in_either(call))


def outcomes(logits: Tensor, choices: dict[str, Any]) -> dict[str, Suspects]:
    return owned.outcomes(MISTAKES, lambda choosing: choosing(logits, **choices))


def habit(found: object, logits: Tensor, choices: dict[str, Any]) -> Choosing | None:
    known = [RIGHT, *every(MISTAKES)]
    return next((c for c in known if close(found, c(logits, **choices), SINGLE)), None)


def expect_choice(
    student: Student, logits: Tensor, choices: dict[str, Any], mechanism: str, hint: str
) -> None:
    """Fail unless the probabilities are right; those of another mechanism's mistakes pass."""
    found, wanted = ask(student, logits, choices), RIGHT(logits, **choices)
    if not close(found, wanted, SINGLE):
        named = ", ".join(f"{name}={value:g}" for name, value in choices.items())
        what = f"next_probabilities with {named}" if named else "next_probabilities"
        wrong = outcomes(logits, choices)
        expect_mechanism(found, wanted, wrong, (mechanism,), hint, what)


@suite.check(
    WRITING, points=0.5, title="softmax of logits over the temperature; at 0 the likeliest"
)
def by_temperature(student: Student, rng: torch.Generator) -> None:
    logits = some_logits(rng)
    for choices in ({}, {"temperature": 0.4}, {"temperature": 3.0}):
        hint = "It is softmax(logits / temperature), over the vocabulary"
        expect_choice(student, logits, choices, "by_temperature", hint)
    for dtype in (torch.float32, DOUBLE):
        for temperature in (0.0, 0.7):
            found = student.next_probabilities(logits.to(dtype), temperature)
            untouched(student, "next_probabilities")
            expect_form(found, logits.to(dtype), "what next_probabilities returns")
        known = habit(found.double(), logits, {"temperature": 0.7})
        expect(known, "the form is right, but the numbers are not")
    for dtype in (torch.float16, torch.bfloat16):
        found = student.next_probabilities(logits.to(dtype), 0.7)
        name = str(dtype).removeprefix("torch.")
        what = f"what next_probabilities returns for logits in {name}"
        expect_form(found, logits.float(), what, "Half precision becomes float32")
    _expect_limit(student, logits)


def _expect_limit(student: Student, logits: Tensor) -> None:
    """Fail unless temperature 0 is the likeliest token, and a tiny one nearly that."""
    hint = "At temperature 0 the likeliest token has probability 1: no division by 0"
    expect_choice(student, logits, {"temperature": 0.0}, "by_temperature", hint)
    ties = torch.zeros(2, VOCABULARY, dtype=DOUBLE)
    ties[1, 2:4] = 5.0
    hint = "Of several that are equally likely, the one with the smallest number is taken"
    expect_choice(student, ties, {"temperature": 0.0}, "by_temperature", hint)
    # Logits in the hundreds over a small temperature: larger than a float64's exponent allows.
    cold, choices = 300 * logits, {"temperature": 1e-4}
    found = ask(student, cold, choices)
    expect(
        not isinstance(found, Tensor) or bool(found.isfinite().all()),
        "logits over a tiny temperature become infinite, and their softmax NaN: take the largest "
        "logit off before you divide",
    )
    hint = "A tiny temperature leaves the likeliest token alone"
    expect_choice(student, cold, choices, "by_temperature", hint)


@suite.check(WRITING, points=0.5, title="top-k keeps the k likeliest of each row")
def by_top_k(student: Student, rng: torch.Generator) -> None:
    logits = some_logits(rng)
    hint = "The k likeliest tokens are kept and divided by their sum; the others get 0"
    for top_k in (1, 3, VOCABULARY):
        expect_choice(student, logits, {"top_k": top_k}, "by_top_k", hint)
    try:
        expect_choice(student, logits, {"top_k": VOCABULARY + 5}, "by_top_k", hint)
    except CheckFailure as failure:
        said = f"with top_k={VOCABULARY + 5} and {VOCABULARY} tokens all of them are kept"
        raise CheckFailure(f"{said}; {failure}") from None
    ties = torch.tensor([[1.0, 2.0, 2.0, 2.0, 0.0, 1.0, 1.0]], dtype=DOUBLE)
    hint = "Exactly k are kept; of equally likely tokens those with the smaller numbers"
    expect_choice(student, ties, {"top_k": 2}, "by_top_k", hint)


@suite.check(WRITING, points=0.5, title="top-p keeps the likeliest until they hold P")
def by_top_p(student: Student, rng: torch.Generator) -> None:
    logits = some_logits(rng)
    hint = "Tokens are kept, likeliest first, until they hold at least P, the last one included"
    for top_p in (0.55, 0.8, 1e-6, 1.0):
        expect_choice(student, logits, {"top_p": top_p}, "by_top_p", hint)
    # Powers of two: sums are exact, so that exactly P is reached.
    exact = torch.tensor([[0.125, 0.25, 0.5, 0.125]], dtype=DOUBLE).log()
    hint = "Two tokens hold exactly P: that is enough"
    expect_choice(student, exact, {"top_p": 0.75}, "by_top_p", hint)


@suite.check(WRITING, points=0.5, title="temperature, then top-k, then top-p of what is left")
def in_order(student: Student, rng: torch.Generator) -> None:
    logits = some_logits(rng)
    asked: tuple[dict[str, Any], ...] = (
        {"temperature": 0.3, "top_p": 0.8},
        {"temperature": 4.0, "top_p": 0.6},
        {"top_k": 3, "top_p": 0.7},
        {"top_k": 2, "top_p": 0.95},
        {"top_k": 3},
    )
    found = [ask(student, logits, choices) for choices in asked]

    def explains(choosing: Choosing) -> bool:
        pairs = zip(found, asked, strict=True)
        return all(close(answer, choosing(logits, **each), SINGLE) for answer, each in pairs)

    others = (
        each for name, wrong in MISTAKES.items() if name != "in_order" for each in wrong.values()
    )
    if any(explains(choosing) for choosing in (RIGHT, *others)):
        return  # right, or wrong by what another check is meant for
    hint = "First the temperature, then top-k, then top-p on what top-k left"
    hint = next((words for words, c in MISTAKES["in_order"].items() if explains(c)), hint)
    for answer, each in zip(found, asked, strict=True):
        named = ", ".join(f"{name}={value:g}" for name, value in each.items())
        what = f"next_probabilities with {named}"
        expect_close(answer, RIGHT(logits, **each), atol=SINGLE, rtol=SINGLE, what=what, hint=hint)
