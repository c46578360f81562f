"""Marks as CSV, for the spreadsheet or the student administration."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO

from autograder.course.directory import Course
from autograder.steps.identity import BY_NAME, LMS
from autograder.steps.manifest import Entry, read_manifest
from autograder.steps.scores import read_scores
from autograder.steps.totals import totals
from autograder.verdict import Verdict

MARK_COLUMNS = (
    *("assignment", "student", "name", "lms", "lms_id"),
    *("score", "max_score", "auto_score", "late_penalty"),
    *("needs_manual_grade", "submitted", "isolation", "problems"),
    "measured",  # what checks have measured for a leaderboard, 0 to 1
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
)
FORMULA_STARTS = ("=", "+", "-", "@")


def export(course: Course, assignments: Iterable[str], stream: TextIO, *, checks: bool) -> int:
    """Write one row per submission, or with ``checks`` one per check; return how many."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(CHECK_COLUMNS if checks else MARK_COLUMNS)
    count = 0
    for assignment in assignments:
        rows = _check_rows(course, assignment) if checks else _mark_rows(course, assignment)
        for row in rows:
            writer.writerow([_safe(value) for value in row])
            count += 1
    return count


def export_totals(course: Course, assignments: Sequence[str], stream: TextIO) -> int:
    """Write one row per student: points by assignment, and the course's mark in percent."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["student", *assignments, "percent"])
    rows = totals(course, assignments)
    for row in rows:
        points = ["" if each is None else each for each in row.points]
        writer.writerow([_safe(row.student), *points, round(row.percent, 2)])
    return len(rows)


def _safe(value: object) -> object:
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
    found = read_scores(course, assignment)
    people = read_manifest(course, assignment).submissions
    for verdict in _verdicts(course, assignment):
        score = found.get(verdict.student)
        if score is None:
            continue
        yield [
            assignment,
            verdict.student,
            *_identity(people.get(verdict.student)),
            score.points,
            score.max_points,
            verdict.points,
            score.penalty or 0,
            score.needs_manual_grade,
            score.timestamp.isoformat() if score.timestamp else "",
            verdict.isolation,
            " | ".join(verdict.problems),
            verdict.measured.get("score", ""),
        ]


def _identity(entry: Entry | None) -> tuple[str, str, str]:
    """Return a student's name, and the LMS with its own id for them where that is known."""
    if entry is None or entry.kind in ("", *BY_NAME, "given"):
        return entry.original if entry else "", "", ""
    return entry.original, entry.kind if entry.kind in LMS else "", entry.id


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
                ]
