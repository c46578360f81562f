"""Does everything in a course say the same? Reads all of it, changes nothing, names what does not.

Compared are what was collected, what was handed in, the verdicts, the autograded notebooks and the
gradebook. Marks that people gave are theirs and need no verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import msgspec
import nbformat
from nbformat import NotebookNode

from autograder.course.directory import Course
from autograder.course.files import partial_files
from autograder.course.fingerprint import FAILED, Fingerprints
from autograder.course.lock import Writer, writer_of
from autograder.errors import AutograderError, Unreadable
from autograder.notebooks.marks import cells_of, grade_id_of, is_graded, is_solution
from autograder.notebooks.read import read_bytes, read_submission
from autograder.steps.autograded import graded_notebook, shown_points
from autograder.steps.late import LateRule
from autograder.steps.manifest import read_manifest
from autograder.steps.scores import Score, reading, scores
from autograder.verdict import Verdict, decode


@dataclass(frozen=True)
class Finding:
    """One thing that does not fit another; ``about`` is ASSIGNMENT/STUDENT, or a file."""

    about: str
    what: str
    todo: str


@dataclass
class Verified:
    """What was looked at, and what was found."""

    submissions: int = 0
    verdicts: int = 0
    waiting: int = 0  # handed in and not graded yet: nothing is wrong with that
    findings: list[Finding] = field(default_factory=list)
    writer: Writer | None = None  # what it writes just now may show up as a finding


def verify(course: Course, assignments: Iterable[str] = ()) -> Verified:
    """Compare all that is kept of these assignments (default: of every released one).

    Raises AutograderError when the gradebook cannot be read at all.
    """
    done = Verified(writer=writer_of(course))
    with reading(course, is_strict=True) as session:
        done.findings += _damage(course, session)
        for name in list(assignments) or course.released():
            course.require_released(name)
            _Assignment(course, name, scores(session, name), done).verify()
    if done.writer is None:
        for path in partial_files(course.root):
            done.findings.append(
                Finding(
                    str(path.relative_to(course.root)),
                    "half of a file, left by a command that was killed",
                    "Delete it, or run the command again.",
                )
            )
    return done


def _damage(course: Course, session: Any) -> Iterator[Finding]:
    from sqlalchemy import text

    if session.bind.dialect.name == "sqlite":
        for (said,) in session.execute(text("PRAGMA integrity_check")):
            if said != "ok":
                yield Finding("gradebook.db", f"SQLite finds damage: {said}", "Restore a copy.")


class _Assignment:
    """One assignment: who has something in it, and whether it all agrees."""

    def __init__(self, course: Course, name: str, known: dict[str, Score], done: Verified) -> None:
        self.course, self.name, self.scores, self.done = course, name, known, done
        self.fingerprints, self.rule = Fingerprints(course, name), LateRule(course, name)

    @cached_property
    def released(self) -> NotebookNode:
        return nbformat.read(self.course.notebook("release", self.name), as_version=4)

    def verify(self) -> None:
        submitted = set(self.course.students(self.name))
        graded = set(self.course.graded(self.name))
        shown = {path.parent.parent.name for path in self.autograded()}
        self.done.submissions += len(submitted)
        self.done.verdicts += len(graded)
        for student in self.collected() - submitted:
            self.note(student, "was collected, but is not in submitted/", "collect SOURCE")
        for student in sorted(submitted | graded | shown | set(self.scores)):
            if student not in submitted:
                places = {"a verdict": graded, "an autograded notebook": shown}
                places |= {"an entry in the gradebook": set(self.scores)}
                has = " and ".join(place for place, those in places.items() if student in those)
                self.note(student, f"has {has}, but no submission", "collect SOURCE")
            elif student in graded:
                self.compare(student)
            else:
                self.done.waiting += 1
                score = self.scores.get(student)
                if score and any(part.auto is not None for part in score.parts.values()):
                    self.note(student, "has points of tests in the gradebook, but no verdict")

    def autograded(self) -> list[Any]:
        return list((self.course.root / "autograded").glob(f"*/{self.name}/{self.name}.ipynb"))

    def collected(self) -> set[str]:
        try:
            return set(read_manifest(self.course, self.name).submissions)
        except AutograderError:
            self.note("", "the list of what was collected cannot be read", "collect SOURCE")
            return set()

    def compare(self, student: str) -> None:
        """Hold the verdict on a submission against all that should follow from it."""
        try:
            verdict = decode(self.course.verdict_path(self.name, student).read_bytes())
        except msgspec.DecodeError:
            self.note(student, "the verdict cannot be read")
            return
        data = read_bytes(self.course.notebook("submitted", self.name, student))
        if (verdict.student, verdict.assignment) != (student, self.name):
            self.note(student, f"the verdict is on {verdict.assignment}/{verdict.student}")
        elif verdict.fingerprint == FAILED:
            self.note(student, "the grader stopped while it judged this")
        elif not self.fingerprints.holds(verdict, data):
            self.note(
                student,
                "the verdict was made from something else than what is there now: another "
                "submission, exercise, hidden tests, grader or isolation",
            )
        for what in _sums(verdict):
            self.note(student, what, f"grade {self.name} -s {student} --regrade")
        self.compare_gradebook(verdict)
        self.compare_notebook(verdict, data)

    def compare_gradebook(self, verdict: Verdict) -> None:
        student, score = verdict.student, self.scores.get(verdict.student)
        if score is None:
            self.note(student, "is not in the gradebook")
            return
        for part in verdict.parts:
            held = score.parts.get(part.grade_id)
            if held is None or held.auto != part.points or held.max_points != part.counted_points:
                has = f"{held.auto} of {held.max_points:g}" if held else "nothing"
                self.note(
                    student,
                    f"the gradebook has {has} for {part.grade_id}, the verdict {part.points:g} "
                    f"of {part.counted_points:g}",
                )
        if self.rule.is_out_of_date(score):
            self.note(
                student,
                f"the gradebook takes off {score.penalty or 0:g} points for handing in late, by "
                f"today's due date and rule it is {self.rule.penalty(score) or 0:g}",
            )

    def compare_notebook(self, verdict: Verdict, data: bytes) -> None:
        """The autograded notebook shows the student's answers and the verdict's points."""
        path = self.course.notebook("autograded", self.name, verdict.student)
        todo = f"grade {self.name} -s {verdict.student} --regrade"
        try:
            shown = nbformat.read(path, as_version=4)
        except FileNotFoundError:
            self.note(verdict.student, "the autograded notebook is missing")
            return
        except Exception:  # nbformat raises anything at a file that is cut off
            self.note(verdict.student, "the autograded notebook cannot be read", todo)
            return
        try:
            submission = read_submission(data)
        except Unreadable:
            submission = None
        meant = graded_notebook(self.released, submission, verdict)
        if _essence(shown) != _essence(meant):
            self.note(
                verdict.student,
                "the autograded notebook shows other answers or points than submission and verdict",
                todo,
            )

    def note(self, student: str, what: str, todo: str = "") -> None:
        about = f"{self.name}/{student}" if student else self.name
        self.done.findings.append(
            Finding(about, what, f"autograder {todo or f'grade {self.name}'}")
        )


def _sums(verdict: Verdict) -> Iterator[str]:
    """Say where the points of a verdict do not add up."""
    for part in verdict.parts:
        worth = sum(check.max_points for check in part.checks)
        if abs(worth - part.max_points) > 1e-9:
            yield f"the checks of {part.grade_id} are worth {worth:g}, the part {part.max_points:g}"
        for check in part.checks:
            if not 0 <= check.points <= check.max_points:
                yield f"the check {check.name} gave {check.points:g} of {check.max_points:g} points"


def _essence(notebook: NotebookNode) -> dict[str, Any]:
    """Return the answers and the points that an autograded notebook shows, by grade_id."""
    answers = {grade_id_of(c): c.source for c in cells_of(notebook) if is_solution(c)}
    return answers | {grade_id_of(c): shown_points(c) for c in cells_of(notebook) if is_graded(c)}
