"""The class report: how the marks are spread, which check is hard, who needs a word."""

from __future__ import annotations

from pathlib import Path
from statistics import mean, median
from typing import Any

from autograder.course.directory import Course
from autograder.course.files import write_atomically
from autograder.steps.manifest import read_manifest
from autograder.steps.pages import render
from autograder.verdict import Verdict

BINS = 10
LEFT, RIGHT, TOP, BOTTOM = 40, 630, 20, 160  # the plot's box in the SVG of the template


def report(course: Course, assignment: str, output: Path | None = None) -> Path:
    """Write the report of one assignment and return its path."""
    course.require_released(assignment)
    students = course.graded(assignment)
    read = [course.read_verdict(assignment, student) for student in students]
    verdicts = [verdict for verdict in read if verdict is not None]
    waiting = sorted(set(course.students(assignment)) - {found.student for found in verdicts})
    target = output or course.root / "report" / f"{assignment}.html"
    refused = read_manifest(course, assignment).refused
    write_atomically(target, page(assignment, verdicts, waiting, refused).encode())
    return target


def page(assignment: str, verdicts: list[Verdict], waiting: list[str], refused: list[Any]) -> str:
    """Return the report as HTML."""
    marks = [verdict.points for verdict in verdicts] or [0.0]
    max_points = max((verdict.max_points for verdict in verdicts), default=0.0)
    levels = sorted({verdict.isolation for verdict in verdicts})
    counts = histogram(marks if verdicts else [], max_points)
    return render(
        "report.html.j2",
        assignment=assignment,
        verdicts=verdicts,
        isolation=f"isolation: {', '.join(levels) or 'none yet'}",
        median=median(marks),
        mean=mean(marks),
        max_points=max_points,
        waiting=waiting,
        refused=refused,
        bars=_bars(counts, max_points),
        chart_label="Submissions by points, lowest to highest: " + ", ".join(map(str, counts)),
        checks=_checks(verdicts),
        submissions=sorted(
            map(_submission, verdicts),
            key=lambda row: (not row["problems"], row["points"], row["student"]),
        ),
    )


def histogram(marks: list[float], max_points: float) -> list[int]:
    """Count the marks in equal bins from zero to full; full marks fall into the last one."""
    counts = [0] * BINS
    for mark in marks:
        share = mark / max_points if max_points else 0.0
        counts[min(int(share * BINS), BINS - 1)] += 1
    return counts


def _bars(counts: list[int], max_points: float) -> list[dict[str, Any]]:
    width = (RIGHT - LEFT) / BINS
    highest = max([*counts, 1])
    bars = []
    for index, count in enumerate(counts):
        height = (BOTTOM - TOP) * count / highest
        bars.append(
            {
                "x": round(LEFT + index * width + 3, 1),
                "y": round(BOTTOM - height, 1),
                "width": round(width - 6, 1),
                "height": round(height, 1),
                "middle": round(LEFT + (index + 0.5) * width, 1),
                "count": count,
                "left": round(LEFT + index * width, 1),
                "from": f"{max_points * index / BINS:.3g}",
            }
        )
    return bars


def _checks(verdicts: list[Verdict]) -> list[dict[str, Any]]:
    """Return every check with how many passed it, in the order of the exercise."""
    tally: dict[tuple[str, str], dict[str, Any]] = {}
    for verdict in verdicts:
        for part in verdict.parts:
            for check in part.checks:
                row = tally.setdefault(
                    (part.grade_id, check.name),
                    {"part": part.title, "title": check.title, "passed": 0, "total": 0},
                )
                row["passed"] += check.passed
                row["total"] += 1
    for row in tally.values():
        row["percent"] = round(100 * row["passed"] / row["total"])
    return list(tally.values())


def _submission(verdict: Verdict) -> dict[str, Any]:
    """Return a row of the table; a message that many checks share is shown once."""
    messages: dict[str, int] = {}
    for part in verdict.parts:
        for check in part.checks:
            if not check.passed:
                text = check.message or f"{check.title}: not passed"
                messages[text] = messages.get(text, 0) + 1
    reasons = [
        f"{text} ({count} checks)" if count > 1 else text for text, count in messages.items()
    ]
    return {
        "student": verdict.student,
        "points": verdict.points,
        "max_points": verdict.max_points,
        "problems": verdict.problems,
        "reasons": [reason for reason in reasons if reason not in verdict.problems],
    }
