"""Marking guides say all that the hidden suite and the corpus know."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from samples.assignments import Assignment, assignments
from samples.guide import guide, main
from tests.conftest import ROOT

FIRST = Assignment("01-rnn-limits")


@pytest.mark.parametrize("assignment", assignments(), ids=lambda each: each.name)
def test_every_check_and_every_bug_stands_in_the_guide_once(assignment: Assignment) -> None:
    text = guide(assignment)
    for check in assignment.suite.checks:
        assert f"**{check.points:g}: {check.title}.**" in text
    for version in assignment.wrong:
        about = " ".join(version.about.split()).rstrip(".")
        assert text.count(f"- {about}: −") == len(version.says), version.name


def test_parts_are_named_and_ordered_as_in_the_notebook_and_their_points_add_up() -> None:
    text = guide(FIRST)
    parts = re.findall(r"^## (Part \d): .* \((\d+) points\)$", text, re.MULTILINE)
    assert [name for name, _ in parts] == [f"Part {number}" for number in range(1, 6)]
    assert sum(int(points) for _, points in parts) == 20
    assert sum(float(p) for p in re.findall(r"^\*\*([\d.]+): ", text, re.MULTILINE)) == 20


def test_a_bug_costs_what_its_checks_are_worth() -> None:
    (line,) = re.findall(r"^- h is taken for the net input.*$", guide(FIRST), re.MULTILINE)
    assert line.endswith("−2.5")


def test_there_is_a_guide_for_every_assignment(tmp_path: Path) -> None:
    main(tmp_path / "guides")
    found = {path.name for path in (tmp_path / "guides").iterdir()}
    assert found == {path.name for path in (ROOT / "exercises").glob("*.md")}
