"""Assignment 7 in particular: what its text tells, what stands on what, and how depth is seen."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from autograder.checks import CheckFailure
from autograder.hidden.shared.refused import DIFFERENTIATION
from autograder.hidden.state_space import choosing, convolving, filtering, recurring, scanning
from autograder.hidden.state_space.depth import LENGTH, depth, limit, probes, some_leaves
from autograder.hidden.state_space.suite import (
    CONVOLUTION,
    FILTER,
    HOLD,
    RECURRENT,
    SCAN,
    SCANS,
    SELECTIVE,
)
from autograder.inside.guard import resolve
from samples.assignments import Assignment
from solutions.scan import hillis_steele_scan, odd_even_scan, sequential_scan, two_level_scan
from tests.autograder.hidden.judging import BLANK, judged, lost, told

ASSIGNMENT = Assignment("07-state-space")
PARTS = {HOLD, FILTER, CONVOLUTION, SCAN, SELECTIVE, RECURRENT}


def test_the_released_form_tells_what_the_checks_ask_for() -> None:
    """Names the checks rely on stand in text or in code outside of solution regions."""
    shown = told(ASSIGNMENT)
    for name in (
        *("zero_order_hold", "diagonal_hold", "recurrent", "kernel", "causal_convolution"),
        *("convolved", "tree_scan", "tree_scan_gradients", "ScanGradients", "System", "powers"),
        *("SelectiveBlock", "SelectiveState", "conv_weight", "conv_bias", "log_A", "step_size"),
        *("Recurrent", "MinGRUParts", "DeltaParts", "VectorState", "MatrixState", "kind"),
        *("2 \\log_2 T + 2", "initial_state", "float64"),
    ):
        assert name in shown


def test_there_are_six_parts_and_twenty_seven_points() -> None:
    assert set(ASSIGNMENT.suite.grade_ids) == PARTS
    assert sum(map(ASSIGNMENT.suite.points, ASSIGNMENT.suite.grade_ids)) == 27


@pytest.mark.parametrize("name", SCANS)
def test_what_is_refused_is_what_torch_has(name: str) -> None:
    found = resolve(name)
    assert found is not None
    assert callable(getattr(*found))


def test_scans_are_refused_everywhere_and_differentiation_in_one_part() -> None:
    for part in PARTS:
        refused = ASSIGNMENT.suite.refused(part)
        assert set(SCANS) <= set(refused)
        assert (set(DIFFERENTIATION) <= set(refused)) == (part == SCAN)


WRONG = {
    "kernel": "def kernel(system, time):\n    return torch.ones(len(system.D), time).double()",
    "causal-convolution": "def causal_convolution(x, kernel):\n    return x * kernel.T",
    "tree-scan": "def tree_scan(a, b, h0):\n    return b",
}


@pytest.mark.parametrize("answer", [None, *WRONG])
def test_a_part_stands_without_the_answers_before_it(answer: str | None) -> None:
    """Blank or wrong answers cost their own checks; what is made of them is tried with ours."""
    if answer is None:
        wrong = dict.fromkeys(("diagonal-hold", "kernel", "tree-scan"), BLANK)
        parts = {HOLD, FILTER, SCAN}
    else:
        wrong = {answer: WRONG[answer]}
        parts = {part for part, cells in ASSIGNMENT.answers.items() if answer in cells}
    found = lost(judged(ASSIGNMENT, wrong))
    assert set(found) == parts
    assert not {"convolved_output", "convolved_state"} & set(found.get(CONVOLUTION, {}))
    by_hand = {"gradients_form", "gradient_by_a", "gradient_by_b", "gradient_by_h0"}
    assert not {*by_hand, "gradient_depth"} & set(found.get(SCAN, {}))


def test_both_recurrences_are_among_the_right_versions() -> None:
    """With the same marks; test_assignments sees that they get them."""
    layers = [version.sections["recurrent-layer"] for version in ASSIGNMENT.right]
    assert sum("(DeltaParts)" in source for source in layers) >= 2
    assert sum("(MinGRUParts)" in source for source in layers) >= 2


# --- depth ------------------------------------------------------------------------------------

Sums = Callable[[Tensor], Tensor]


def measured(sums: Sums, length: int = LENGTH) -> int:
    asked = probes(some_leaves(torch.Generator().manual_seed(1), length), length)
    return depth(sums(asked.numbers), asked, "it")


def scanned(scan: Callable[[Tensor, Tensor], Tensor]) -> Sums:
    return lambda b: scan(torch.ones_like(b).unsqueeze(-1), b.unsqueeze(-1)).squeeze(-1)


def test_depth_is_what_it_is_known_to_be() -> None:
    assert measured(scanned(sequential_scan)) == LENGTH - 1
    assert measured(scanned(hillis_steele_scan)) == math.log2(LENGTH)
    # Up and down again, without what comes together on the way down already.
    assert math.log2(LENGTH) < measured(scanned(odd_even_scan)) <= 2 * math.log2(LENGTH)
    for length in (33, 64, 100):
        assert measured(scanned(sequential_scan), length) == length - 1
        assert measured(scanned(hillis_steele_scan), length) == math.ceil(math.log2(length))


def test_trees_are_shallow_enough_and_blocks_are_not() -> None:
    assert measured(scanned(hillis_steele_scan)) <= limit()
    assert measured(scanned(odd_even_scan)) <= limit()
    assert measured(scanned(two_level_scan)) > limit()
    assert measured(lambda b: b.cumsum(1)) > limit()


def exactly(b: Tensor) -> Tensor:
    """Sums of integers, in which nothing is lost."""
    rows = ([int(number) for number in row] for row in b.tolist())
    sums = [[float(sum(row[: t + 1])) for t in range(len(row))] for row in rows]
    return torch.tensor(sums, dtype=torch.float64)


@pytest.mark.parametrize(
    "sums",
    [exactly, lambda b: 2 * b.cumsum(1), lambda b: b, torch.zeros_like, torch.rand_like],
    ids=["exact", "doubled", "unchanged", "zeros", "random"],
)
def test_what_comes_from_no_tree_of_sums_is_found_out(sums: Sums) -> None:
    with pytest.raises(CheckFailure, match=r"count up|no sums"):
        measured(sums, 32)


# --- the judge's own arithmetic ---------------------------------------------------------------


@pytest.fixture
def rng() -> torch.Generator:
    return torch.Generator().manual_seed(2)


def differ(one: Tensor, other: Tensor) -> bool:
    return one.shape != other.shape or not torch.allclose(one, other, rtol=1e-4, atol=1e-4)


def test_every_mistake_about_filters_shows(rng: torch.Generator) -> None:
    given = filtering.drawn(rng)
    right = filtering.RIGHT(given)
    for wrong in filtering.STEPS.values():
        for words, rule in wrong.items():
            assert any(map(differ, rule(given), right)), words
    for words, kernel in filtering.KERNELS.items():
        assert differ(kernel(given.system, 6), filtering.kernel(given.system, 6)), words
    x, k = given.x, filtering.kernel(given.system, 6)
    for words, convolution in convolving.CONVOLUTIONS.items():
        assert differ(convolution(x, k), convolving.causal(x, k)), words
    for which, table in enumerate((convolving.OUTPUTS, convolving.STATES)):
        for words, whole in table.items():
            assert differ(whole(given)[which], convolving.AT_ONCE(given)[which]), words


def test_recurrence_and_convolution_agree_here_too(rng: torch.Generator) -> None:
    given = filtering.drawn(rng)
    for one, other in zip(filtering.RIGHT(given), convolving.AT_ONCE(given), strict=True):
        assert torch.allclose(one, other)


def test_every_mistake_about_scans_shows(rng: torch.Generator) -> None:
    given = scanning.drawn(rng, 8)
    for wrong in scanning.SCANS.values():
        for words, rule in wrong.items():
            assert differ(rule(*given), scanning.scan(*given)), words
    back = scanning.Backwards(given.a, scanning.scan(*given), given.h0, given.b)
    right = scanning.RIGHT(back)
    for check, gradients in scanning.GRADIENTS.items():
        name = check.removeprefix("gradient_by_")
        for words, gradient in gradients.items():
            assert differ(getattr(gradient(back), name), getattr(right, name)), words


def test_every_mistake_about_layers_shows(rng: torch.Generator) -> None:
    weights = choosing.random_weights(rng, 2, 3, 2, 4, 1)
    x = torch.randn(2, 5, 2, generator=rng, dtype=torch.float64)
    begun = choosing.RIGHT.rule(weights, x, choosing.start(weights, 2))[1]
    right = choosing.RIGHT.rule(weights, x, begun)[0]
    for words, rule in choosing.WRONG.items():
        assert differ(rule(weights, x, begun)[0], right), words
    x = torch.randn(2, 5, 3, generator=rng, dtype=torch.float64)
    kinds = (
        (recurring.gru_weights, recurring.gru_start, recurring.GRU, recurring.GRU_WRONG),
        (recurring.delta_weights, recurring.delta_start, recurring.DELTA, recurring.DELTA_WRONG),
    )
    for drawn, start, equation, mistakes in kinds:
        weights = drawn(rng, 3, 5)
        begun = equation.rule(weights, x, start(weights, 2))[1]
        right = equation.rule(weights, x, begun)[0]
        for words, mistake in mistakes.items():
            assert differ(mistake.rule(weights, x, begun)[0], right), words
