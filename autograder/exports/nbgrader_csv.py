"""The table of `nbgrader export`: its columns, its values, and quotes where a name needs them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from autograder.course.directory import Course
from autograder.exports.table import safe

COLUMNS = (
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
    *("raw_score", "late_submission_penalty", "score", "max_score"),
)


def table(course: Course, assignments: Iterable[str]) -> tuple[bytes, int]:
    """Return the table and how many rows it has. Who handed nothing in has 0, as in nbgrader's."""
    wanted = list(assignments)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    count = 0
    with course.open_gradebook() as book:
        for assignment in book.assignments:
            if assignment.name in wanted:
                submissions = {
                    s.student_id: s for s in book.assignment_submissions(assignment.name)
                }
                for student in book.students:
                    writer.writerow(_row(assignment, student, submissions.get(student.id)))
                    count += 1
    return text.getvalue().encode(), count


def _row(assignment: object, student: object, submission: object | None) -> list[object]:
    """Return a row; the three are nbgrader's own objects."""
    penalty = getattr(submission, "late_submission_penalty", 0.0)
    raw = getattr(submission, "score", 0.0)
    values = (
        getattr(assignment, "name", ""),
        getattr(assignment, "duedate", None),
        getattr(submission, "timestamp", None),
        *(getattr(student, name, None) for name in ("id", "last_name", "first_name", "email")),
        *(raw, penalty, max(0.0, raw - penalty)),
        getattr(assignment, "max_score", 0.0),
    )
    return ["" if value is None else safe(value) for value in values]
