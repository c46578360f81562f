"""A released course in miniature, copied for every test that wants one."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

import autograder.hidden
from autograder import cli
from autograder.course.directory import Course, find, init
from autograder.course.files import write_atomically
from autograder.judge import worker as judging
from autograder.judge.worker import Job
from autograder.line.local import LocalSpawner
from autograder.line.sandbox import Sandbox
from autograder.steps import grade as grading
from autograder.steps.release import release
from autograder.verdict import Verdict
from tests.autograder import own, tiny
from tests.conftest import ROOT
from tests.sharing import built_once


@pytest.fixture(scope="session", autouse=True)
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The miniature project; its hidden tests can be found from here and from child processes.

    Automatic, because worker processes are forked from a server that is started only once. In
    front, because the benchmarks' tests may have had a miniature project of their own in this one.
    """
    root = tmp_path_factory.mktemp("project")
    tiny.write_project(root)
    path = [str(root / "path"), str(ROOT), os.environ.get("PYTHONPATH", "")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, path)))
        patch.delitem(sys.modules, "autograder.hidden.tiny", raising=False)
        patch.setattr(
            autograder.hidden, "__path__", [str(root / "hidden"), *autograder.hidden.__path__]
        )
        yield root


@pytest.fixture(scope="session")
def warm_sandbox() -> Iterator[Sandbox]:
    """The one sandbox of this worker. Limits are per process: set its ``limits`` for a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_SECRET", "not for students")
        with Sandbox() as started:
            yield started


@pytest.fixture(scope="session")
def released_course(
    project: Path, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Path:
    def build(root: Path) -> None:
        release(init(root, project / "exercises"))

    return built_once(tmp_path_factory, worker_id, "released-course", build)


@pytest.fixture
def course(project: Path, released_course: Path, tmp_path: Path) -> Course:
    """A fresh copy of the released course."""
    root = tmp_path / "course"
    shutil.copytree(released_course, root)
    settings = msgspec.structs.replace(find(root).settings, exercises=str(project / "exercises"))
    path = root / ".autograder" / "course.json"
    write_atomically(path, msgspec.json.encode(settings), mode=0o600)
    return find(root)


@pytest.fixture(scope="session")
def walked(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder in which somebody typed what docs/own-assignment.md says, in a sandbox."""
    return built_once(tmp_path_factory, worker_id, "own-walk", own.walk)


@pytest.fixture
def own_course(walked: Path, tmp_path: Path) -> Course:
    """A copy of the course of that walk, graded."""
    root = tmp_path / "spring"
    shutil.copytree(walked / "spring", root)
    return find(root)


@pytest.fixture
def submit(course: Course) -> Callable[[str, dict[str, str]], Path]:
    """Put a notebook with the given answers into submitted/STUDENT/."""

    def put(student: str, answers: dict[str, str]) -> Path:
        notebook = tiny.filled(course.notebook("release", tiny.NAME), answers)
        return tiny.write_notebook(course.notebook("submitted", tiny.NAME, student), notebook)

    return put


@pytest.fixture
def grade_here(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., dict[str, Verdict]]:
    """Grade the course with the real judge, but in this process and without a sandbox."""
    monkeypatch.setattr(grading, "isolation_level", lambda **_: "none")

    def run(*students: str, **options: object) -> dict[str, Verdict]:
        events = grading.grade(
            course,
            tiny.NAME,
            students,
            grading.Options(jobs=1, **options),
            work=judge_here,
            make_executor=AtOnce,
        )
        return {event.student: event.verdict for event in events}

    return run


class AtOnce(Executor):
    """Does its work as it is handed in, in the thread that asks.

    In another thread, what a cell prints would be caught together with what this one prints:
    the streams that a run redirects are those of the whole process.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(work(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def judge_here(job: Job) -> bytes:
    """Do what a worker does, with a spawner that needs no sandbox."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judging, "_sandbox", lambda job: LocalSpawner())
        return judging.judge_job(job)


@contextmanager
def grading_here() -> Iterator[None]:
    """Let the command ``grade`` judge in this process, without a sandbox."""
    here = partial(grading.grade, work=judge_here, make_executor=AtOnce)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grading, "isolation_level", lambda **_: "none")
        patch.setattr(grading, "grade", here)
        yield


@pytest.fixture
def said(
    course: Course, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """Run a command on the course; return what it printed, tracebacks of anybody included."""

    def command(*arguments: str, code: int) -> str:
        with grading_here():
            ended = cli.run([*arguments, "--course", str(course.root)])
        text = "".join(capfd.readouterr())
        assert ended == code, text
        assert "Traceback" not in text
        return " ".join(text.split())

    return command
