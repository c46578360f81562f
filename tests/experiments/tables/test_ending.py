"""What a cell says of nets that did not pass: counted by hand on made-up outcomes."""

from __future__ import annotations

from typing import Any

import pytest

from experiments.documents.rows import ROWS
from experiments.harness.registry import experiments
from experiments.harness.runner import current, outcomes_of
from experiments.paper.today import plain_task
from experiments.tables.ending import at_the_end, rising, share_of_the_mean, spread
from experiments.tasks.seeded import Order, patterns


def seed(solved: bool, **said: Any) -> dict[str, Any]:
    return {"seed": 0, "sequences": 100, "solved": solved, **said}


def outcome(*seeds: dict[str, Any], task: Any = "order-2-100") -> dict[str, Any]:
    curve = [[k, 0.5, 10] for k in range(40)]
    return {"seeds": list(seeds), "curve": curve, "parameters": {"task": task}}


def test_nets_that_passed_have_no_ending() -> None:
    assert at_the_end([outcome(seed(True, right=1.0))]) == ""
    assert at_the_end([]) == ""


def test_only_those_that_did_not_pass_are_told_of() -> None:
    said = at_the_end([outcome(seed(True, right=1.0), seed(False, right=0.4))])
    assert said.startswith("40 % right at the end (always the mean: 5")
    assert said.endswith(", level")


def test_nets_of_1997_are_told_of_by_their_test() -> None:
    strings = {"seeds": [seed(False, test_wrong=64, training_wrong=9)], "parameters": {}}
    assert at_the_end([strings]) == "75 % right at the end"
    sums = {"seeds": [seed(False, test_wrong=1280)], "parameters": {}}
    assert at_the_end([strings, sums]) == "50 to 75 % right at the end"


def test_losses_are_told_where_nets_are_judged_all_or_nothing() -> None:
    known = {"seeds": [seed(False)], "curve": [[8, 50.1, 7.6]], "parameters": {"p": 100}}
    known["parameters"]["noisy"] = False
    assert at_the_end([known]) == (
        "squared error of a sequence 8 to 50 at the end (all outputs 0: 50)"
    )


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ([0.25, 0.5], "25 to 50 %"),
        ([0.5], "50 %"),
        ([0.999], "99.9 %"),
        ([0.9999, 1], "99.9 to 100 %"),
    ],
)
def test_shares_in_per_cent(shares: list[float], said: str) -> None:
    assert spread(shares) == said


def test_a_curve_is_level_unless_it_rises_beyond_chance() -> None:
    level = [[k, 0.5 + 0.01 * (-1) ** k, 10.0] for k in range(40)]
    assert rising(level) is False
    assert rising([[k, 0.5 + 0.01 * k, 10.0] for k in range(40)]) is True
    assert rising([]) is None
    # Nets that passed took their share along: the fall says nothing, and few points are left.
    assert rising([[k, 0.9, 10.0] for k in range(36)] + [[40, 0.3, 2.0]]) is None


def test_the_mean_answer_of_each_task() -> None:
    assert share_of_the_mean("order-2-100") == pytest.approx(0.5, abs=0.02)
    assert share_of_the_mean("order-5-100") == pytest.approx(0.2, abs=0.02)
    # Two numbers of [-1, 1] have a mean of 0.5 + (x + y) / 4 in a triangle's middle: within 0.04
    # of it lie 1 - (1 - 0.08)^2 of the answers.
    assert share_of_the_mean("adding-100") == pytest.approx(1 - 0.92**2, abs=0.02)
    assert share_of_the_mean("reber") is None
    # Four outputs of 1/4 are within 0.3 of no target.
    strict = Order(tuple(patterns(2)), (10, 50), tolerance=0.3)
    assert share_of_the_mean(plain_task(strict)) == 0


def test_every_cell_of_the_documents_table_is_solved_or_says_what_it_can_do() -> None:
    known = experiments()
    for row in ROWS:
        for learner, found in outcomes_of(current(known[f"documents-{row.name}"], False)).items():
            unsolved = any(not seed["solved"] for seed in found["seeds"])
            assert ("right at the end" in at_the_end([found])) == unsolved, (row.name, learner)
