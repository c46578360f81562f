"""The attack benchmark: what it counts, what it prints, and a run on two submissions."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.attack import Result, lost, main, summary, table, unearned
from benchmarks.leaks import leaked
from samples.hostile_notebooks import Attack, attacks

ROOT = Path(__file__).parents[2]
LINE = re.compile(
    r"attack total=\d+ ours_unearned=\d+ ours_leaks=\d+ ours_survivors=\d+ ours_lost=\d+ "
    r"stock_unearned=\d+ stock_leaks=\d+"
)
ATTACK = Attack("fake", "tries", {"cell-tests": 0.5}, lambda released, path, neighbour: None)


def test_points_above_what_a_part_deserves_are_unearned() -> None:
    assert unearned(ATTACK, {"cell-tests": 0.5, "layer-tests": 0.0}) == 0
    assert unearned(ATTACK, {"cell-tests": 2.0, "layer-tests": 3.0}) == 4.5
    assert unearned(ATTACK, {"cell-tests": None}) == 0
    assert unearned(ATTACK, None) == 0


def test_a_missing_or_changed_mark_is_lost() -> None:
    before = {"ada": {"a": 1.0}, "grace": {"a": 2.0}, "alan": {"a": 3.0}}
    after = {"ada": {"a": 1.0}, "grace": {"a": 4.0}, "mallory": {"a": 9.0}}
    assert lost(before, after) == ["grace", "alan"]


def test_leaks_are_found_through_html_and_are_not_what_the_student_wrote() -> None:
    secrets = {"expect_close(actual, torch.tanh(a))", "return all_states(weights, x)"}
    page = '<span class="k">expect_close</span>(actual, <b>torch</b>.tanh(a))  # &lt;-'
    assert leaked(secrets, "", [page]) == ["expect_close(actual, torch.tanh(a))"]
    wrote = "    return all_states(weights,  x)"
    assert leaked(secrets, wrote, ["return all_states(weights, x)"]) == []


def test_the_line_for_scripts_counts_attacks_and_decides_the_exit_code() -> None:
    clean, cheated = Result(0.0, 0.0), Result(5.0, 5.0, leaks=["x", "y"])
    line, code = summary({"a": cheated, "b": clean}, {"a": clean, "b": Result(None, 0.0)})
    assert line == (
        "attack total=2 ours_unearned=0 ours_leaks=0 ours_survivors=0 ours_lost=0 "
        "stock_unearned=1 stock_leaks=1"
    )
    assert code == 0
    for bad in (
        Result(1.0, 1.0),
        Result(0.0, 0.0, leaks=["x"]),
        Result(0.0, 0.0, survivors=["sleep"]),
        Result(0.0, 0.0, lost=["ada"]),
    ):
        line, code = summary({"a": clean}, {"a": bad})
        assert LINE.fullmatch(line)
        assert code == 1


def test_the_table_has_a_row_for_each_attack() -> None:
    results = {"fake": Result(None, 0.0, note="hung")}
    assert table([ATTACK], results, results).row_count == 1


def test_the_corpus_is_large_and_every_attack_says_what_it_deserves() -> None:
    corpus = attacks()
    assert len(corpus) >= 24
    assert len({attack.name for attack in corpus}) == len(corpus)
    assert all(attack.tries for attack in corpus)
    # An attack that lives off stolen or wrong answers is worth next to nothing.
    assert all(sum(attack.deserves.values()) <= 1 for attack in corpus)


@pytest.mark.sandbox
def test_a_run_on_two_attacks() -> None:
    names = ["drop_asserts", "print_hidden_tests"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.attack", *names],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == (
        "attack total=2 ours_unearned=0 ours_leaks=0 ours_survivors=0 ours_lost=0 "
        "stock_unearned=1 stock_leaks=1"
    )
    assert all(name in done.stdout for name in names)


def test_an_unknown_attack_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["no_such_attack"]) == 2
    assert "no_such_attack" in capsys.readouterr().out
