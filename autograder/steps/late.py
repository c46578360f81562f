"""What handing in late costs: nbgrader's plugin is asked, and `late_policy.py` is that plugin."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from autograder.course.directory import Course
from autograder.steps.scores import Score


class LateRule:
    """nbgrader's plugin for late submissions, asked as nbgrader asks it."""

    def __init__(self, course: Course, assignment: str) -> None:
        self._course, self._assignment = course, assignment

    @cached_property
    def _plugin(self) -> Any:
        from nbgrader.preprocessors import AssignLatePenalties

        late = AssignLatePenalties(config=self._course.nbgrader_config())
        late.assignment_id = self._assignment
        late.init_plugin()
        return late.plugin_inst

    def penalty(self, score: Score) -> float | None:
        """Return what is taken off this score: never more than there is, None for nothing."""
        if score.late_s <= 0:
            return None
        asked = self._plugin.late_submission_penalty(
            score.student, score.before_penalty, score.late_s
        )
        return None if asked is None else min(max(float(asked), 0.0), score.before_penalty)

    def in_words(self) -> str:
        """Say what the rule is."""
        from nbgrader.plugins import LateSubmissionPlugin

        ours = type(self._plugin).__str__ is not LateSubmissionPlugin.__str__
        return str(self._plugin) if ours else f"as {type(self._plugin).__name__} says"

    def is_out_of_date(self, score: Score) -> bool:
        """Tell whether the due date, an extension, the rule or the mark has changed since."""
        return (self.penalty(score) or 0.0) != (score.penalty or 0.0)
