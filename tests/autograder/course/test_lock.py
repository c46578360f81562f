"""One writer for each course: the second is told who the first is; the dead hold nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from autograder import cli
from autograder.course.directory import Course
from autograder.course.files import PARTIAL, partial_files
from autograder.course.lock import read_writer, writer_of, writing
from autograder.errors import AutograderError

HOLDER = """
import sys
from pathlib import Path
from autograder.course.directory import find
from autograder.course.lock import writing

with writing(find(Path(sys.argv[1])), "autograder grade tiny"):
    print("mine", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held(course: Course) -> Iterator[subprocess.Popen[str]]:
    """Let another process be the writer of the course."""
    command = [sys.executable, "-c", HOLDER, str(course.root)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        try:
            assert other.stdout is not None
            assert other.stdout.readline() == "mine\n"
            yield other
        finally:
            other.kill()


def test_the_second_writer_is_told_who_the_first_is(course: Course) -> None:
    with held(course) as other:
        with pytest.raises(AutograderError) as caught, writing(course, patience_s=0):
            pass
        assert str(course.root) == caught.value.where
        assert f"process {other.pid} on" in caught.value.todo
        assert writer_of(course) == read_writer(course)
        other.communicate("")
    with writing(course):
        assert writer_of(course) == read_writer(course)
    assert writer_of(course) is None
    assert read_writer(course) is None


@pytest.mark.parametrize(
    "arguments", [("grade",), ("collect", "."), ("release",), ("feedback",)], ids=" ".join
)
def test_commands_that_write_wait_for_each_other(
    course: Course, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with held(course):
        assert cli.run([*arguments, "--course", str(course.root)]) == 2
    said = capsys.readouterr().err
    assert "another command is writing this course" in said
    assert "since" in said


def test_grade_can_wait_for_its_turn(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    with held(course) as other:
        threading.Timer(1.5, other.kill).start()
        assert cli.run(["grade", "--wait", "--course", str(course.root)]) == 2
    said = capsys.readouterr()
    assert said.out.startswith("Waiting for ")
    assert f"(process {other.pid} on" in said.out
    assert "no submission" in said.err


@pytest.mark.parametrize("command", ["status", "export", "report"])
def test_commands_that_read_do_not_wait(course: Course, command: str) -> None:
    with held(course):
        assert cli.run([command, "--course", str(course.root)]) == 0


def test_a_killed_writer_leaves_nothing_behind(course: Course) -> None:
    with held(course) as other:
        half = course.root / "submitted" / "ada" / f".tiny.ipynb-1234{PARTIAL}"
        half.parent.mkdir(parents=True)
        half.write_text("{")
        other.send_signal(signal.SIGKILL)
        other.wait()
    assert read_writer(course) is not None
    assert writer_of(course) is None
    with writing(course):
        assert list(partial_files(course.root)) == []
    assert read_writer(course) is None


def test_one_killed_while_it_said_who_it_was_leaves_nothing_behind(course: Course) -> None:
    half = course.root / ".autograder" / f".writer.json-1234{PARTIAL}"
    half.write_text("{")
    with writing(course):
        assert list(partial_files(course.root)) == []


def test_what_is_not_ours_stays(course: Course) -> None:
    mine = course.root / "submitted" / "ada" / "notes.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("keep")
    (course.root / ".autograder" / "writer.json").write_text("{")
    with writing(course):
        pass
    assert mine.read_text() == "keep"


def test_an_error_lets_go_of_the_course(course: Course) -> None:
    with pytest.raises(ZeroDivisionError), writing(course):
        print(1 // 0)
    assert writer_of(course) is None
    assert read_writer(course) is None
