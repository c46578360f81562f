"""The search over what the 1997 paper leaves open: every detail can be run and is compared."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from experiments.harness.registry import experiments
from experiments.paper.rows import ROWS
from experiments.rule1997.protocol import plain_protocol
from experiments.search import two_marks
from experiments.search.rows import details
from experiments.tables.comparison import rows
from experiments.tasks.paper1997 import seed

ADDING = next(row.protocol for row in ROWS if row.name == "4-T100")


def test_every_search_belongs_to_a_row_of_the_paper() -> None:
    named = {f"search-{row.name}-{detail}" for row in ROWS for detail in details(row.name)}
    assert named == {name for name in experiments() if name.startswith("search-")}


def test_the_comparison_shows_each_row_as_printed_then_its_details_best_first() -> None:
    lines = list(rows(quick=False))
    assert [task for task, *_ in lines if task] == [row.name for row in ROWS]
    details_below: list[tuple[str, float]] = []
    for task, detail, solved, *_ in lines:
        assert (task != "") == (detail == "as printed")
        if task:
            details_below = []
        elif solved != "missing":
            share = float(Fraction(solved))
            assert all(share <= other for _, other in details_below)
            details_below.append((detail, share))


def test_two_marks_are_always_shown_and_add_up() -> None:
    seed(0)
    size = np.array([100, 0])
    index, value, target = np.zeros((111, 2), np.int64), np.zeros((111, 2)), np.zeros((111, 1))
    for _ in range(200):
        length = two_marks.two_marks(size, index, value, target)
        marked = value[:length, 0][value[:length, 1] == 1.0]
        assert len(marked) == 2
        assert target[length - 1, 0] == 0.5 + marked.sum() / 4


def test_adding_stops_when_the_rule_holds_and_gives_the_same_twice() -> None:
    # An error of 1 is never reached: the rule holds once the window is full.
    easy = replace(ADDING, tolerance=1.0, mean_below=1.0, window=400)
    trial = {"protocol": plain_protocol(easy), "seeds": [0, 1], "budget": 1000}
    outcome = two_marks.run(trial, "cpu")
    assert [seed["sequences"] for seed in outcome["seeds"]] == [400, 400]
    assert all(seed["solved"] and seed["test_wrong"] == 0 for seed in outcome["seeds"])
    assert two_marks.run(trial, "cpu") == outcome


def test_adding_that_is_not_solved_says_so() -> None:
    trial = {"protocol": plain_protocol(ADDING), "seeds": [0], "budget": 300}
    (found,) = two_marks.run(trial, "cpu")["seeds"]
    assert not found["solved"]
    assert found["sequences"] == 300
    assert found["test_wrong"] > 1000
