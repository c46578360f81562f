"""The paper's rows: stop rules, test sets and the same outcome twice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from experiments.paper.rows import ROWS, seeds_of, trials_of
from experiments.paper.run import run, run_window
from experiments.rule1997 import fixed_sets as exams
from experiments.rule1997 import training as gr
from experiments.rule1997.lanes import LANES
from experiments.rule1997.protocol import group
from experiments.tasks.paper1997 import seed as seed_tasks

BY_NAME = {row.name: row for row in ROWS}


def test_every_row_of_the_papers_tables_is_there() -> None:
    parts = [row.name.partition("-")[0] for row in ROWS]
    counts = {part: parts.count(part) for part in dict.fromkeys(parts)}
    wanted = {"1": 5, "2a": 1, "2b": 1, "2c": 9, "3a": 3, "3b": 3, "3c": 2, "4": 3, "5": 2}
    assert counts == {**wanted, "6a": 1, "6b": 1}
    assert all(row.groups * LANES >= 10 for row in ROWS)


def test_a_run_gives_the_same_outcome_twice() -> None:
    protocol = replace(BY_NAME["6a"].protocol, window=20, tolerance=0.95, mean_below=1.0)
    first, second = (run_window(protocol, [0, 1], 400) for _ in range(2))
    assert first == second
    assert all(seed["solved"] for seed in first["seeds"])


def test_the_stop_rule_counts_the_last_sequences_only() -> None:
    protocol = replace(BY_NAME["6a"].protocol, window=30, tolerance=2.0)  # never wrong
    outcome = run_window(replace(protocol, mean_below=9.0), [3], 500)
    assert outcome["seeds"][0]["sequences"] == 30
    strict = run_window(replace(protocol, tolerance=0.0, mean_below=9.0), [3], 60)
    assert not strict["seeds"][0]["solved"]
    assert strict["seeds"][0]["sequences"] == 60


def test_test_strings_are_new_and_the_next_symbol_is_legal() -> None:
    nets = group(BY_NAME["1-3x2-rate0.5"].protocol, [0])
    seed_tasks(5)
    training, test = exams.reber_sets(nets.size, nets.shape, 64)
    sets = [
        {row[:n].tobytes() for row, n in zip(part.index, part.length, strict=True)}
        for part in (training, test)
    ]
    assert len(test.length) == exams.TEST_SET
    assert not sets[0] & sets[1]
    followed = exams.next_symbols(training)
    for i, n in enumerate(training.length):
        assert (followed.target[i, :n].sum(1) == 1).all()
        assert (training.target[i, :n][followed.target[i, :n] == 1] == 1).all()


def test_noisy_targets_are_tested_against_the_clean_ones() -> None:
    nets = group(BY_NAME["3c-T100-N3"].protocol, [0])
    strings = gr.drafts(nets.shape, 110, 1, 64)
    gr.draw(gr.TWO_CLASSES, nets.size, strings, True)
    last = strings.target[np.arange(64), strings.length - 1, 0]
    assert set(last) == {0.2, 0.8}


@pytest.mark.parametrize("name", ["1-3x2-rate0.5", "3a-T100-N3", "4-T100"])
def test_each_way_of_judging_reports_every_seed(name: str) -> None:
    row = BY_NAME[name]
    (parameters,) = trials_of(row)(True).values()
    outcome = run({**parameters, "seeds": [4, 5], "budget": 500}, "cpu")
    assert [seed["seed"] for seed in outcome["seeds"]] == [4, 5]
    assert all(seed["sequences"] == 500 and not seed["solved"] for seed in outcome["seeds"])


def test_how_a_row_is_judged_is_a_parameter_of_its_trials() -> None:
    row = BY_NAME["3a-T100-N3"]
    before, after = (
        trials_of(one)(False)["group0"] for one in (row, replace(row, judged="window", judging={}))
    )
    assert before != after


def test_groups_do_not_share_seeds() -> None:
    seeds = [seed for g in range(4) for seed in seeds_of(g)]
    assert len(set(seeds)) == len(seeds)


def test_a_group_too_large_is_refused() -> None:
    with pytest.raises(ValueError, match="1 to 8 seeds"):
        group(BY_NAME["6a"].protocol, list(range(9)))
