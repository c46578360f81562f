"""Assignment 2 in particular: its oracles, parts of different people, a measure that is lent."""

from __future__ import annotations

import re

import pytest
import torch

from autograder.hidden.carousel import equation, errors, requests, sweep
from autograder.hidden.carousel.conflict import WEIGHTED, weighted
from samples.assignments import Assignment
from samples.corpus import Version
from solutions.carousel import LSTM1997
from solutions.conflicts import conflicts, weight_conflict
from solutions.error_flow import longest_lag
from tests.autograder.hidden.judging import judged, lost, told

ASSIGNMENT = Assignment("02-carousel")


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(4)


def wrong(name: str) -> dict[str, str]:
    return next(version.sections for version in ASSIGNMENT.wrong if version.name == name)


def test_there_are_five_parts_and_twenty_points() -> None:
    assert len(ASSIGNMENT.suite.grade_ids) == 5
    assert sum(map(ASSIGNMENT.suite.points, ASSIGNMENT.suite.grade_ids)) == 20


def test_the_released_form_tells_what_the_checks_ask_for() -> None:
    """Names the checks rely on stand in text or in code outside of solution regions."""
    shown = told(ASSIGNMENT)
    for name in (
        *("weight_ih", "weight_hh", "bias", "self_loop", "initial_state", "unroll", "ValueError"),
        *("CarouselState", "CarouselGradients", "Conflicts", "MemoryState", "block_size", "keep"),
    ):
        assert name in shown


# --- what the suite calls right ---------------------------------------------------------------


@pytest.mark.parametrize("size", [(3, 2, 3), (1, 1, 1), (2, 3, 1)])
def test_the_equation_is_that_of_the_lstm_of_1997(size: tuple[int, int, int]) -> None:
    weights = equation.random_weights(rng(), *size)
    layer = LSTM1997(*size, truncated=False).double()
    layer.load_state_dict(weights)
    x, state = torch.randn(4, 6, size[0]).double(), layer.initial_state(4)
    wanted, after = layer(x)
    found, (s, y) = equation.RIGHT.rule(weights, x, tuple(state))
    for mine, right in ((found, wanted), (s, after.s), (y, after.y)):
        torch.testing.assert_close(mine, right, rtol=1e-12, atol=1e-12)


def test_no_mistake_about_the_block_comes_to_the_same_as_what_is_right() -> None:
    weights = equation.random_weights(rng(), 3, 2, 3)
    x = torch.randn(4, 6, 3).double()
    state = torch.randn(4, 6).double(), torch.rand(4, 10).double()

    def answer(rule: equation.Rule) -> torch.Tensor:
        y, after = rule(weights, x, state)
        return torch.cat([y.flatten(1), *after], dim=1)

    right = answer(equation.RIGHT.rule)
    answers = {words: answer(rule) for words, rule in equation.WRONG.items()}
    for words, value in answers.items():
        assert not torch.allclose(value, right), words
    for words, value in answers.items():
        same = [other for other, found in answers.items() if torch.equal(found, value)]
        assert same == [words]


def test_conflicts_are_those_of_the_reference() -> None:
    case = requests.random_case(rng(), 7, 3, 4, 2)
    found = conflicts(*case)
    for mine, asked in (
        (found.input, requests.asked_of_input(case)),
        (found.output, requests.asked_of_output(case)),
    ):
        torch.testing.assert_close(mine, requests.conflict(asked), rtol=1e-12, atol=1e-12)
        assert 0.05 < float(mine.mean()) < 0.95  # there is something to see


def test_longest_lags_are_those_of_the_reference() -> None:
    for _ in range(5):
        weights, keep = sweep.clear_case(rng(), 20)
        assert torch.equal(sweep.reach(weights, keep), longest_lag(weights, keep))


