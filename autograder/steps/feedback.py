"""The page a student gets back: what was examined, what was found, what their cells printed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from autograder.course.directory import Course
from autograder.course.files import write_atomically
from autograder.errors import AutograderError, Unreadable
from autograder.notebooks.marks import answers_of
from autograder.notebooks.outline import sentence
from autograder.notebooks.read import read_bytes, read_submission
from autograder.steps.pages import render
from autograder.verdict import CellResult, Verdict

SAYS = {
    "ok": "ran without error",
    "error": "raised an error",
    "timeout": "ran out of time",
    "crashed": "ended the Python process",
    "missing": "is missing from your notebook",
}


def feedback(course: Course, assignment: str, students: Iterable[str] = ()) -> list[Path]:
    """Write feedback/STUDENT/ASSIGNMENT/ASSIGNMENT.html for every verdict; return the paths."""
    course.require_released(assignment)
    chosen = list(students) or course.graded(assignment)
    if not chosen:
        raise AutograderError(
            f"no submission of {assignment!r} has been graded",
            str(course.root),
            f"Run 'autograder grade {assignment}' first.",
        )
    return [_write(course, assignment, student) for student in chosen]


def _write(course: Course, assignment: str, student: str) -> Path:
    verdict = course.read_verdict(assignment, student)
    if verdict is None:
        raise AutograderError(
            f"there is no verdict for {student!r}",
            str(course.verdict_path(assignment, student)),
            f"Run 'autograder grade {assignment}', or correct the name.",
        )
    data = read_bytes(course.notebook("submitted", assignment, student))
    target = course.feedback(assignment, student)
    write_atomically(target, page(verdict, data).encode())
    return target


def page(verdict: Verdict, submission: bytes) -> str:
    """Return the feedback page; ``submission`` is the file as it was handed in."""
    try:
        answers = answers_of(read_submission(submission))
    except Unreadable:
        answers = {}
    cells = [
        _cell(result, answers[result.cell_id])
        for result in verdict.cells
        if result.cell_id in answers
    ]
    return render("feedback.html.j2", verdict=verdict, cells=cells)


def _cell(result: CellResult, source: str) -> dict[str, str]:
    return {
        "name": sentence(result.name or result.cell_id),
        "source": source,
        "stdout": result.stdout,
        "error": result.error,
        "says": SAYS[result.status],
    }
