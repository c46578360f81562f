"""A verdict holds as long as all that decides it is the same, and no other change touches it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from autograder.course import fingerprint
from autograder.course.directory import Course
from autograder.course.fingerprint import PACKAGE, Fingerprints, grader_key
from autograder.steps.release import is_current
from tests.autograder import tiny

DATA = b"a submission"


@contextmanager
def edited(path: Path, edit: Callable[[str], str]) -> Iterator[None]:
    before = path.read_text()
    assert edit(before) != before
    try:
        path.write_text(edit(before))
        yield
    finally:
        path.write_text(before)


def of(course: Course, data: bytes = DATA, isolation: str = "bwrap") -> str:
    return Fingerprints(course, tiny.NAME).of(data, isolation)


def test_submission_and_isolation_count(course: Course) -> None:
    kinds = {of(course), of(course, b"another"), of(course, isolation="none")}
    assert len(kinds) == 3


def test_hidden_tests_count_as_code(course: Course, project: Path) -> None:
    before = of(course)
    hidden = project / "hidden" / "tiny.py"
    with edited(hidden, lambda text: f"{text}\n# a comment\n"):
        assert of(course) == before
    with edited(hidden, lambda text: text.replace("* 2", "* 3", 1)):
        assert of(course) != before


def test_the_assembled_notebook_counts_and_other_solutions_do_not(
    course: Course, project: Path
) -> None:
    before = of(course)
    other = project / "solutions" / "unrelated.py"
    other.write_text("def unrelated(): ...\n")
    try:
        assert of(course) == before
        assert is_current(course, tiny.NAME)
    finally:
        other.unlink()
    with edited(project / "solutions" / "tiny.py", lambda text: text.replace("x * x", "x**2")):
        assert of(course) == before  # until it is released again
        assert not is_current(course, tiny.NAME)
    source = course.notebook("source", tiny.NAME)
    with edited(source, lambda text: text.replace("x * x", "x**2")):
        assert of(course) != before


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package that may be edited."""
    copy = tmp_path_factory.mktemp("code") / PACKAGE.name
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def key(package: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(fingerprint, "PACKAGE", package)
    return grader_key.__wrapped__()


@pytest.mark.parametrize(
    "file",
    [
        *("verdict.py", "errors.py", "inside/forkserver.py", "inside/rules.py"),
        *("line/bubblewrap.py", "line/limits.py", "suite/examine.py", "suite/expect.py"),
        *("notebooks/pairing.py", "notebooks/read.py", "judge/notebook.py", "judge/worker.py"),
    ],
)
def test_all_code_that_decides_marks_counts(
    package: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    before = key(package, monkeypatch)
    with edited(package / file, lambda text: f"{text}\nANOTHER = 1\n"):
        assert key(package, monkeypatch) != before
    with edited(package / file, lambda text: f"{text}\n# a comment\n"):
        assert key(package, monkeypatch) == before


@pytest.mark.parametrize("file", ["cli/results.py", "steps/report.py", "hidden/__init__.py"])
def test_other_code_does_not(package: Path, monkeypatch: pytest.MonkeyPatch, file: str) -> None:
    before = key(package, monkeypatch)
    with edited(package / file, lambda text: f"{text}\nANOTHER = 1\n"):
        assert key(package, monkeypatch) == before


@pytest.mark.parametrize("file", ["notebooks/pairing.py", "notebooks/assemble.py"])
def test_a_release_is_stale_when_what_makes_it_changes(
    course: Course, package: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    monkeypatch.setattr("autograder.steps.release.PACKAGE", package)
    assert is_current(course, tiny.NAME)
    with edited(package / file, lambda text: f"{text}\nANOTHER = 1\n"):
        assert not is_current(course, tiny.NAME)
