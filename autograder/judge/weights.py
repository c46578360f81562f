"""What the parts are worth: the suite's checks, in the points of the instructor's notebook."""

from __future__ import annotations

from typing import Any

from autograder.notebooks.marks import cells_of, marks_of
from autograder.suite.suite import Suite, load_suite


def suite_for(name: str, source: Any) -> Suite:
    """Load a suite, each part worth what the instructor's notebook says."""
    marks = [marks_of(cell) for cell in cells_of(source)]
    facts = source.get("metadata", {}).get("autograder", {})
    points = {each.grade_id: each.points for each in marks if each.role == "test"}
    return load_suite(name).weighed(points, facts.get("optional", []))
