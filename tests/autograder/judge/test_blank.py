"""A notebook handed in as it was released: no points, at once, and every part says why."""

from __future__ import annotations

import pytest
from nbgrader.preprocessors import ClearSolutions

from autograder.judge.notebook import judge_notebook
from autograder.line.sandbox import Sandbox
from autograder.notebooks.assemble import assemble
from autograder.steps.feedback import page
from autograder.suite.suite import load_suite
from autograder.verdict import Verdict
from tests.autograder.scored import scored
from tests.conftest import ROOT

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def verdict(warm_sandbox: Sandbox) -> Verdict:
    suite = load_suite("rnn_limits")
    source = assemble(ROOT / "exercises" / "01-rnn-limits.md", suite)
    blank, _ = ClearSolutions().preprocess(source.copy(), {})
    return judge_notebook(
        assemble(ROOT / "exercises" / "01-rnn-limits.md", suite),
        blank,
        suite,
        warm_sandbox,
        student="ada",
        assignment="01-rnn-limits",
        seed=1,
        fingerprint="",
    )


def test_every_part_says_that_it_is_not_filled_in(verdict: Verdict) -> None:
    assert verdict.points == 0
    assert verdict.max_points == 20
    assert verdict.parts[0].title == "Part 1: one step"
    for part in verdict.parts:
        for check in part.checks:
            assert "not filled in yet" in check.message, check.message
    text = page(verdict, scored(verdict), b"")
    assert "Part 1: one step" in text
    assert "rnn-cell-tests" not in text


def test_it_takes_no_time(verdict: Verdict) -> None:
    assert verdict.seconds < 2.0
