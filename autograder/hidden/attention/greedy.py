"""Part 6, greedy writing: which symbol is taken, what a score claims, who waits, when it stops."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from autograder.checks import Student, expect, expect_shape, expect_type
from autograder.hidden.attention.babble import NAME, SOURCE, START, Babble, Past, drawn, new
from autograder.hidden.attention.searching import (
    GREED,
    GREEDY_MISTAKES,
    Text,
    log_softmax,
    up_to_end,
)
from autograder.hidden.attention.suite import GREEDY, suite
from autograder.hidden.shared.asking import expect_form, in_either, numbers, tolerance
from autograder.hidden.shared.owned import Mistake, expect_own
from autograder.hidden.shared.tools import DOUBLE, SINGLE, close, untouched

AGES = (0, 3, 1, 2)  # who is older ends sooner


# --- asking -----------------------------------------------------------------------------------


def asked(
    student: Student, model: Babble, past: Past, longest: int, dtype: torch.dtype = DOUBLE
) -> Any:
    with student.lent(NAME, SOURCE):
        theirs, state = model.lend(student, past, dtype)
        found = student.greedy(theirs, state, longest)
        untouched(student, "greedy")
    return found


def written(student: Student, model: Babble, past: Past, longest: int) -> tuple[Text, float]:
    """Symbols and scores as numbers, wherever they stand; `greedy_form` asks for the form."""
    found = in_either(lambda dtype: asked(student, model, past, longest, dtype))
    expect(
        isinstance(found, tuple | list) and len(found) == 2,
        "greedy should return Written(symbols, scores)",
    )
    symbols, scores = map(numbers, found)
    for value, what in ((symbols, "symbols"), (scores, "scores")):
        expect_type(value, Tensor, what=what)
    expect(symbols.ndim == 2 and len(symbols) == len(past.age), "symbols should be (batch, time)")
    expect_shape(scores, (len(past.age),), what="scores")
    whole = bool(((symbols >= 0) & (symbols < len(model.hear)) & (symbols % 1 == 0)).all())
    expect(whole and symbols.shape[1] > 0, "symbols should hold symbols, at least one for each row")
    return Text(symbols.long(), scores.detach()), tolerance(found[1])


def expect_symbols(
    check: str, student: Student, model: Babble, past: Past, longest: int, hint: str
) -> None:
    found, _ = written(student, model, past, longest)
    mistakes = (
        Mistake(own, words, kind.write(model, past, longest).symbols.double())
        for own, words, kind in GREEDY_MISTAKES
    )
    wanted = GREED.write(model, past, longest).symbols.double()
    what = f"symbols for {len(past.age)} rows and longest={longest}"
    expect_own(check, found.symbols.double(), wanted, mistakes, hint, what=what)


def of_these(model: Babble, past: Past, symbols: Tensor) -> Tensor:
    """The log probability of each row up to its first END, whoever wrote it."""
    counted, scores = up_to_end(symbols), []
    for row, line in enumerate(symbols.tolist()):
        told = line[: int(counted[row].sum())]
        logits = model.log_p(past.rows([row]), told)
        values = [log_softmax(at)[symbol] for at, symbol in zip(logits, told, strict=True)]
        scores.append(torch.stack(values).sum())
    return torch.stack(scores)


def expect_claims(check: str, student: Student, model: Babble, past: Past, longest: int) -> None:
    """Fail unless scores are the log probabilities of the symbols beside them."""
    found, atol = written(student, model, past, longest)
    kinds = [(own, words, kind.write(model, past, longest)) for own, words, kind in GREEDY_MISTAKES]
    same = [each for each in kinds if each[2].symbols.equal(found.symbols)]
    mistakes = [Mistake(own, words, text.scores) for own, words, text in same]
    hint = "The score of a row is the sum of log p over its symbols up to its END"
    wanted = of_these(model, past, found.symbols)
    expect_own(check, found.scores, wanted, mistakes, hint, what="scores", atol=atol)


def starting_again(
    rng: torch.Generator, symbols: int, ages: tuple[int, ...], longest: int
) -> tuple[Babble, Past]:
    """A model that never ends, and writes START somewhere: who excludes START is seen."""
    for _ in range(60):
        model, past = drawn(rng, symbols, ends=False), new(rng, ages)
        if (GREED.write(model, past, longest).symbols == START).any():
            break
    return model, past


# --- the checks -------------------------------------------------------------------------------


@suite.check(GREEDY, points=0.5, title="Written: whole numbers, log probabilities, no graph")
def greedy_form(student: Student, rng: torch.Generator) -> None:
    model, past = drawn(rng), new(rng, AGES)
    wanted = GREED.write(model, past, 8)
    kinds = [GREED, *(kind for *_, kind in GREEDY_MISTAKES)]
    for dtype in (DOUBLE, torch.float32):
        found = asked(student, model, past, 8, dtype)
        expect(
            getattr(found, "_fields", None) == Text._fields,
            "greedy should return Written(symbols, scores)",
        )
        expect_type(found.symbols, Tensor, what="symbols")
        expect(found.symbols.dtype == torch.long, "symbols should be whole numbers, torch.long")
        expect(len(found.symbols) == len(AGES), "symbols should have a row for each source")
        expect_type(found.scores, Tensor, what="scores")
        kind = found.scores.dtype
        expect_form(found.scores, wanted.scores.to(kind), "scores")
        begin = "begin the sum with 0.0, or with zeros in the dtype of the logits"
        wrong = {
            f"scores are {kind}, and the logits {dtype}: {begin}": kind != dtype,
            "a graph is built: nobody learns, use torch.no_grad()": found.scores.requires_grad,
        }
        expect(not any(wrong.values()), "; and ".join(words for words in wrong if wrong[words]))
    texts = [kind.write(model, past, 8) for kind in kinds]
    right = any(
        text.symbols.equal(found.symbols) or close(found.scores.double(), text.scores, SINGLE)
        for text in texts
    )
    expect(right, "the form is right, but neither symbols nor scores are")


@suite.check(GREEDY, points=0.5, title="the likeliest symbol, from START on, each row by its state")
def likeliest(student: Student, rng: torch.Generator) -> None:
    for symbols, ages in ((6, (1, 1, 1)), (3, (1,))):
        model, past = starting_again(rng, symbols, ages, 9)
        hint = (
            "At each step it is argmax of the logits, for what was written last and the new state"
        )
        expect_symbols("likeliest", student, model, past, 9, hint)


@suite.check(GREEDY, points=0.5, title="scores: log probabilities of just these symbols, with END")
def claimed(student: Student, rng: torch.Generator) -> None:
    for ages, longest in ((AGES, 9), ((0,), 9), ((1, 0, 2), 2)):
        expect_claims("claimed", student, drawn(rng), new(rng, ages), longest)


@suite.check(GREEDY, points=0.5, title="a row that has ended waits: END, and nothing added")
def waits(student: Student, rng: torch.Generator) -> None:
    for _ in range(3):
        model, past = drawn(rng), new(rng, AGES)
        hint = "After its END a row is filled up with END, until all rows have ended"
        expect_symbols("waits", student, model, past, 12, hint)
        expect_claims("waits", student, model, past, 12)


@suite.check(GREEDY, points=0.5, title="it stops at longest, or when all rows have ended")
def at_most(student: Student, rng: torch.Generator) -> None:
    for model, ages, longest in (
        (drawn(rng, ends=False), (1, 1), 5),
        (drawn(rng, ends=False), (1, 1), 1),
        (drawn(rng), AGES, 3),
        (drawn(rng), AGES, 40),
    ):
        past = new(rng, ages)
        hint = "There are as many columns as the row needs that ends last, and at most longest"
        expect_symbols("at_most", student, model, past, longest, hint)


@suite.check(GREEDY, points=0.5, title="edges: one row, many rows, two symbols, a second call")
def greedy_edges(student: Student, rng: torch.Generator) -> None:
    for symbols, ages, longest in ((2, (0,), 6), (4, (0,) * 9, 6), (7, (2, 0), 30)):
        model, past = drawn(rng, symbols), new(rng, ages)
        for _ in range(2):
            hint = f"With {symbols} symbols, {len(ages)} rows and longest={longest}"
            expect_symbols("greedy_edges", student, model, past, longest, hint)
            expect_claims("greedy_edges", student, model, past, longest)
