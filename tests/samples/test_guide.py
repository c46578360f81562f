"""Marking guides say all that the hidden suite and the corpus know."""

from __future__ import annotations

import re
from pathlib import Path

from autograder.checks import load_suite
from samples.corpus import versions
from samples.guide import guide, main
from tests.conftest import ROOT

EXERCISE = ROOT / "exercises" / "01-rnn-limits.md"


def test_every_check_and_every_bug_stands_in_the_guide_once() -> None:
    text = guide(EXERCISE)
    for check in load_suite("rnn_limits").checks:
        assert text.count(f"**{check.points:g}: {check.title}.**") == 1
    for version in versions("rnn_limits", "wrong"):
        about = " ".join(version.about.split()).rstrip(".")
        assert text.count(f"- {about}: −") == len(version.says), version.name


def test_parts_are_named_and_ordered_as_in_the_notebook_and_their_points_add_up() -> None:
    text = guide(EXERCISE)
    parts = re.findall(r"^## (Part \d): .* \((\d+) points\)$", text, re.MULTILINE)
    assert [name for name, _ in parts] == [f"Part {number}" for number in range(1, 6)]
    assert sum(int(points) for _, points in parts) == 20
    assert sum(float(p) for p in re.findall(r"^\*\*([\d.]+): ", text, re.MULTILINE)) == 20


def test_a_bug_costs_what_its_checks_are_worth() -> None:
    (line,) = re.findall(r"^- h is taken for the net input.*$", guide(EXERCISE), re.MULTILINE)
    assert line.endswith("−2.5")


def test_there_is_a_guide_for_every_assignment(tmp_path: Path) -> None:
    main(tmp_path / "guides")
    found = {path.name for path in (tmp_path / "guides").iterdir()}
    assert found == {path.name for path in (ROOT / "exercises").glob("*.md")}
