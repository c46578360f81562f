"""The judge as a part of nbgrader: what nbgrader_config.py puts in place of Execute.

With it ``nbgrader autograde`` and formgrader's Autograde button give the marks that
``autograder grade`` gives. nbgrader still drives: it creates the submission, and its own
preprocessors take the points out of the judged notebook and into the gradebook.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool, Enum

from autograder.course.directory import Course, find
from autograder.course.files import write_atomically
from autograder.course.fingerprint import Fingerprints
from autograder.course.lock import writing
from autograder.course.trouble import in_words
from autograder.errors import Unreadable
from autograder.judge.worker import judge_job
from autograder.notebooks.read import MAX_BYTES, read_bytes, read_submission
from autograder.steps.autograded import graded_notebook
from autograder.steps.deadlines import apply_extension
from autograder.steps.grade import finished, isolation_level, job_for
from autograder.steps.gradebook import readable
from autograder.verdict import encode

PATIENCE_S = 30.0  # formgrader's button may be pressed while a command is at work


class DefensiveExporter(NotebookExporter):
    """Reads any submitted file; one that is no notebook becomes an empty one."""

    def from_file(
        self, file_stream: Any, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[str, dict[str, Any]]:
        try:
            notebook = read_submission(file_stream.buffer.read(MAX_BYTES + 1))
        except Unreadable as finding:
            self.log.warning("%s", finding)
            notebook = nbformat.v4.new_notebook()
        exported: tuple[str, dict[str, Any]] = self.from_notebook_node(
            notebook, resources=resources, **kw
        )
        return exported


class Judge(NbGraderPreprocessor):
    """Replaces the notebook by the judged one: the instructor's frame with answers and points."""

    sandbox = Enum(("bwrap", "podman", "docker"), "bwrap", help="As in grade --sandbox.").tag(
        config=True
    )
    unsafe = Bool(
        False, help="Judge without isolation where the machine offers none, as grade --unsafe does."
    ).tag(config=True)

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        names = resources["nbgrader"]
        course = find(Path(self.parent.parent.coursedir.root))
        try:
            with writing(course, "nbgrader autograde", PATIENCE_S):
                graded = self._judged(course, names["assignment"], names["student"])
                apply_extension(course, names["assignment"], names["student"])
        except OSError as error:
            raise in_words(error) or error from error
        return graded, resources

    def _judged(self, course: Course, assignment: str, student: str) -> NotebookNode:
        """Return the notebook with its results; keep the verdict if it is a new one."""
        # nbgrader's copy has been through its hands; the judge wants what was handed in.
        data = read_bytes(course.notebook("submitted", assignment, student))
        isolation = isolation_level(unsafe=self.unsafe, sandbox=self.sandbox)
        fingerprints = Fingerprints(course, assignment)
        verdict = course.read_verdict(assignment, student)
        if verdict is None or verdict.fingerprint != fingerprints.of(data, isolation):
            job = job_for(course, fingerprints, student, data, isolation)
            verdict = finished(job, judge_job(job))
            write_atomically(course.verdict_path(assignment, student), encode(verdict))
        released = nbformat.read(course.notebook("release", assignment), as_version=4)
        return graded_notebook(released, readable(data), verdict)
