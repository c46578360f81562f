"""Temporary files of a process that is killed: at whatever moment, the next command finds them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from autograder.course.directory import Course
from autograder.course.files import write_atomically
from autograder.course.lock import writing
from autograder.course.scratch import Note, notes_of, scratch

BEGIN = """
import os, shutil, signal, sys, tempfile
from pathlib import Path
from autograder.course.directory import find
from autograder.course.lock import writing
from autograder.course.scratch import scratch

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def deadly(work, word):
    return lambda path, *rest, **named: (die if word in str(path) else work)(path, *rest, **named)

course = find(Path(sys.argv[1]))
"""
GRADE = """
with writing(course), scratch(course):
    tempfile.mkdtemp()
"""
ENDS = {
    "before the folder": f"os.mkdir = deadly(os.mkdir, 'outside/autograder-')\n{GRADE}",
    "at work": f"{GRADE}    die()",
    "after its work": f"{GRADE}\ndie()",
    "while it tidies up": f"shutil.rmtree = die\n{GRADE}",
    "when the folder is gone": f"os.unlink = deadly(os.unlink, '/scratch/')\n{GRADE}",
}


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    return folder


def run(course: Course, outside: Path, text: str) -> int:
    """Let a process write the course; its temporary files lie ``outside``. Return how it ended."""
    command = [sys.executable, "-c", BEGIN + text, str(course.root)]
    return subprocess.run(command, env=os.environ | {"TMPDIR": str(outside)}).returncode


def test_an_ordinary_end_leaves_nothing(course: Course, outside: Path) -> None:
    assert run(course, outside, GRADE) == 0
    assert list(outside.iterdir()) == []
    assert list(notes_of(course).iterdir()) == []


@pytest.mark.parametrize("text", ENDS.values(), ids=ENDS)
def test_the_next_command_finds_what_a_killed_one_left(
    course: Course, outside: Path, text: str
) -> None:
    assert run(course, outside, text) == -signal.SIGKILL
    assert [*outside.iterdir(), *notes_of(course).iterdir()]
    with writing(course):
        assert list(outside.iterdir()) == []
        assert list(notes_of(course).iterdir()) == []


def test_a_process_that_has_done_its_work_and_lives_keeps_its_folder(
    course: Course, outside: Path
) -> None:
    command = [sys.executable, "-c", f"{BEGIN}{GRADE}\nprint('done', flush=True)\ninput()"]
    with subprocess.Popen(
        [*command, str(course.root)],
        env=os.environ | {"TMPDIR": str(outside)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "done\n"
        (folder,) = outside.iterdir()
        with writing(course):
            assert folder.is_dir()
        other.communicate("\n")
    assert other.returncode == 0
    assert list(outside.iterdir()) == []
    assert list(notes_of(course).iterdir()) == []


def test_one_process_may_write_a_course_twice(course: Course, outside: Path) -> None:
    assert run(course, outside, GRADE + GRADE) == 0
    assert list(outside.iterdir()) == []


def test_what_is_not_ours_stays(course: Course, tmp_path: Path) -> None:
    thesis, elsewhere = tmp_path / "thesis", tmp_path / "autograder-elsewhere"
    for number, (folder, host) in enumerate(
        {thesis: socket.gethostname(), elsewhere: "another"}.items()
    ):
        folder.mkdir()
        note = msgspec.json.encode(Note(str(folder), host))
        write_atomically(notes_of(course) / f"{number}.json", note)
    (notes_of(course) / "damaged.json").write_text("{")
    with writing(course):
        assert thesis.is_dir()
        assert elsewhere.is_dir()
        # Its own machine will look after the folder there.
        assert [note.name for note in notes_of(course).iterdir()] == ["1.json"]


def test_an_error_puts_the_place_back(course: Course) -> None:
    before = os.environ.get("TMPDIR")
    with pytest.raises(ZeroDivisionError), writing(course), scratch(course):
        print(1 // 0)
    assert os.environ.get("TMPDIR") == before
