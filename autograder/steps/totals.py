"""The mark of the course: every student's assignments, each by its weight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autograder.course.directory import Course
from autograder.notebooks.terms import read_terms
from autograder.steps.people import read_people
from autograder.steps.scores import Score, read_scores


@dataclass(frozen=True)
class Total:
    """One student: points by assignment (None where nothing was handed in) and the mark."""

    student: str
    points: list[float | None]
    percent: float


def totals(course: Course, assignments: Sequence[str]) -> list[Total]:
    """Return everybody who is on the roster or has handed in anything, by name.

    mark = 100 sum_a w(a) min(points(a) / maximum(a), 1) / sum_a w(a)

    What was not handed in counts as nothing. Optional points can fill an assignment up, and not
    more than that.
    """
    weights = [read_terms(course.exercise(name)).weight for name in assignments]
    found = [read_scores(course, name) for name in assignments]
    students = sorted({*read_people(course), *(name for scores in found for name in scores)})
    rows = []
    for student in students:
        scores = [of.get(student) for of in found]
        earned = sum(w * _share(score) for w, score in zip(weights, scores, strict=True))
        points = [score.points if score else None for score in scores]
        rows.append(Total(student, points, 100 * earned / (sum(weights) or 1.0)))
    return rows


def _share(score: Score | None) -> float:
    if score is None or not score.max_points:
        return 0.0
    return min(score.points / score.max_points, 1.0)
