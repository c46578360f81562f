"""Make the notebooks that students get: assemble, let nbgrader strip, prove nothing leaked."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import nbformat
from nbformat import NotebookNode

from autograder.course.directory import OWN, Course, is_exercise
from autograder.course.files import write_atomically
from autograder.course.fingerprint import PACKAGE, hidden_files, hidden_text, key_of
from autograder.errors import AutograderError
from autograder.notebooks.assemble import (
    assemble,
    dumps,
    read_exercise,
    suite_name,
)
from autograder.notebooks.hints import sections
from autograder.notebooks.marks import is_by_hand, is_solution
from autograder.notebooks.reference import module_file
from autograder.notebooks.regions import split_regions, without_hidden
from autograder.notebooks.terms import read_terms, terms_path
from autograder.steps.gradebook import write_maximum
from autograder.steps.student_package import how_to_check, put_beside

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
    made = [_release_one(course, name, force) for name in names]
    for one in made:
        put_beside(course, one.assignment)
    return made


def exercises(course: Course) -> list[str]:
    """Return the names of all exercises, released or not."""
    shared = {path.stem for path in course.exercises.glob("*.md") if is_exercise(path)}
    return sorted(shared | set(course.own()))


def is_current(course: Course, name: str) -> bool:
    """Tell whether a release would change nothing."""
    path = course.exercise(name)
    hidden = secrets_of(course, suite_name(read_exercise(path), path))
    return _is_recorded(course, name, hidden)


def _release_one(course: Course, name: str, force: bool) -> Released:
    path = course.exercise(name)
    if not ASSIGNMENT.fullmatch(name) or not path.is_file():
        known = ", ".join(exercises(course)) or "none"
        raise AutograderError(
            f"there is no exercise {name!r}", str(course.exercises), f"Known: {known}."
        )
    require_unambiguous(course, name)
    suite = suite_name(read_exercise(path), path)
    hidden = secrets_of(course, suite)
    target = course.notebook("release", name)
    if not force and _is_recorded(course, name, hidden):
        return Released(name, target, is_new=False)
    source = assembled(course, path, suite)
    _say_how_to_check(source, course, name)
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
    due = read_terms(course.exercise(name)).due
    _write_terms(course, name, due)
    record = {"fingerprint": _fingerprint(course, name, hidden)}
    record |= {"due": due.isoformat()} if due else {}
    write_atomically(course.record("released", name), msgspec.json.encode(record))
    return Released(name, target, is_new=True)


def assembled(course: Course, path: Path, suite: str) -> NotebookNode:
    """Return the instructor's notebook of an exercise of this course."""
    # Imported here because it brings torch, which an unchanged release does without.
    from autograder.suite.own import load_text
    from autograder.suite.suite import load_suite

    if not suite.endswith(".py"):
        return assemble(path, load_suite(suite))
    files = hidden_files(course.root, suite)
    texts = {file.name: file.read_text(encoding="utf-8") for file in files}
    return assemble(path, load_text(suite, texts))


def require_unambiguous(course: Course, name: str) -> None:
    """Raise AutograderError where two assignments have one name, or a suite lies open."""
    own, shared = course.exercise(name), course.exercises / f"{name}.md"
    if own != shared and is_exercise(shared):
        raise AutograderError(
            f"two assignments are called {name!r}",
            f"{own} and {shared}",
            "Give yours another name: its folder and its .md file.",
        )
    suite = suite_name(read_exercise(own), own)
    if suite.endswith(".py") and own.parent != course.root / OWN / name:
        raise AutograderError(
            "hidden tests of your own lie where the sandbox does not hide them",
            str(own),
            f"Put the exercise and its modules into {course.root / OWN / name}.",
        )


def secrets_of(course: Course, suite: str) -> str:
    """Return the text of what students may not see: hidden tests, and what a reference hides."""
    if not suite.endswith(".py"):
        return hidden_text(course.root, suite)
    tests = course.root / suite
    lines = tests.read_text(encoding="utf-8").splitlines()
    for file in hidden_files(course.root, suite):
        if file != tests:
            text = file.read_text(encoding="utf-8")
            visible, inside = split_regions(text, str(file))
            lines += inside or visible
    return "\n".join(lines)


def leaks(released: NotebookNode, source: NotebookNode, hidden: str) -> list[str]:
    """Return lines of a solution region or of the hidden tests that the released notebook shows.

    A line the author also wrote where students may read it is no secret.
    """
    visible: list[str] = []
    secret = hidden.splitlines()
    for cell in source.cells:
        text = without_hidden(cell.source, str(cell.id))
        shown, inside = split_regions(text, str(cell.id))
        if is_by_hand(cell) and is_solution(cell) and not inside:
            shown, inside = [], shown  # all of it is the model answer
        visible += shown
        secret += inside + cell.source.removeprefix(text).splitlines()
    secrets = {line.strip() for line in secret} - {line.strip() for line in visible}
    lines = (line.strip() for cell in released.cells for line in cell.source.splitlines())
    return [line for line in lines if len(line) > SHORT and line in secrets]


def _say_how_to_check(source: NotebookNode, course: Course, name: str) -> None:
    """Let the notebook tell, below its first text, how its reader checks it."""
    numbered = enumerate(sections(source), 1)
    part = next((each.number or str(n) for n, each in numbered if each.hints), "")
    text = how_to_check(name, course.settings.student_package, part)
    cell = nbformat.from_dict(
        {"id": "how-to-check", "cell_type": "markdown", "metadata": {}, "source": text}
    )
    source.cells.insert(1, cell)


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


def _write_terms(course: Course, name: str, due: datetime | None) -> None:
    """Tell the gradebook what nbgrader does not take from a notebook: date and optional parts.

    The date is written when it is another than at the last release: one that was set since then,
    by `autograder due` or in formgrader, stays.
    """
    is_new = due is not None and _recorded(course, name).get("due") != due.isoformat()
    released = nbformat.read(course.notebook("release", name), as_version=4)
    with course.changing_gradebook() as book:
        write_maximum(book, released)
        if due is not None and is_new:
            in_utc = due.astimezone(UTC).replace(tzinfo=None)
            book.update_or_create_assignment(name, duedate=in_utc)


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
    modules = sorted(set(REFERENCE.findall(text)))
    beside = sorted(exercise.parent.glob("*.py")) if exercise.parent.name == name else []
    inputs = [
        exercise,
        terms_path(exercise),
        *beside,
        *(module_file(exercise, module) for module in modules),
        course.notebook("source", name),
        course.notebook("release", name),
    ]
    tools = sorted(path for pattern in TOOLS for path in PACKAGE.glob(pattern))
    told = how_to_check(name, course.settings.student_package)
    digest = hashlib.sha256((key_of(tools) + hidden + told).encode())
    for path in inputs:
        digest.update(path.name.encode() + b"\0")
        digest.update(path.read_bytes() if path.is_file() else b"missing")
    digest.update(b"gradebook" if (course.root / "gradebook.db").exists() else b"none")
    return digest.hexdigest()


def _is_recorded(course: Course, name: str, hidden: str) -> bool:
    return _recorded(course, name).get("fingerprint") == _fingerprint(course, name, hidden)


def _recorded(course: Course, name: str) -> dict[str, str]:
    """Return what the last release wrote down: its fingerprint, and the date of the terms."""
    try:
        data = course.record("released", name).read_bytes()
        return msgspec.json.decode(data, type=dict[str, str])
    except (FileNotFoundError, msgspec.DecodeError):
        return {}
