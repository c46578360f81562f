"""Judge single checks again, after a hidden test was mended, and keep the rest of each verdict.

Whoever says ``--only`` vouches that nothing but these checks has changed. What can be held
against the verdicts is: the same submission, seed and isolation, and no other check that is new,
gone elsewhere or worth something else. The verdict then counts as made by today's suite, and names
the checks that were judged by themselves.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import msgspec

from autograder.course.fingerprint import FAILED, digest_of
from autograder.errors import AutograderError
from autograder.judge.worker import Job
from autograder.verdict import CheckResult, PartResult, Verdict

if TYPE_CHECKING:
    from autograder.suite.suite import Suite

IN_FULL = "there was no verdict on this submission to keep, so all of it was judged"


class Regrade:
    """The checks that are to be judged again, and what may be kept beside them."""

    def __init__(self, suite: Suite, only: Collection[str]) -> None:
        known = [check.name for check in suite.checks]
        unknown = [name for name in only if name not in known]
        if unknown:
            raise AutograderError(
                f"there is no check called {', '.join(map(repr, unknown))}",
                suite.where,
                f"Name one of: {', '.join(known)}.",
            )
        self.suite, self.only = suite, only

    def job(self, job: Job, old: Verdict | None) -> Job:
        """Return the job of judging these checks alone, or all where nothing can be kept."""
        if old is None or not _is_on_the_same(old, job):
            return job
        for part in self.suite.grade_ids:
            self._results(old, part, {})
        return msgspec.structs.replace(job, only=tuple(self.only))

    def merged(self, old: Verdict, new: Verdict) -> Verdict:
        """Return the old verdict with the new results in it."""
        results = {check.name: check for part in new.parts for check in part.checks}
        parts = [
            msgspec.structs.replace(part, checks=self._results(old, part.grade_id, results))
            for part in new.parts
        ]
        return msgspec.structs.replace(
            old,
            parts=parts,
            fingerprint=new.fingerprint,
            problems=list(dict.fromkeys([*old.problems, *new.problems])),
            regraded=sorted({*old.regraded, *self.only}),
            measured=old.measured | new.measured,
        )

    def _results(
        self, old: Verdict, grade_id: str, results: dict[str, CheckResult]
    ) -> list[CheckResult]:
        """Return the results of a part: new ones of the chosen checks, old ones of the others."""
        kept = {check.name: (part, check) for part in old.parts for check in part.checks}
        checks = []
        for check in self.suite.checks_for(grade_id):
            if check.name in self.only:
                checks += [results[check.name]] if results else []
                continue
            part, result = kept.get(check.name, (PartResult("", 0.0), None))
            if result is None or (part.grade_id, result.max_points) != (grade_id, check.points):
                raise AutograderError(
                    f"the check {check.name!r} is not what it was when {old.student!r} was judged: "
                    "it is new, belongs to another part or is worth something else",
                    self.suite.where,
                    f"Add --only {check.name}, or judge everything again with --regrade.",
                )
            checks.append(result)
        return checks


def _is_on_the_same(old: Verdict, job: Job) -> bool:
    was = (old.submission, old.seed, old.isolation)
    return was == (digest_of(job.submission), job.seed, job.isolation) and old.fingerprint != FAILED
