"""Everything about marks as one JSON document, for programs.

``schema`` says how to read it; its number grows when something is renamed or taken away, and
stays when something is added.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from autograder.course.directory import Course
from autograder.exports.marks import Mark, marks
from autograder.notebooks.terms import read_terms
from autograder.steps.deadlines import deadlines
from autograder.steps.late import LateRule
from autograder.steps.scores import maximum

SCHEMA = "autograder-marks/1"


def document(course: Course, assignments: Iterable[str]) -> bytes:
    """Return the document of these assignments."""
    dates = {one.assignment: one for one in deadlines(course)}
    content = {
        "schema": SCHEMA,
        "course": course.settings.course_id,
        "timezone": course.settings.timezone or None,
        "assignments": [
            {
                "name": name,
                "due": _time(dates[name].due),
                "late_policy": LateRule(course, name).in_words(),
                "weight": read_terms(course.exercise(name)).weight,
                "max_points": maximum(course, name),
                "students": [_student(mark, dates[name].extended) for mark in marks(course, name)],
            }
            for name in assignments
        ],
    }
    return msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n"


def _student(mark: Mark, extended: dict[str, datetime]) -> dict[str, Any]:
    person, score, verdict = mark.person, mark.score, mark.verdict
    return {
        "student": mark.student,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "email": person.email,
        "sections": person.sections,
        "ids": person.ids,
        "on_roster": mark.is_on_roster,
        "state": mark.state,
        "points": mark.points,
        "max_points": mark.max_points,
        "late_penalty": (score.penalty or 0.0) if score else 0.0,
        "submitted": _time(score.timestamp) if score else None,
        "due": _time(extended.get(mark.student)),
        "late_seconds": mark.late_s,
        "flagged_late": bool(mark.entry and mark.entry.is_late),
        "needs_manual_grade": bool(score and score.needs_manual_grade),
        "isolation": verdict.isolation if verdict else None,
        "problems": verdict.problems if verdict else [],
        "measured": verdict.measured if verdict else {},
        "parts": [
            {
                "name": part.grade_id,
                "title": part.title,
                "points": score.parts[part.grade_id].points if score else part.points,
                "auto_points": part.points,
                "max_points": part.max_points,
                "optional": part.optional,
                "checks": part.checks,
            }
            for part in (verdict.parts if verdict else [])
        ],
    }


def _time(moment: datetime | None) -> str | None:
    """Return a time as ISO 8601 in UTC; the gradebook's say no zone and mean that one."""
    if moment is None:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()
