"""The score that the gradebook has when nobody but the judge has given points."""

from __future__ import annotations

from autograder.steps.scores import PartScore, Score
from autograder.verdict import Verdict


def scored(verdict: Verdict) -> Score:
    parts = {
        part.grade_id: PartScore(part.points, max_points=part.max_points) for part in verdict.parts
    }
    return Score(verdict.student, verdict.max_points, parts)
