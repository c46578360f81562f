"""The one writer: verdicts into nbgrader's gradebook and the autograded notebooks.

One session stays open for a whole batch, because opening nbgrader's Gradebook costs more
than writing a submission.
"""

from __future__ import annotations

import warnings
from types import TracebackType
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.course.directory import Course
from autograder.course.files import write_atomically
from autograder.errors import AutograderError
from autograder.notebooks.assemble import dumps
from autograder.notebooks.marks import answers_of, grade_id_of, is_solution
from autograder.steps.autograded import graded_notebook
from autograder.verdict import Verdict, encode

READ_ONLY = 0o444  # what nbgrader gives autograded files


class GradebookWriter:
    """Records verdicts of one assignment; use it as a context manager."""

    def __init__(self, course: Course, assignment: str) -> None:
        from nbgrader.preprocessors import AssignLatePenalties

        self.course, self.assignment = course, assignment
        self.released: NotebookNode = nbformat.read(
            course.notebook("release", assignment), as_version=4
        )
        self.gradebook = course.open_gradebook()
        self.late = AssignLatePenalties(config=course.nbgrader_config())
        self.late.init_plugin()

    def __enter__(self) -> GradebookWriter:
        from nbgrader.api import MissingEntry

        try:
            self.gradebook.find_notebook(self.assignment, self.assignment)
        except MissingEntry as error:
            self.gradebook.close()
            raise AutograderError(
                f"the gradebook does not know the assignment {self.assignment!r}",
                str(self.course.root),
                f"Run 'autograder release {self.assignment} --force'.",
            ) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.gradebook.close()

    def has(self, student: str) -> bool:
        """Tell whether the gradebook and autograded/ already hold this submission."""
        from nbgrader.api import MissingEntry

        try:
            self.gradebook.find_submission(self.assignment, student)
        except MissingEntry:
            return False
        return self.course.notebook("autograded", self.assignment, student).is_file()

    def record(self, verdict: Verdict, submission: NotebookNode | None) -> None:
        """Write one verdict everywhere; the verdict file comes last and says it is done."""
        self.write_notebook(verdict, submission)
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

    def write_scores(self, verdict: Verdict, submission: NotebookNode | None) -> None:
        """Do what nbgrader's SaveAutoGrades and AssignLatePenalties do, in one session."""
        book, student = self.gradebook, verdict.student
        book.update_or_create_student(student)
        timestamp = self.timestamp_text(student)
        with warnings.catch_warnings():  # nbgrader builds its objects in an order that warns
            warnings.simplefilter("ignore")
            book.update_or_create_submission(
                self.assignment, student, **({"timestamp": timestamp} if timestamp else {})
            )
        notebook = book.find_submission_notebook(self.assignment, self.assignment, student)
        grades = {grade.name: grade for grade in notebook.grades}
        for part in verdict.parts:
            grade = grades.get(part.grade_id) or book.find_grade(
                part.grade_id, self.assignment, self.assignment, student
            )
            grade.auto_score = part.points
            grade.needs_manual_grade = grade.manual_score is not None
        self.write_comments(notebook, submission)
        book.db.commit()
        self.write_late_penalty(notebook, student)

    def write_comments(self, notebook: Any, submission: NotebookNode | None) -> None:
        """Leave nbgrader's automatic comment on answers that were not touched."""
        stubs = {
            grade_id_of(cell): cell.source for cell in self.released.cells if is_solution(cell)
        }
        answers = answers_of(submission) if submission is not None else {}
        for comment in notebook.comments:
            stub = stubs.get(comment.name, "")
            untouched = answers.get(comment.name, stub).strip() == stub.strip()
            comment.auto_comment = "No response." if untouched else None

    def write_late_penalty(self, notebook: Any, student: str) -> None:
        late_by = notebook.assignment.total_seconds_late
        penalty = None
        if late_by > 0:
            plugin = self.late.plugin_inst
            penalty = plugin.late_submission_penalty(student, notebook.score, late_by)
        if penalty is not None:
            penalty = min(max(penalty, 0), notebook.score)
        if notebook.late_submission_penalty != penalty:
            notebook.late_submission_penalty = penalty
            self.gradebook.db.commit()
