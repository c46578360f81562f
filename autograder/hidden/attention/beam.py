"""Part 7, beam search: how it grows, who stays, whose state is whose, and what scores claim."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import torch
from torch import Tensor

from autograder.checks import Student, expect
from autograder.hidden.attention.babble import END, NAME, SOURCE, Babble, Past, drawn, new
from autograder.hidden.attention.searching import BEAM, BEAM_MISTAKES, Line, log_softmax
from autograder.hidden.attention.suite import BEAM as PART
from autograder.hidden.attention.suite import suite
from autograder.hidden.shared.asking import in_either
from autograder.hidden.shared.tools import DOUBLE, SINGLE, untouched

Found = list[Line]


# --- asking -----------------------------------------------------------------------------------


def asked(
    student: Student,
    model: Babble,
    past: Past,
    width: int,
    longest: int,
    dtype: torch.dtype = DOUBLE,
) -> Any:
    with student.lent(NAME, SOURCE):
        theirs, state = model.lend(student, past, dtype)
        found = student.beam_search(theirs, state, width, longest)
        untouched(student, "beam_search")
    return found


def plain(value: Any) -> Any:
    """A tensor as a number or a list; `beam_form` asks for what the text says."""
    return value.tolist() if isinstance(value, Tensor) else value


def searched(student: Student, model: Babble, past: Past, width: int, longest: int) -> Found:
    """The hypotheses, wherever in an answer they stand."""
    found = in_either(lambda dtype: asked(student, model, past, width, longest, dtype))
    expect(
        isinstance(found, list | tuple) and len(found) > 0,
        "beam_search should return a list of hypotheses, at least one",
    )
    lines = []
    for each in found:
        expect(
            isinstance(each, tuple | list) and len(each) == 2,
            "every entry of the list should be a Hypothesis(symbols, score)",
        )
        symbols, score = map(plain, each)
        expect(
            isinstance(symbols, list | tuple)
            and all(isinstance(s, int) and 0 <= s < len(model.hear) for s in symbols),
            "the symbols of a Hypothesis should be a list of whole numbers, each a symbol",
        )
        expect(
            isinstance(score, int | float) and not isinstance(score, bool),
            "the score of a Hypothesis should be a float",
        )
        lines.append(Line(tuple(symbols), float(score)))
    return lines


def near(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=SINGLE, abs_tol=SINGLE)


def same(found: Found, wanted: Found, scores: bool = True) -> bool:
    return [line.symbols for line in found] == [line.symbols for line in wanted] and (
        not scores or all(near(f.score, w.score) for f, w in zip(found, wanted, strict=True))
    )


def finite(found: Found) -> Found:
    return [line for line in found if line.score > -math.inf]


def like(found: Found, check: str, *asked: Any) -> tuple[str, str] | None:
    """The check that a known mistake is for, and its words, if it finds just this.

    In a case at the edges several mistakes may: there those of other checks go first. What has no
    probability, as a mistake sees it, comes in any order.
    """
    possible = finite(found)
    known = sorted(BEAM_MISTAKES, key=lambda each: each[0] == check == "beam_edges")
    for owner, words, kind in known:
        if same(possible, finite(kind.find(*asked))):
            return owner, words
    return None


def expect_search(
    check: str,
    student: Student,
    model: Babble,
    past: Past,
    width: int,
    longest: int,
    hint: str,
    wanted: Found | None = None,
) -> None:
    """Fail unless the right hypotheses are found, in order; mistakes of other checks pass."""
    found = searched(student, model, past, width, longest)
    right = BEAM.find(model, past, width, longest) if wanted is None else wanted
    if same(found, right, scores=False):
        return
    mistake = like(found, check, model, past, width, longest)
    if mistake is None or mistake[0] == check:
        expect(
            False, f"{difference(found, right, width, longest)}. {mistake[1] if mistake else hint}"
        )


def difference(found: Found, right: Found, width: int, longest: int) -> str:
    what = f"a beam of {width} with longest={longest}"
    if len(found) != len(right):
        return f"{what} should hold {len(right)} hypotheses at its end, here are {len(found)}"
    others = [f.symbols != r.symbols for f, r in zip(found, right, strict=True)]
    where = f"the first at place {others.index(True)}, counted from 0"
    return f"{what}: {sum(others)} of {len(right)} hypotheses are others, {where}"


def some(rng: torch.Generator, symbols: int = 5, ends: bool = True) -> tuple[Babble, Past]:
    return drawn(rng, symbols, ends=ends), new(rng, (0 if ends else 1,))


def telling(
    student: Student, rng: torch.Generator, width: int, longest: int, owner: str
) -> tuple[Babble, Past]:
    """A model for which no mistake of this check finds what is right."""
    searched(student, *some(rng), 1, 1)  # who has written nothing hears of it without a search
    wrong = [kind for check, _, kind in BEAM_MISTAKES if check == owner]
    for _ in range(60):
        model, past = some(rng)
        asked = model, past, width, longest
        right = BEAM.find(*asked)
        if not any(same(right, kind.find(*asked), scores=False) for kind in wrong):
            break
    return model, past


# --- the checks -------------------------------------------------------------------------------


@suite.check(PART, points=0.5, title="a list of Hypothesis: whole numbers, floats, the best first")
def beam_form(student: Student, rng: torch.Generator) -> None:
    model, past = some(rng)
    for dtype in (DOUBLE, torch.float32):
        found = asked(student, model, past, 4, 5, dtype)
        expect(isinstance(found, list), "beam_search should return a list")
        for each in found:
            fields = getattr(each, "_fields", None)
            expect(
                fields == ("symbols", "score"), "every entry should be Hypothesis(symbols, score)"
            )
            expect(isinstance(each.symbols, list), "the symbols of a Hypothesis should be a list")
            expect(
                all(isinstance(s, int) and not isinstance(s, bool) for s in each.symbols),
                "the symbols of a Hypothesis should be whole numbers, int",
            )
            expect(type(each.score) is float, "the score of a Hypothesis should be a float")
    expect(0 < len(found) <= 4, f"a beam of 4 holds at most 4 hypotheses, here are {len(found)}")
    expect_search("beam_form", student, model, past, 4, 5, "The best should come first")


@suite.check(PART, points=0.5, title="a beam of one is greedy")
def one_is_greedy(student: Student, rng: torch.Generator) -> None:
    for ends in (True, True, False):
        model, past = some(rng, ends=ends)
        hint = "With width 1 the likeliest symbol is taken at each step"
        expect_search("one_is_greedy", student, model, past, 1, 8, hint)


@suite.check(PART, points=0.5, title="a beam wide enough finds the best of all sequences")
def wide_enough(student: Student, rng: torch.Generator) -> None:
    for symbols, longest in ((3, 4), (4, 3)):
        model, past = some(rng, symbols)
        others = [s for s in range(symbols) if s != END]
        ended = [(*p, END) for n in range(longest) for p in product(others, repeat=n)]
        every = [*ended, *product(others, repeat=longest)]
        lines = [Line(each, claim(model, past, each)) for each in every]
        best = sorted(lines, key=lambda line: -line.score)
        hint = (
            f"Of {symbols} symbols there are {len(every)} sequences of at most {longest}: a beam "
        )
        hint += "that is as wide finds each of them once"
        expect_search("wide_enough", student, model, past, len(every), longest, hint, best)


def claim(model: Babble, past: Past, symbols: tuple[int, ...]) -> float:
    """The log probability of these symbols."""
    told = list(symbols)
    at = zip(model.log_p(past, told), told, strict=True)
    return float(sum(log_softmax(logits)[symbol] for logits, symbol in at))


@suite.check(PART, points=0.5, title="scores: the log probability of just these symbols, with END")
def beam_claims(student: Student, rng: torch.Generator) -> None:
    for width, longest in ((4, 8), (1, 8), (3, 2)):
        model, past = telling(student, rng, width, longest, "beam_claims")
        found = searched(student, model, past, width, longest)
        gaps = [abs(line.score - claim(model, past, line.symbols)) for line in found]
        ranked = same(found, BEAM.find(model, past, width, longest), scores=False)
        if max(gaps) < SINGLE and ranked:
            continue
        mistake = like(found, "beam_claims", model, past, width, longest)
        if mistake and mistake[0] == "beam_claims":
            expect(False, f"a beam of {width}: {mistake[1]}")
        if mistake is None and max(gaps) >= SINGLE:
            place = gaps.index(max(gaps))
            what = f"the score at place {place} of a beam of {width} is off by {max(gaps):.3g}"
            expect(False, f"{what}: it is the sum of log p over these symbols, END included")


@suite.check(PART, points=0.5, title="every hypothesis makes place for all that can follow it")
def continuations(student: Student, rng: torch.Generator) -> None:
    for width in (2, 3, 5):
        model, past = some(rng, 6, ends=False)
        hint = "All continuations of all hypotheses together are ranked, the best stay"
        expect_search("continuations", student, model, past, width, 6, hint)


@suite.check(PART, points=0.5, title="what has ended stays in the beam, as it is")
def ended_stay(student: Student, rng: torch.Generator) -> None:
    for width in (2, 3, 5):
        model, past = telling(student, rng, width, 9, "ended_stay")
        hint = "What has ended is a candidate at every step, with the score that it has"
        expect_search("ended_stay", student, model, past, width, 9, hint)


@suite.check(PART, points=0.5, title="each goes on from the state of the one that it came from")
def states_follow(student: Student, rng: torch.Generator) -> None:
    for width in (2, 4):
        model, past = telling(student, rng, width, 7, "states_follow")
        hint = "Pick the rows of the state that the new hypotheses came from, in their order"
        expect_search("states_follow", student, model, past, width, 7, hint)


@suite.check(PART, points=0.5, title="edges: longest, one step, two symbols, wider than there is")
def beam_edges(student: Student, rng: torch.Generator) -> None:
    for symbols, width, longest, ends in (
        (5, 3, 4, False), (5, 2, 1, True), (2, 3, 5, True), (3, 50, 2, True), (8, 6, 12, True)
    ):  # fmt: skip
        model, past = some(rng, symbols, ends)
        for _ in range(2):
            hint = f"With {symbols} symbols, width {width} and longest={longest}"
            expect_search("beam_edges", student, model, past, width, longest, hint)
