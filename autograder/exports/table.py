"""Marks as CSV, for the spreadsheet or the student administration."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO

from autograder.course.directory import Course
from autograder.exports.marks import lms_of, marks
from autograder.steps.totals import totals
from autograder.verdict import Verdict

MARK_COLUMNS = (
    *("assignment", "student", "name", "lms", "lms_id"),
    *("score", "max_score", "auto_score", "late_penalty"),
    *("needs_manual_grade", "submitted", "isolation", "problems"),
    "measured",  # what checks have measured for a leaderboard, 0 to 1
    "state",  # graded, waiting (handed in, no mark yet) or missing (on the roster, nothing there)
    "late_hours",  # after the date that holds for the student; "yes": the LMS does not say how late
    *("section", "email"),
)
CHECK_COLUMNS = (
    "assignment",
    "student",
    "part",
    "check",
    "title",
    "points",
    "max_points",
    "message",
    "examined",
    "came_back",
    "help",
)
FORMULA_STARTS = ("=", "+", "-", "@")


def export(course: Course, assignments: Iterable[str], stream: TextIO, *, checks: bool) -> int:
    """Write one row per student, or with ``checks`` one per check; return how many."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(CHECK_COLUMNS if checks else MARK_COLUMNS)
    count = 0
    for assignment in assignments:
        rows = _check_rows(course, assignment) if checks else _mark_rows(course, assignment)
        for row in rows:
            writer.writerow([safe(value) for value in row])
            count += 1
    return count


def export_totals(course: Course, assignments: Sequence[str], stream: TextIO) -> int:
    """Write one row per student: points by assignment, and the course's mark in percent."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["student", *assignments, "percent"])
    rows = totals(course, assignments)
    for row in rows:
        points = ["" if each is None else each for each in row.points]
        writer.writerow([safe(row.student), *points, round(row.percent, 2)])
    return len(rows)


def safe(value: object) -> object:
    """Keep a spreadsheet from reading a student's text as a formula; numbers stay numbers."""
    if not isinstance(value, str):
        return value
    text = value.replace("\r", " ")  # the csv module leaves a lone carriage return unquoted
    return f"'{text}" if text.lstrip().startswith(FORMULA_STARTS) else text


def _verdicts(course: Course, assignment: str) -> Iterator[Verdict]:
    for student in course.graded(assignment):
        verdict = course.read_verdict(assignment, student)
        if verdict is not None:
            yield verdict


def _mark_rows(course: Course, assignment: str) -> Iterator[list[object]]:
    """The score is the gradebook's: with manual grades, extra credit and late penalty."""
    for mark in marks(course, assignment):
        score, verdict = mark.score, mark.verdict
        is_graded = score is not None and mark.state == "graded"
        yield [
            assignment,
            mark.student,
            mark.person.name,
            *lms_of(mark),
            score.points if score and is_graded else "",
            mark.max_points,
            verdict.points if verdict else "",
            (score.penalty or 0) if score and is_graded else "",
            score.needs_manual_grade if score else "",
            score.timestamp.isoformat() if score and score.timestamp else "",
            verdict.isolation if verdict else "",
            " | ".join(verdict.problems) if verdict else "",
            verdict.measured.get("score", "") if verdict else "",
            mark.state,
            round(mark.late_s / 3600, 2) or ("yes" if mark.is_late else 0),
            ", ".join(mark.person.sections),
            mark.person.email,
        ]


def _check_rows(course: Course, assignment: str) -> Iterator[list[object]]:
    for verdict in _verdicts(course, assignment):
        for part in verdict.parts:
            for check in part.checks:
                yield [
                    assignment,
                    verdict.student,
                    part.grade_id,
                    check.name,
                    check.title,
                    check.points,
                    check.max_points,
                    check.message,
                    check.examined,
                    check.came_back,
                    check.help,
                ]
