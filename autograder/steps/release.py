"""Make the notebooks that students get: assemble, let nbgrader strip, prove nothing leaked."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

import msgspec
import nbformat
from nbformat import NotebookNode

from autograder.course.directory import Course, is_exercise
from autograder.course.files import write_atomically
from autograder.course.fingerprint import PACKAGE, hidden_text, key_of
from autograder.errors import AutograderError
from autograder.notebooks.assemble import assemble, dumps, read_exercise, suite_name
from autograder.notebooks.regions import split_regions, without_hidden
from autograder.notebooks.terms import read_terms, terms_path
from autograder.steps.gradebook import write_maximum

ASSIGNMENT = re.compile(r"[\w.-]+")
SHORT = 12  # lines up to this length ("return y") are too common to be a secret
TOOLS = ("notebooks/*.py", "steps/release.py")  # what a released notebook is made with
REFERENCE = re.compile(r"^\s*from ((?:solutions|autograder\.recipes)\.[\w.]+) import", re.MULTILINE)


@dataclass(frozen=True)
class Released:
    """One released assignment and whether it had to be made anew."""

    assignment: str
    path: Path
    is_new: bool


def release(
    course: Course,
    assignments: Iterable[str] = (),
    *,
    force: bool = False,
) -> list[Released]:
    """Release the named assignments (default: every exercise); unchanged ones are left alone."""
    names = list(assignments) or exercises(course)
    return [_release_one(course, name, force) for name in names]


def exercises(course: Course) -> list[str]:
    """Return the names of all exercises, released or not."""
    return sorted(path.stem for path in course.exercises.glob("*.md") if is_exercise(path))


def is_current(course: Course, name: str) -> bool:
    """Tell whether a release would change nothing."""
    path = course.exercise(name)
    hidden = hidden_text(suite_name(read_exercise(path), path))
    return _is_recorded(course, name, hidden)


def _release_one(course: Course, name: str, force: bool) -> Released:
    path = course.exercise(name)
    if not ASSIGNMENT.fullmatch(name) or not path.is_file():
        known = ", ".join(exercises(course)) or "none"
        raise AutograderError(
            f"there is no exercise {name!r}", str(course.exercises), f"Known: {known}."
        )
    suite = suite_name(read_exercise(path), path)
    hidden = hidden_text(suite)
    target = course.notebook("release", name)
    if not force and _is_recorded(course, name, hidden):
        return Released(name, target, is_new=False)
    # Imported here because it brings torch, which an unchanged release does without.
    from autograder.suite.suite import load_suite

    source = assemble(path, load_suite(suite))
    write_atomically(course.notebook("source", name), dumps(source).encode())
    _generate(course, name)
    found = leaks(nbformat.read(target, as_version=4), source, hidden)
    if found:
        target.unlink()
        raise AutograderError(
            f"the released notebook would show hidden lines, the first is {found[0]!r}",
            str(target),
            "It has been deleted. Check the solution markers of the exercise and its module.",
        )
    _write_terms(course, name)
    fingerprint = _fingerprint(course, name, hidden)
    record = msgspec.json.encode({"fingerprint": fingerprint})
    write_atomically(course.record("released", name), record)
    return Released(name, target, is_new=True)


def leaks(released: NotebookNode, source: NotebookNode, hidden: str) -> list[str]:
    """Return lines of a solution region or of the hidden tests that the released notebook shows.

    A line the author also wrote where students may read it is no secret.
    """
    visible: list[str] = []
    secret = hidden.splitlines()
    for cell in source.cells:
        text = without_hidden(cell.source, str(cell.id))
        shown, inside = split_regions(text, str(cell.id))
        visible += shown
        secret += inside + cell.source.removeprefix(text).splitlines()
    secrets = {line.strip() for line in secret} - {line.strip() for line in visible}
    lines = (line.strip() for cell in released.cells for line in cell.source.splitlines())
    return [line for line in lines if len(line) > SHORT and line in secrets]


def _generate(course: Course, name: str) -> None:
    """Run nbgrader's generate_assignment in this process."""
    from nbgrader.converters import GenerateAssignment
    from nbgrader.converters.base import NbGraderException
    from nbgrader.coursedir import CourseDirectory

    config = course.nbgrader_config()
    config.CourseDirectory.assignment_id = name
    log = logging.getLogger("autograder.steps.release")
    log.propagate = False
    complaints = _Collector(logging.ERROR)
    log.addHandler(complaints)
    try:
        directory = CourseDirectory(config=config, log=log)
        GenerateAssignment(coursedir=directory, config=config, log=log, force=True).start()
    except NbGraderException as error:
        raise AutograderError(
            f"nbgrader could not generate the assignment: {complaints.last() or error}",
            str(course.notebook("source", name)),
            "If submissions are graded already, cells cannot be added or removed: give the "
            "changed exercise a new name.",
        ) from error
    finally:
        log.removeHandler(complaints)


def _write_terms(course: Course, name: str) -> None:
    """Tell the gradebook what nbgrader does not take from a notebook: date and optional parts."""
    due = read_terms(course.exercise(name)).due
    book = course.open_gradebook()
    try:
        write_maximum(book, nbformat.read(course.notebook("release", name), as_version=4))
        if due is not None:  # without one, a date that was set by hand stays
            in_utc = due.astimezone(UTC).replace(tzinfo=None)
            book.update_or_create_assignment(name, duedate=in_utc)
    finally:
        book.close()


class _Collector(logging.Handler):
    """Keeps nbgrader's complaints for our own error message."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())

    def last(self) -> str:
        """Return the last line of the most telling complaint: the exception, if there is one."""
        raised = [message for message in self.messages if "Traceback" in message]
        text = (raised or self.messages or [""])[0].strip()
        return text.splitlines()[-1] if text else ""


def _fingerprint(course: Course, name: str, hidden: str) -> str:
    """Hash everything the released notebook is made from, and the notebook itself."""
    exercise = course.exercise(name)
    text = exercise.read_text(encoding="utf-8") if exercise.is_file() else ""
    modules = sorted({module.replace(".", "/") for module in REFERENCE.findall(text)})
    inputs = [
        exercise,
        terms_path(exercise),
        *(course.exercises.parent / f"{module}.py" for module in modules),
        course.notebook("source", name),
        course.notebook("release", name),
    ]
    tools = sorted(path for pattern in TOOLS for path in PACKAGE.glob(pattern))
    digest = hashlib.sha256((key_of(tools) + hidden).encode())
    for path in inputs:
        digest.update(path.name.encode() + b"\0")
        digest.update(path.read_bytes() if path.is_file() else b"missing")
    digest.update(b"gradebook" if (course.root / "gradebook.db").exists() else b"none")
    return digest.hexdigest()


def _is_recorded(course: Course, name: str, hidden: str) -> bool:
    try:
        data = course.record("released", name).read_bytes()
        known = msgspec.json.decode(data, type=dict[str, str])
    except (FileNotFoundError, msgspec.DecodeError):
        return False
    return known.get("fingerprint") == _fingerprint(course, name, hidden)
