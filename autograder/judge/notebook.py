"""Judge one submission: run its cells in the student's process, the checks in this one."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from typing import Any

from autograder.errors import AutograderError
from autograder.inside.refusal import message as refusal
from autograder.judge.cells import Cells, Exhausted, plain
from autograder.judge.words import NotebookWords
from autograder.line.base import Spawner
from autograder.line.limits import Limits
from autograder.notebooks.outline import outline, part_titles, sentence
from autograder.notebooks.pairing import Paired, pair, refused_parts
from autograder.stages import stage
from autograder.suite.desk import Desk
from autograder.suite.examine import examine, result
from autograder.suite.student import Student
from autograder.suite.suite import Check, Suite
from autograder.verdict import CheckResult, PartResult, Verdict

MESSAGE_CHARS = 1_500
MAX_LOST = 2  # processes that one part may cost before the rest of it is given up


def judge_notebook(
    source: Any,
    submission: Any,
    suite: Suite,
    sandbox: Spawner,
    *,
    student: str,
    assignment: str,
    seed: int,
    fingerprint: str,
    limits: Limits | None = None,
    only: Collection[str] = (),
) -> Verdict:
    """Return the verdict on one submitted notebook.

    Args:
        source: the instructor's assembled notebook (NotebookNode), hidden regions included.
        submission: the student's notebook (NotebookNode), trusted in nothing.
        suite: the hidden checks; their points must add up to those of the graded cells.
        sandbox: hands out student processes (a `Sandbox`, or a `LocalSpawner` for trusted code).
        student, assignment, fingerprint: written on the verdict as they are.
        seed: the same seed gives the same inputs to the same check.
        only: the names of the checks to run; none means all. Every cell runs in any case.

    Raises:
        AutograderError: the suite and the source do not fit, or the sandbox cannot start.
            Nothing in the submission can raise.
    """
    start = time.monotonic()
    with stage("pair"):
        paired = pair(outline(source), submission)
        _match(suite, paired)
        words, headings = NotebookWords(paired), part_titles(source)
    with Cells(paired, words, suite, sandbox, limits or Limits()) as cells:
        with stage("scan"):
            refused = refused_parts(paired, cells.scan(), suite.refuse, suite.refuse_in, refusal)
        with stage("cells"):
            cells.run()
        desk = Desk(seed, cells.renewed, paired.written)
        parts = [
            PartResult(
                grade_id,
                suite.points(grade_id),
                _part(cells, words, suite, checks, desk, refused.get(grade_id)),
                headings.get(grade_id, ""),
                grade_id in suite.optional,
            )
            for grade_id, checks in _checks(suite, paired, only)
        ]
    return Verdict(
        assignment=assignment,
        student=student,
        isolation=sandbox.level,
        seed=seed,
        fingerprint=fingerprint,
        parts=parts,
        cells=cells.results,
        problems=[sentence(problem) for problem in paired.problems],
        measured=desk.measured,
        seconds=round(time.monotonic() - start, 3),
    )


def _match(suite: Suite, paired: Paired) -> None:
    """Raise unless every graded cell has checks worth exactly its points."""
    where = f"autograder/hidden/{suite.name}"
    for grade_id in suite.grade_ids:
        if grade_id not in paired.points:
            raise AutograderError(
                f"checks for {grade_id!r}, which is no graded cell of the notebook",
                where,
                "Correct the id in the suite or in the exercise.",
            )
    for grade_id, points in paired.points.items():
        if abs(points - suite.points(grade_id)) > 1e-9:
            raise AutograderError(
                f"the cell {grade_id!r} is worth {points:g} points and its checks "
                f"{suite.points(grade_id):g}",
                where,
                "Make the two agree.",
            )


def _checks(
    suite: Suite, paired: Paired, only: Collection[str]
) -> Iterator[tuple[str, list[Check]]]:
    """Yield every graded cell that has checks, with those of them that are to run."""
    for grade_id in paired.points:
        checks = suite.checks_for(grade_id)
        if checks:
            yield grade_id, [check for check in checks if not only or check.name in only]


def _part(
    cells: Cells,
    words: NotebookWords,
    suite: Suite,
    checks: list[Check],
    desk: Desk,
    refused: str | None,
) -> list[CheckResult]:
    """Run checks of one graded cell."""
    results: list[CheckResult] = []
    lost = 0
    for check in checks:
        message: str | None
        if refused is not None:
            message = refused
        elif lost == MAX_LOST:
            message = f"not examined: {lost} checks of this part hung or ended the process"
        else:
            try:
                transport = cells.ready(suite.refused(check.grade_id))
            except Exhausted as reason:
                message = f"not examined: {reason}"
            else:
                student = Student(
                    transport,
                    call_s=cells.limits.call_s,
                    deadline=cells.deadline,
                    words=words,
                    desk=desk,
                )
                with stage("checks"):
                    message = examine(suite, check, student, transport, desk.seed)
                lost += not student.alive
        shown = None if message is None else plain(message, MESSAGE_CHARS)
        results.append(result(check, shown))
    return results
