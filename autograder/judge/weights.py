"""What the parts are worth: the suite's checks, in the points of the instructor's notebook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograder.notebooks.marks import cells_of, marks_of
from autograder.notebooks.outline import part_titles
from autograder.suite.own import load_text
from autograder.suite.suite import Suite, load_suite
from autograder.verdict import ByHand


def suite_for(name: str, source: Any, files: Mapping[str, str]) -> Suite:
    """Load a suite, each part worth what the instructor's notebook says.

    ``files`` are the modules of an assignment of the instructor's own, by file name; there are none
    for a suite that is ours.
    """
    marks = [marks_of(cell) for cell in cells_of(source)]
    facts = source.get("metadata", {}).get("autograder", {})
    points = {each.grade_id: each.points for each in marks if each.role == "test"}
    suite = load_text(name, files) if files else load_suite(name)
    return suite.weighed(points, facts.get("optional", []))


def by_hand(source: Any) -> list[ByHand]:
    """Return what a person marks in the instructor's notebook."""
    titles, facts = part_titles(source), source.get("metadata", {}).get("autograder", {})
    optional = facts.get("optional", [])
    return [
        ByHand(each.grade_id, each.points, titles.get(each.grade_id, ""), each.grade_id in optional)
        for each in map(marks_of, cells_of(source))
        if each.by_hand
    ]
