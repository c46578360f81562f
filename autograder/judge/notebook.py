"""Judge one submission: run its cells in the student's process, the checks in this one."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from typing import Any

from autograder.errors import AutograderError
from autograder.inside.refusal import message as refusal
from autograder.judge.cells import Cells, Exhausted, plain
from autograder.judge.weights import by_hand
from autograder.judge.words import NotebookWords
from autograder.line.base import Spawner
from autograder.line.limits import Limits
from autograder.notebooks.hints import where_to_look
from autograder.notebooks.outline import outline, part_titles, sentence
from autograder.notebooks.pairing import Paired, pair, refused_parts, unwritten
from autograder.stages import stage
from autograder.suite.desk import Desk
from autograder.suite.examine import Failed, examine, result
from autograder.suite.student import Student
from autograder.suite.suite import Check, Suite
from autograder.verdict import CheckResult, PartResult, Verdict

MESSAGE_CHARS = 1_500
DETAIL_CHARS = 300
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
        paired.problems += unwritten(source, submission)
        _match(suite, paired)
        words, headings = NotebookWords(paired), part_titles(source)
        look = where_to_look(source, f"{assignment}.ipynb")
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
                _part(
                    cells,
                    words,
                    suite,
                    checks,
                    desk,
                    refused.get(grade_id),
                    look.get(grade_id, ""),
                ),
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
        by_hand=by_hand(source),
        seconds=round(time.monotonic() - start, 3),
    )


def _match(suite: Suite, paired: Paired) -> None:
    """Raise unless every graded cell has checks worth exactly its points."""
    for check in suite.checks:
        if check.grade_id not in paired.points:
            raise AutograderError(
                f"the check {check.name!r} is for {check.grade_id!r}, which is no graded cell of "
                "the notebook",
                suite.where,
                "Correct the id in the suite or in the exercise.",
            )
    for grade_id, points in paired.points.items():
        if abs(points - suite.points(grade_id)) > 1e-9:
            raise AutograderError(
                f"the cell {grade_id!r} is worth {points:g} points and its checks "
                f"{suite.points(grade_id):g}",
                suite.where,
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
    help: str,
) -> list[CheckResult]:
    """Run checks of one graded cell."""
    results: list[CheckResult] = []
    lost = 0
    for check in checks:
        failed: Failed | None
        if refused is not None:
            failed = Failed(refused)
        elif lost == MAX_LOST:
            failed = Failed(f"not examined: {lost} checks of this part hung or ended the process")
        else:
            try:
                transport = cells.ready(suite.refused(check.grade_id))
            except Exhausted as reason:
                failed = Failed(f"not examined: {reason}")
            else:
                student = Student(
                    transport,
                    call_s=cells.limits.call_s,
                    deadline=cells.deadline,
                    words=words,
                    desk=desk,
                )
                with stage("checks"):
                    failed = examine(suite, check, student, transport, desk.seed)
                lost += not student.alive
        results.append(result(check, failed and _shown(failed), help))
    return results


def _shown(failed: Failed) -> Failed:
    """Return it fit to show anywhere: no control characters, not too long."""
    return Failed(
        plain(failed.message, MESSAGE_CHARS),
        plain(failed.examined, DETAIL_CHARS),
        plain(failed.came_back, DETAIL_CHARS),
    )
