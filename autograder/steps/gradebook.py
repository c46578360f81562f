"""The one writer: verdicts into nbgrader's gradebook and the autograded notebooks.

One session stays open for a whole batch, because opening nbgrader's Gradebook costs more
than writing a submission.
"""

from __future__ import annotations

import warnings
from datetime import datetime
from types import TracebackType
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.course.database import Turns, gradebook_name
from autograder.course.directory import Course
from autograder.course.files import write_atomically
from autograder.course.trouble import gradebook_in_words
from autograder.errors import AutograderError, Unreadable
from autograder.notebooks.assemble import dumps
from autograder.notebooks.marks import answers_of, grade_id_of, is_solution, marks_of
from autograder.notebooks.read import read_submission
from autograder.steps.autograded import graded_notebook
from autograder.steps.deadlines import read_extensions, write_extension
from autograder.steps.late import LateRule
from autograder.steps.scores import Score, scores
from autograder.verdict import Verdict, encode

READ_ONLY = 0o444  # what nbgrader gives autograded files


class GradebookWriter:
    """Records verdicts of one assignment; use it as a context manager.

    What the gradebook's database refuses leaves its methods as an AutograderError.
    """

    def __init__(self, course: Course, assignment: str) -> None:
        self.course, self.assignment = course, assignment
        self.released: NotebookNode = nbformat.read(
            course.notebook("release", assignment), as_version=4
        )
        self.rule = LateRule(course, assignment)
        self.extensions = read_extensions(course, assignment)
        self.gradebook = course.open_gradebook()
        self.where = gradebook_name(str(self.gradebook.engine.url))
        self.turns = Turns(course.database)
        self.scores: dict[str, Score] = {}

    def __enter__(self) -> GradebookWriter:
        from nbgrader.api import MissingEntry

        try:
            with gradebook_in_words(self.where):
                self.gradebook.find_notebook(self.assignment, self.assignment)
                self.require_writable()
                with self.turns.mine():
                    write_maximum(self.gradebook, self.released)
                self.scores = scores(self.gradebook.db, self.assignment)
                self.gradebook.db.rollback()  # a server minds transactions that stay open
        except MissingEntry as error:
            self.close()
            raise AutograderError(
                f"the gradebook does not know the assignment {self.assignment!r}",
                str(self.course.root),
                f"Run 'autograder release {self.assignment} --force'.",
            ) from error
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self.gradebook.close()
        self.turns.close()

    def require_writable(self) -> None:
        """Let a gradebook that cannot be written say so before anybody's work is judged."""
        from sqlalchemy import text

        if self.gradebook.engine.dialect.name == "sqlite":
            with self.gradebook.engine.connect() as connection:
                connection.execute(text("BEGIN IMMEDIATE"))
                connection.rollback()
        else:
            with self.gradebook.engine.connect() as connection:
                connection.execute(text("UPDATE grade SET auto_score = auto_score WHERE false"))

    def keep(self, verdict: Verdict, submission: bytes) -> str:
        """Make everything say what a verdict that holds says; return what did not, or nothing.

        A run that was killed, nbgrader's own autograde, or an instructor who set a due date may
        have been here since the verdict was written.
        """
        student = verdict.student
        score = self.scores.get(student)
        notebook = self.course.notebook("autograded", self.assignment, student)
        if score is None or not notebook.is_file() or not score.agrees_with(verdict):
            self.record(verdict, readable(submission))
            return "the gradebook did not have the points of the verdict; it has them now"
        handed_in = self.time_of(student)
        if handed_in is not None and handed_in != score.timestamp:
            self.record(verdict, readable(submission))
            return "the time of submission has changed"
        if not self.rule.is_out_of_date(score):
            return ""
        before = score.penalty or 0.0
        with gradebook_in_words(self.where), self.turns.mine():
            after = self.write_late_penalty(student) or 0.0
        return f"the penalty for handing in late was {before:g} points and is {after:g} now"

    def record(self, verdict: Verdict, submission: NotebookNode | None) -> None:
        """Write one verdict everywhere; the verdict file comes last and says it is done."""
        self.write_notebook(verdict, submission)
        with gradebook_in_words(self.where), self.turns.mine():
            self.write_scores(verdict, submission)
        path = self.course.verdict_path(self.assignment, verdict.student)
        write_atomically(path, encode(verdict))

    def write_notebook(self, verdict: Verdict, submission: NotebookNode | None) -> None:
        target = self.course.notebook("autograded", self.assignment, verdict.student)
        graded = graded_notebook(self.released, submission, verdict)
        write_atomically(target, dumps(graded).encode(), mode=READ_ONLY)
        timestamp = self.timestamp_text(verdict.student)
        if timestamp:
            stamp = target.parent / "timestamp.txt"
            write_atomically(stamp, timestamp.encode(), mode=READ_ONLY)

    def timestamp_text(self, student: str) -> str:
        folder = self.course.notebook("submitted", self.assignment, student).parent
        try:
            return (folder / "timestamp.txt").read_text().strip()
        except FileNotFoundError:
            return ""

    def time_of(self, student: str) -> datetime | None:
        """Return when the student handed in; None when timestamp.txt does not say."""
        from nbgrader.utils import parse_utc

        text = self.timestamp_text(student)
        try:
            time: datetime | None = parse_utc(text) if text else None
        except (ValueError, OverflowError) as error:
            raise AutograderError(
                f"the time of submission cannot be read: {text[:60]!r}",
                str(self.course.notebook("submitted", self.assignment, student).parent),
                "Write it into timestamp.txt as 2026-01-31 23:59:00 UTC, or delete the file.",
            ) from error
        return time

    def write_scores(self, verdict: Verdict, submission: NotebookNode | None) -> None:
        """Do what nbgrader's SaveAutoGrades and AssignLatePenalties do, in one session."""
        book, student = self.gradebook, verdict.student
        book.update_or_create_student(student)
        time = self.time_of(student)
        with warnings.catch_warnings():  # nbgrader builds its objects in an order that warns
            warnings.simplefilter("ignore")
            book.update_or_create_submission(
                self.assignment, student, **({"timestamp": time} if time else {})
            )
        if student in self.extensions:
            write_extension(book, self.assignment, student, self.extensions[student])
        notebook = book.find_submission_notebook(self.assignment, self.assignment, student)
        grades = {grade.name: grade for grade in notebook.grades}
        for part in verdict.parts:
            grade = grades.get(part.grade_id) or book.find_grade(
                part.grade_id, self.assignment, self.assignment, student
            )
            grade.auto_score = part.points
            grade.needs_manual_grade = grade.manual_score is not None
        untouched = self.untouched(submission)
        by_hand = [marks.grade_id for marks in map(marks_of, self.released.cells) if marks.by_hand]
        if by_hand:
            before = self.course.read_verdict(self.assignment, student)
            is_another = before is None or before.submission != verdict.submission
            for name in by_hand:
                _leave_to_people(grades[name], name in untouched, is_another)
        self.write_comments(notebook, untouched)
        book.db.commit()
        self.write_late_penalty(student)

    def untouched(self, submission: NotebookNode | None) -> set[str]:
        """Return the grade ids of answers that are as they were released, or missing."""
        given = {
            kind: answers_of(submission, kind) if submission is not None else {}
            for kind in ("code", "markdown")
        }
        return {
            grade_id_of(cell)
            for cell in self.released.cells
            if is_solution(cell)
            and given[cell.cell_type].get(grade_id_of(cell), cell.source).strip()
            == cell.source.strip()
        }

    def write_comments(self, notebook: Any, untouched: set[str]) -> None:
        """Leave nbgrader's automatic comment on answers that were not touched."""
        for comment in notebook.comments:
            comment.auto_comment = "No response." if comment.name in untouched else None

    def write_late_penalty(self, student: str) -> float | None:
        """Bring the penalty up to date and return it."""
        book = self.gradebook
        score = scores(book.db, self.assignment, student)[student]
        penalty = self.rule.penalty(score)
        if score.penalty != penalty:
            notebook = book.find_submission_notebook(self.assignment, self.assignment, student)
            notebook.late_submission_penalty = penalty
        book.db.commit()
        return penalty


def _leave_to_people(grade: Any, is_open: bool, is_another: bool) -> None:
    """Say of a cell that a person marks whether somebody should; a mark that was given stays.

    An answer that nobody wrote is worth nothing without being looked at, as in nbgrader. One that
    has a mark is looked at again where the file `is_another` than the one that was marked.
    """
    grade.auto_score = 0.0 if is_open else None
    if grade.manual_score is None:
        grade.needs_manual_grade = not is_open
    elif is_another:
        grade.needs_manual_grade = True


def write_maximum(gradebook: Any, released: NotebookNode) -> None:
    """Let the gradebook count optional parts for what they bring, and not in the maximum.

    nbgrader knows no optional parts, and writes the cells' points whenever it generates the
    assignment; a maximum of zero is what it leaves alone.
    """
    facts = released.metadata["autograder"]
    for name in facts.get("optional", []):
        cell = gradebook.find_graded_cell(name, facts["assignment"], facts["assignment"])
        if cell.max_score != 0:
            cell.max_score = 0
            gradebook.db.commit()


def readable(data: bytes) -> NotebookNode | None:
    """Return the submitted notebook, or None for one that cannot be read."""
    try:
        return read_submission(data)
    except Unreadable:
        return None
