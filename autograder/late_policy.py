"""What handing in late costs, for nbgrader: what nbgrader_config.py names as its plugin.

nbgrader asks it whenever it autogrades, and so do our own commands (`steps/late.py`), so both give
the same mark. The rule of an assignment stands beside the exercise (``[late]`` in its terms);
for assignments without one the course has a rule in nbgrader_config.py:

    c.LatePolicy.percent = 10        # the names are those of [late]
    c.LatePolicy.per = "day"

and nbgrader's own ``c.LateSubmissionPlugin.penalty_method`` holds where there is neither.
"""

from __future__ import annotations

from pathlib import Path

from nbgrader.plugins import LateSubmissionPlugin
from traitlets import Enum, Float

from autograder.course.directory import find
from autograder.errors import AutograderError
from autograder.notebooks.terms import Late, late_problem, read_terms


class LatePolicy(LateSubmissionPlugin):
    """Percent for each day or hour begun, with a grace and an end."""

    grace_minutes = Float(0.0, help="Late by no more than this is not late.").tag(config=True)
    percent = Float(0.0, help="Percent of what was earned, for each day begun.").tag(config=True)
    per = Enum(("day", "hour"), "day", help="Or for each hour begun.").tag(config=True)
    at_most = Float(100.0, help="Percent in all.").tag(config=True)
    zero_after_days = Float(None, allow_none=True, help="Days after which nothing is left.").tag(
        config=True
    )

    def late_submission_penalty(
        self, student_id: str, score: float, total_seconds_late: float
    ) -> float | None:
        """Return what is taken off; None for nothing."""
        rule = self.rule()
        if rule is None:
            penalty: float | None = super().late_submission_penalty(
                student_id, score, total_seconds_late
            )
            return penalty
        return rule.penalty(score, total_seconds_late) or None

    def rule(self) -> Late | None:
        """Return the assignment's rule, or the course's; None when neither has one."""
        course = find(Path(self.config.CourseDirectory.root))
        own = read_terms(course.exercise(self.parent.assignment_id)).late
        if own is not None:
            return own
        late = Late(self.grace_minutes, self.percent, self.per, self.at_most, self.zero_after_days)
        if problem := late_problem(late):
            what, todo = problem
            raise AutograderError(what, str(course.root / "nbgrader_config.py"), todo)
        return late if late.percent or late.zero_after_days is not None else None

    def __str__(self) -> str:
        """Return the rule in words."""
        if (rule := self.rule()) is not None:
            return str(rule)
        return "nothing left" if self.penalty_method == "zero" else "nothing is taken off"
