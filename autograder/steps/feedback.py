"""The page a student gets back: the mark, what was examined and found, what people wrote.

The mark is the gradebook's: with what was given by hand, extra credit and the penalty for handing
in late. The checks and cells are the verdict's.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.course.directory import Course
from autograder.course.files import write_atomically
from autograder.errors import AutograderError, Unreadable
from autograder.notebooks.marks import answers_of
from autograder.notebooks.outline import sentence
from autograder.notebooks.read import read_bytes, read_submission
from autograder.steps.late import LateRule
from autograder.steps.pages import render
from autograder.steps.pseudonyms import pseudonym
from autograder.steps.scores import PartScore, Score, read_scores
from autograder.verdict import ByHand, CellResult, Verdict

SAYS = {
    "ok": "ran without error",
    "error": "raised an error",
    "timeout": "ran out of time",
    "crashed": "ended the Python process",
    "missing": "is missing from your notebook",
}


@dataclass(frozen=True)
class Written:
    """One page, and what is wrong with the mark on it, if something is."""

    student: str
    path: Path
    note: str = ""


def feedback(course: Course, assignment: str, students: Iterable[str] = ()) -> list[Written]:
    """Write feedback/STUDENT/ASSIGNMENT/ASSIGNMENT.html for every verdict; say what was written.

    Raises AutograderError when there is nothing to write, or when the gradebook does not hold
    what the tests gave.
    """
    course.require_released(assignment)
    chosen = list(students) or course.graded(assignment)
    if not chosen:
        raise AutograderError(
            f"no submission of {assignment!r} has been graded",
            str(course.root),
            f"Run 'autograder grade {assignment}' first.",
        )
    scores, rule = read_scores(course, assignment), LateRule(course, assignment)
    return [_write(course, assignment, student, scores.get(student), rule) for student in chosen]


def _write(
    course: Course, assignment: str, student: str, score: Score | None, rule: LateRule
) -> Written:
    verdict = course.read_verdict(assignment, student)
    if verdict is None:
        raise AutograderError(
            f"there is no verdict for {student!r}",
            str(course.verdict_path(assignment, student)),
            f"Run 'autograder grade {assignment}', or correct the name.",
        )
    if score is None or not score.agrees_with(verdict):
        raise AutograderError(
            f"the gradebook does not have the points that the tests gave {student!r}",
            str(course.root),
            f"Run 'autograder grade {assignment}' again: it writes them there.",
        )
    data = read_bytes(course.notebook("submitted", assignment, student))
    target = course.feedback(assignment, student)
    alias = pseudonym(course.settings.seed, assignment, student)
    write_atomically(target, page(verdict, score, data, alias).encode())
    # `status` tells by these times whether a page is up to date, also when the clock went back.
    made = course.verdict_path(assignment, student).stat().st_mtime_ns
    if target.stat().st_mtime_ns < made:
        os.utime(target, ns=(made, made))
    return Written(student, target, _note(score, rule))


def _note(score: Score, rule: LateRule) -> str:
    if not rule.is_out_of_date(score):
        return ""
    return (
        f"the page takes off {score.penalty or 0:g} points for handing in late, and by today's "
        f"due date and rule it is {rule.penalty(score) or 0:g}"
    )


def page(verdict: Verdict, score: Score, submission: bytes, alias: str = "") -> str:
    """Return the feedback page; ``submission`` is the file as it was handed in.

    ``alias`` is what the student is called on a leaderboard, if there is one.
    """
    try:
        read = read_submission(submission)
        answers, texts = answers_of(read), answers_of(read, "markdown")
    except Unreadable:
        answers, texts = {}, {}
    tested = {part.grade_id for part in verdict.parts}
    names = {result.cell_id: sentence(result.name or result.cell_id) for result in verdict.cells}
    by_hand = {each.grade_id: each for each in verdict.by_hand}
    titles = names | {name: each.title for name, each in by_hand.items()}
    cells = [
        _cell(result, answers[result.cell_id], names[result.cell_id])
        for result in verdict.cells
        if result.cell_id in answers
    ]
    return render(
        "feedback.html.j2",
        verdict=verdict,
        score=score,
        parts=[(part, score.parts[part.grade_id]) for part in verdict.parts],
        others=[
            other(titles.get(name, name), part, texts.get(name, ""), by_hand.get(name))
            for name, part in score.parts.items()
            if name not in tested
        ],
        tested=verdict.points,
        alias=alias if "score" in verdict.measured else "",
        comments=[(titles.get(cell, cell), text) for cell, text in score.comments.items()],
        cells=cells,
    )


def other(title: str, given: PartScore, text: str, cell: ByHand | None) -> dict[str, Any]:
    """Return what a page says of a cell that no test marks."""
    if given.manual is not None:
        says = "Marked by hand."
    elif given.auto is not None:
        says = "There was no answer."
    else:
        says = "Not marked yet."
    return {
        "title": title,
        "given": given,
        "max_points": cell.max_points if cell else given.max_points,  # which counts optional ones
        "optional": cell is not None and cell.optional,
        "says": says,
        "text": text,
    }


def _cell(result: CellResult, source: str, name: str) -> dict[str, str]:
    return {
        "name": name,
        "source": source,
        "stdout": result.stdout,
        "error": result.error,
        "says": SAYS[result.status],
    }