def test_every_mistake_about_the_error_changes_it() -> None:
    p = errors.random_pass(rng(), 3, 5, 3, 4)
    right = errors.walked_back(p)
    torch.testing.assert_close(right @ p.weights["weight_ih"], p.wanted["x"])
    for words, e in errors.mistakes(p).items():
        assert not torch.allclose(e, right), words


# --- one part and the others ------------------------------------------------------------------


def test_conflicts_over_a_wrong_measure_lose_nothing_more() -> None:
    reference = lost(judged(ASSIGNMENT, wrong("measure_squares")))
    assert reference == {"conflicts-tests": reference["conflicts-tests"]}
    assert set(reference["conflicts-tests"]) == {"measure"}


def test_a_measure_that_is_not_filled_in_leaves_the_conflicts_their_points() -> None:
    blank = "def weight_conflict(updates):\n    raise NotImplementedError()"
    failed = lost(judged(ASSIGNMENT, {"weight-conflict": blank}))
    assert set(failed) == {"conflicts-tests"}
    assert set(failed["conflicts-tests"]) == {"measure", "nothing_asked", "conflicts_form"}


def test_the_measure_that_is_lent_does_not_say_how_to_write_one() -> None:
    namespace: dict[str, object] = {}
    exec(WEIGHTED, namespace)
    updates = torch.randn(5, 3, 2).double()
    lent = namespace["weight_conflict"](updates)  # type: ignore[operator]
    torch.testing.assert_close(lent, weighted(updates))
    assert not torch.allclose(lent, weight_conflict(updates), atol=0.1)
    assert not re.search(r"abs\(|\bsum\(|\.sum\b", WEIGHTED.replace("einsum(", ""))


@pytest.mark.parametrize("cell", ["carousel-gradients", "conflicts", "memory-blocks"])
@pytest.mark.parametrize("version", ASSIGNMENT.right, ids=lambda version: version.name)
def test_right_parts_mix_with_those_of_others(version: Version, cell: str) -> None:
    answers = {cell: version.sections[cell]}
    if version.name == "functional":  # helpers and imports of its first cell
        answers["naive-carousel"] = version.sections["naive-carousel"]
    if version.name == "functional" and cell != "carousel-gradients":
        answers["carousel-gradients"] = version.sections["carousel-gradients"]
    assert lost(judged(ASSIGNMENT, answers)) == {}


# --- answers that nothing was worked out for --------------------------------------------------

NOTHING = {
    "carousel-gradients": (
        "def carousel_gradients(x, s0, s, self_loop, weight_ih, grad_s):\n"
        "    return CarouselGradients(*(SIZE * v for v in (x, s0, self_loop, weight_ih)))"
    ),
    "error-left": (
        "def error_left(self_loop, lags):\n"
        "    return torch.full((len(self_loop), len(lags)), SIZE, dtype=self_loop.dtype)"
    ),
    "longest-lag": (
        "def longest_lag(self_loop, keep):\n"
        "    if not 0 < keep <= 1:\n"
        "        raise ValueError('refused')\n"
        "    return torch.full_like(self_loop, SIZE)"
    ),
    "weight-conflict": (
        "def weight_conflict(updates):\n    return torch.full_like(updates[0], SIZE)"
    ),
    "conflicts": (
        "def conflicts(x, s, self_loop, weight_out, target):\n"
        "    like = torch.zeros(s.shape[1], x.shape[1], dtype=s.dtype)\n"
        "    return Conflicts(like + SIZE, torch.full_like(weight_out, SIZE))"
    ),
}


@pytest.mark.parametrize("size", ["0.0", "1e-30", "1.0", "math.inf", "math.nan"])
def test_nothing_is_given_for_nothing(size: str) -> None:
    answers = {cell: text.replace("SIZE", size) for cell, text in NOTHING.items()}
    failed = lost(judged(ASSIGNMENT, answers))
    for part in ("carousel-gradients-tests", "sweep-tests", "conflicts-tests"):
        checks = {check.name for check in ASSIGNMENT.suite.checks_for(part)}
        assert set(failed[part]) == checks
