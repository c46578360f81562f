"""Where a course stands: what has been done, what no longer holds, and the next command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from autograder.course.directory import Course
from autograder.steps.feedback import feedback
from autograder.steps.report import report
from autograder.steps.status import status
from autograder.verdict import Verdict
from tests.autograder import tiny

Submit = Callable[[str, dict[str, str]], Path]
Grade = Callable[..., dict[str, Verdict]]
RULE = "c.LateSubmissionPlugin.penalty_method = 'zero'\n"


def test_status_says_what_comes_next(course: Course, submit: Submit, grade_here: Grade) -> None:
    def now() -> tuple[int, int, int, int, str]:
        (row,) = status(course)
        return row.collected, row.graded, row.stale, row.feedback, row.next_step.split()[1]

    (fresh,) = status(course)
    assert "collect" in fresh.next_step
    submit("ada", tiny.WRONG)
    assert now() == (1, 0, 0, 0, "grade")
    grade_here()
    assert now() == (1, 1, 0, 0, "feedback")
    feedback(course, tiny.NAME)
    assert now() == (1, 1, 0, 1, "report")
    report(course, tiny.NAME)
    (done,) = status(course)
    assert done.next_step == "nothing new since the report; marks: autograder export tiny"
    submit("ada", tiny.RIGHT)
    assert now() == (1, 0, 1, 0, "grade")


def test_what_is_released_stands_before_what_is_not(course: Course, project: Path) -> None:
    other = project / "exercises" / "early.md"
    other.write_text((project / "exercises" / "tiny.md").read_text())
    try:
        assert [(row.assignment, row.released) for row in status(course)] == [
            (tiny.NAME, "yes"),
            ("early", "no"),
        ]
    finally:
        other.unlink()


def test_status_sees_a_stale_release(course: Course, project: Path) -> None:
    (row,) = status(course)
    exercise = project / "exercises" / "tiny.md"
    text = exercise.read_text()
    try:
        exercise.write_text(text + "\nOne more line.\n")
        (row,) = status(course)
        assert (row.released, row.next_step) == ("stale", "autograder release tiny")
    finally:
        exercise.write_text(text)


def test_status_sees_a_due_date_set_after_grading(
    course: Course, submit: Submit, grade_here: Grade
) -> None:
    submitted = submit("ada", tiny.RIGHT)
    submitted.with_name("timestamp.txt").write_text("2026-11-20 09:00:00 UTC")
    grade_here()
    with (course.root / "nbgrader_config.py").open("a") as config:
        config.write(RULE)
    feedback(course, tiny.NAME)
    (row,) = status(course)
    assert (row.penalties, row.next_step.split()[1]) == (0, "report")
    with course.open_gradebook() as gradebook:
        gradebook.update_or_create_assignment(tiny.NAME, duedate="2026-11-19 09:00:00 UTC")
    (row,) = status(course)
    assert (row.penalties, row.next_step.split()[1]) == (1, "grade")
    grade_here()
    (row,) = status(course)
    assert row.penalties == 0
