"""Budgets and rungs: what an entry is worth.

Three reference entries fix the rungs. Each was trained with many seeds (`references.py`), so what
is marked is not the luck of one draw: who is as good as a reference passes its rung with all but
one draw in thousands.
"""

from __future__ import annotations

from statistics import mean, stdev

import torch

from autograder.checks import Student, expect
from autograder.hidden.capstone.causes import cause_after_training
from autograder.hidden.capstone.entry import FULL, PARAMETERS, Entry, entry_of, grading
from autograder.hidden.capstone.pupil import NAME
from autograder.hidden.capstone.references import SCORES
from autograder.hidden.capstone.suite import LAYER, suite

FAR = 4.0  # standard deviations of a single grading


def rungs() -> dict[str, float]:
    """Return the score that each rung asks for, by the recipe that is in use."""
    scores = SCORES[grading.get().recipe]
    weak, good, strong = (scores[name] for name in ("weak", "good", "strong"))
    low, high = mean(good) - FAR * stdev(good), mean(strong) - FAR * stdev(strong)
    return {
        "anything": mean(weak) / 2,
        "more than weak": mean(weak) + FAR * stdev(weak),
        "good": low,
        "a third": _between(low, high, 1 / 3),
        "two thirds": _between(low, high, 2 / 3),
        "strong": high,
    }


def _between(low: float, high: float, share: float) -> float:
    """Return the score at a share of the way. Mistakes are counted in factors, not differences:

    from 85 to 91 right in a hundred is as hard as from 95 to 97.
    """
    mistakes: float = (1 - low) ** (1 - share) * (1 - high) ** share
    return 1 - mistakes


def _learned(student: Student) -> Entry:
    """The entry, if it has learned anything: only then a budget is worth something."""
    entry = entry_of(student)
    expect(
        entry.score.mean >= rungs()["anything"],
        f"{NAME} has learned next to nothing: {_said(entry)}",
    )
    return entry


def _said(entry: Entry) -> str:
    return f"{100 * entry.score.mean:.1f} % of the sounds are right, in words it has never met"


def _within_time(entry: Entry) -> None:
    budget = grading.get().seconds
    expect(
        entry.seconds <= budget,
        f"training took {entry.seconds:.0f} s of processor time, the budget is {budget:.0f} s. A "
        "score counts within the budget only",
    )


def _climb(student: Student, rung: str, words: str) -> None:
    entry = entry_of(student)
    _within_time(entry)
    expect(entry.score.mean >= rungs()[rung], f"{_said(entry)}; {words}")


@suite.check(LAYER, points=1, title=f"the budget of {PARAMETERS:,} weights")
def few_weights(student: Student, rng: torch.Generator) -> None:
    _learned(student)


@suite.check(LAYER, points=1, title=f"the budget of {FULL.seconds:.0f} s of processor time")
def little_time(student: Student, rng: torch.Generator) -> None:
    _within_time(_learned(student))


@suite.check(LAYER, points=0.5, title="after training, too, streaming says what forward says")
def still_streaming(student: Student, rng: torch.Generator) -> None:
    entry = _learned(student)
    expect(not entry.broken, f"{entry.broken}. {cause_after_training(student)}")


@suite.check(LAYER, points=1, title="it remembers: more than a layer without a state can say")
def more_than_weak(student: Student, rng: torch.Generator) -> None:
    _climb(student, "more than weak", "a layer without any memory says as much")


@suite.check(LAYER, points=1, title="as good as the good reference")
def as_good(student: Student, rng: torch.Generator) -> None:
    _climb(student, "good", "the good reference, a small plain net, says more")


@suite.check(LAYER, points=1, title="a third of the way from the good to the strong reference")
def a_third_to_strong(student: Student, rng: torch.Generator) -> None:
    _climb(student, "a third", "more than the good reference, less than this rung asks")


@suite.check(LAYER, points=1, title="two thirds of the way from the good to the strong reference")
def two_thirds_to_strong(student: Student, rng: torch.Generator) -> None:
    _climb(student, "two thirds", "more than the good reference, less than this rung asks")


@suite.check(LAYER, points=1, title="as strong as the strong reference")
def as_strong(student: Student, rng: torch.Generator) -> None:
    _climb(student, "strong", "the strong reference says more")
