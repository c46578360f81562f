"""What the gradebook says of each submission: the one truth about marks.

A verdict says what the tests gave; the gradebook also knows what people gave. Whoever tells a mark
to somebody (feedback, report) takes it from here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from autograder.course.database import gradebook_name, require_ours
from autograder.course.directory import BUSY_S, Course
from autograder.course.trouble import gradebook_in_words
from autograder.verdict import Verdict


@dataclass
class PartScore:
    """One graded cell, as the gradebook has it."""

    auto: float | None = None
    manual: float | None = None
    extra: float = 0.0
    max_points: float = 0.0

    @property
    def points(self) -> float:
        """What counts: the mark given by hand, or else the tests'; and extra credit."""
        given = self.manual if self.manual is not None else self.auto
        return (given or 0.0) + self.extra if given is not None else 0.0


@dataclass
class Score:
    """One submission, as the gradebook has it."""

    student: str
    max_points: float = 0.0
    parts: dict[str, PartScore] = field(default_factory=dict)  # by grade_id
    comments: dict[str, str] = field(default_factory=dict)  # written by people, by grade_id
    penalty: float | None = None
    late_s: float = 0.0
    timestamp: datetime | None = None
    needs_manual_grade: bool = False
    due: datetime | None = None  # with this student's extension

    @property
    def before_penalty(self) -> float:
        return sum(part.points for part in self.parts.values())

    @property
    def points(self) -> float:
        """The mark."""
        return self.before_penalty - (self.penalty or 0.0)

    def agrees_with(self, verdict: Verdict) -> bool:
        """Tell whether these are the points that the tests gave."""
        known = {name: part.auto for name, part in self.parts.items()}
        return all(known.get(part.grade_id) == part.points for part in verdict.parts)


def read_scores(course: Course, assignment: str) -> dict[str, Score]:
    """Return the scores of an assignment by student, without changing anything."""
    with reading(course) as session:
        return scores(session, assignment)


def maximum(course: Course, assignment: str) -> float:
    """Return what an assignment is worth, whether anybody has handed it in or not."""
    from nbgrader import api
    from sqlalchemy import select

    with reading(course) as session:
        worth = select(api.Assignment.max_score).where(api.Assignment.name == assignment)
        return float(session.execute(worth).scalar() or 0.0)


@contextmanager
def reading(course: Course, *, is_strict: bool = False) -> Iterator[Any]:
    """Open the gradebook's database to read it, whoever else has it open; never make one.

    A write that was cut short by a kill is taken back by SQLite when the file is opened; where
    not even that may change the file, be ``is_strict``.

    Raises AutograderError when the database cannot be read.
    """
    import sqlite3
    from urllib.parse import quote

    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session

    if course.database:
        require_ours(course.database, course.settings.seed)
    url = course.directory().db_url
    file = gradebook_name(url)

    mode = "ro" if is_strict else "rw"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(f"file:{quote(file)}?mode={mode}", timeout=BUSY_S, uri=True)

    with gradebook_in_words(file):
        options = {"creator": connect} if url.startswith("sqlite:") else {}
        engine = create_engine(url, **options)
        try:
            with Session(engine) as session:
                yield session
        finally:
            engine.dispose()


def scores(session: Any, assignment: str, student: str | None = None) -> dict[str, Score]:
    """Return the scores of an assignment by student (or of one), in one query for each table."""
    from nbgrader import api
    from sqlalchemy import select

    submission, notebook = api.SubmittedAssignment, api.SubmittedNotebook
    wanted = [api.Assignment.name == assignment]
    wanted += [submission.student_id == student] if student is not None else []
    found: dict[str, Score] = {}
    chosen = (
        select(
            *(submission.id, submission.student_id, submission.timestamp, submission.extension),
            *(api.Assignment.duedate, submission.max_score, submission.needs_manual_grade),
        )
        .join(api.Assignment, api.Assignment.id == submission.assignment_id)
        .where(*wanted)
    )
    for key, name, timestamp, extension, due, max_points, waits in session.execute(chosen):
        due = due + extension if due is not None and extension else due
        late_s = 0.0
        if due is not None and timestamp is not None:
            late_s = max(0.0, (timestamp - due).total_seconds())
        found[key] = Score(name, max_points, {}, {}, None, late_s, timestamp, waits, due)

    def of_these(*columns: Any) -> Any:
        return (
            select(notebook.assignment_id, *columns)
            .join(submission, submission.id == notebook.assignment_id)
            .join(api.Assignment, api.Assignment.id == submission.assignment_id)
            .where(*wanted)
        )

    for key, penalty in session.execute(of_these(notebook.late_submission_penalty)):
        if penalty is not None:
            found[key].penalty = (found[key].penalty or 0.0) + penalty
    grade, cell = api.Grade, api.BaseCell
    columns = (grade.auto_score, grade.manual_score, grade.extra_credit, grade.max_score)
    rows = of_these(cell.name, *columns).join(grade, grade.notebook_id == notebook.id)
    for key, name, auto, manual, extra, worth in session.execute(
        rows.join(cell, cell.id == grade.cell_id)
    ):
        found[key].parts[name] = PartScore(auto, manual, extra or 0.0, worth)
    comment = api.Comment
    rows = of_these(cell.name, comment.manual_comment).join(
        comment, comment.notebook_id == notebook.id
    )
    for key, name, text in session.execute(rows.join(cell, cell.id == comment.cell_id)):
        if text:
            found[key].comments[name] = text
    return {score.student: score for score in found.values()}
