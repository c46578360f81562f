"""The class report: how the marks are spread, which check is hard, who needs a word.

Marks are the gradebook's; the checks and their messages are the verdicts'.
"""

from __future__ import annotations

from pathlib import Path
from statistics import mean, median
from typing import Any

from autograder.course.directory import Course
from autograder.course.files import write_atomically
from autograder.steps.manifest import read_manifest
from autograder.steps.pages import render
from autograder.steps.scores import Score, read_scores
from autograder.verdict import Verdict

BINS = 10
LEFT, RIGHT, TOP, BOTTOM = 40, 630, 20, 160  # the plot's box in the SVG of the template


def report(course: Course, assignment: str, output: Path | None = None) -> Path:
    """Write the report of one assignment and return its path."""
    course.require_released(assignment)
    scores = read_scores(course, assignment)
    read = [course.read_verdict(assignment, student) for student in course.graded(assignment)]
    judged = [(found, scores.get(found.student)) for found in read if found is not None]
    marked = [(found, score) for found, score in judged if score and score.agrees_with(found)]
    done = {found.student for found, _ in marked}
    waiting = sorted({*course.students(assignment), *(found.student for found, _ in judged)} - done)
    target = output or course.report(assignment)
    refused = read_manifest(course, assignment).refused
    write_atomically(target, page(assignment, marked, waiting, refused).encode())
    return target


def page(
    assignment: str, marked: list[tuple[Verdict, Score]], waiting: list[str], refused: list[Any]
) -> str:
    """Return the report as HTML; ``waiting`` are those whose mark is not in the gradebook yet."""
    verdicts = [verdict for verdict, _ in marked]
    marks = [score.points for _, score in marked] or [0.0]
    max_points = max((score.max_points for _, score in marked), default=0.0)
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
        regraded=sorted({name for verdict in verdicts for name in verdict.regraded}),
        waiting=waiting,
        refused=refused,
        bars=_bars(counts, max_points),
        chart_label="Submissions by points, lowest to highest: " + ", ".join(map(str, counts)),
        checks=_checks(verdicts),
        submissions=sorted(
            (_submission(verdict, score) for verdict, score in marked),
            key=lambda row: (not row["problems"], row["points"], row["student"]),
        ),
    )


def histogram(marks: list[float], max_points: float) -> list[int]:
    """Count the marks in equal bins from zero to full; full marks fall into the last one.

    So does what extra credit lifts above them, and what a mark by hand puts below zero falls
    into the first.
    """
    counts = [0] * BINS
    for mark in marks:
        share = mark / max_points if max_points else 0.0
        counts[min(max(int(share * BINS), 0), BINS - 1)] += 1
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


def _submission(verdict: Verdict, score: Score) -> dict[str, Any]:
    """Return a row of the table; a message that many checks share is shown once."""
    messages: dict[str, int] = {}
    measured = verdict.measured.get("score")
    for part in verdict.parts:
        for check in part.checks:
            if not check.passed:
                text = check.message or f"{check.title}: not passed"
                messages[text] = messages.get(text, 0) + 1
    reasons = [
        f"{text} ({count} checks)" if count > 1 else text for text, count in messages.items()
    ]
    problems = list(verdict.problems)
    if len(messages) == 1 < sum(messages.values()) and not verdict.points and not problems:
        problems = [f"one cause took all points: {reasons.pop()}"]
    return {
        "student": verdict.student,
        "points": score.points,
        "max_points": score.max_points,
        "made_of": _made_of(verdict, score),
        "measured": f"score {100 * measured:.1f} %" if measured is not None else "",
        "problems": problems,
        "reasons": [reason for reason in reasons if reason not in problems],
    }


def _made_of(verdict: Verdict, score: Score) -> str:
    """Say what else than the tests is in a mark; nothing when there is nothing else."""
    said = []
    by_hand = score.before_penalty - verdict.points
    if by_hand:
        said.append(f"by hand {by_hand:+.4g}")
    if score.penalty:
        said.append(f"late {-score.penalty:+.4g}")
    return ", ".join([f"tests {verdict.points:.4g}", *said]) if said else ""
