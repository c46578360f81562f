"""Read marks straight from a gradebook file.

Through SQL and read-only, not through nbgrader: a gradebook that a hostile submission has
touched is data to look at, and the configuration beside it is code that must not run here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

MARKS = """
SELECT submitted_assignment.student_id, base_cell.name,
       COALESCE(grade.manual_score, grade.auto_score) + COALESCE(grade.extra_credit, 0)
FROM grade
JOIN base_cell ON base_cell.id = grade.cell_id
JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id
JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id
JOIN assignment ON assignment.id = submitted_assignment.assignment_id
WHERE assignment.name = ?
"""


def read_marks(gradebook: Path, assignment: str) -> dict[str, dict[str, float | None]]:
    """Return points per student and graded cell; None where nothing has been graded."""
    with closing(sqlite3.connect(f"file:{gradebook}?mode=ro", uri=True)) as connection:
        marks: dict[str, dict[str, float | None]] = {}
        for student, part, points in connection.execute(MARKS, (assignment,)):
            marks.setdefault(student, {})[part] = points
    return marks


def total(parts: Mapping[str, float | None] | None) -> float | None:
    """Return the sum of the parts' points, None when there is no mark."""
    if not parts or all(points is None for points in parts.values()):
        return None
    return sum(points for points in parts.values() if points is not None)
