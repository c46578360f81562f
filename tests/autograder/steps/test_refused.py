"""A gradebook that is locked, a read-only course, a full disk: words; and then it goes on."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.course import directory
from autograder.course.directory import Course
from autograder.steps import grade as grading
from autograder.verdict import Verdict
from tests.autograder import tiny
from tests.conftest import ROOT

Submit = Callable[[str, dict[str, str]], Path]
Grade = Callable[..., dict[str, Verdict]]


@pytest.mark.parametrize("kind", ["IMMEDIATE", "EXCLUSIVE"])
def test_a_locked_gradebook_is_told_in_words(
    course: Course,
    submit: Submit,
    said: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    monkeypatch.setattr(directory, "BUSY_S", 0.2)
    submit("ada", tiny.RIGHT)
    other = sqlite3.connect(course.root / "gradebook.db", isolation_level=None)
    other.execute(f"BEGIN {kind}")
    text = said("grade", code=2)
    assert "another program is writing the gradebook" in text
    assert f"Where: {course.root / 'gradebook.db'}" in text
    assert course.read_verdict(tiny.NAME, "ada") is None
    other.close()
    said("grade", code=0)
    assert "no findings" in said("verify", code=0)


def test_a_gradebook_locked_while_grading_loses_nothing(
    course: Course, submit: Submit, said: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "BUSY_S", 0.2)
    for student in ("ada", "bob", "eve"):
        submit(student, tiny.RIGHT)
    other = sqlite3.connect(course.root / "gradebook.db", isolation_level=None)
    write = grading.GradebookWriter.write_scores

    def locked(self: grading.GradebookWriter, verdict: Verdict, submission: object) -> None:
        if verdict.student == "bob":
            other.execute("BEGIN IMMEDIATE")
        write(self, verdict, submission)

    with monkeypatch.context() as patch:
        patch.setattr(grading.GradebookWriter, "write_scores", locked)
        assert "another program" in said("grade", "--jobs", "1", code=2)
    other.close()
    assert "2 judged, 1 unchanged" in said("grade", "--jobs", "1", code=0)
    assert "no findings" in said("verify", code=0)


# --- in a mount namespace of its own -----------------------------------------------------------


def inside(*arguments: str | Path, program: str) -> str:
    """Run a program of Python where the file systems are as bubblewrap's arguments say."""
    command = ["bwrap", "--dev-bind", "/", "/", *map(str, arguments), "--chdir", str(ROOT), "--"]
    ended = subprocess.run(
        [*command, sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env=os.environ | {"COLUMNS": "1000"},
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr
    return ended.stdout + ended.stderr


READ_ONLY = """
import sys
from autograder import cli

for command in {writing!r}:
    assert cli.run([*command, "--course", {course!r}]) == 2, command
for command in {reading!r}:
    assert cli.run([*command, "--course", {course!r}]) == 0, command
"""


@pytest.mark.sandbox
def test_a_read_only_course_can_be_read_and_says_so(
    course: Course, submit: Submit, grade_here: Grade
) -> None:
    submit("ada", tiny.RIGHT)
    grade_here()
    writing = [("grade",), ("grade", "--regrade"), ("feedback",), ("collect", "."), ("release",)]
    reading = [("status",), ("verify",), ("export",)]
    program = READ_ONLY.format(writing=writing, reading=reading, course=str(course.root))
    text = inside("--ro-bind", course.root, course.root, program=program)
    assert text.count("this may be read, but not written") == len(writing)
    assert text.count(f"Where: {course.root}") == len(writing)
    assert "ada" in text


FULL = """
import shutil, sys
from pathlib import Path
from autograder import cli
from autograder.course.files import partial_files
from tests.autograder.conftest import grading_here

source, root = Path({source!r}), Path({root!r})
full = []
for free in (0, 8_000, 20_000, 40_000, 70_000, 90_000, 120_000, 300_000):
    for path in root.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copytree(source, root, dirs_exist_ok=True)
    left = shutil.disk_usage(root).free - free
    (root / "filler").write_bytes(bytes(left))
    with grading_here():
        full.append(cli.run(["grade", "--jobs", "1", "--course", str(root)]))
        left = [*partial_files(root), root / ".autograder" / "writer.json"]
        assert not any(path.exists() for path in left), left
        (root / "filler").unlink()
        assert cli.run(["grade", "--jobs", "1", "--course", str(root)]) == 0
    assert cli.run(["verify", "--course", str(root)]) == 0
assert set(full) == {{0, 2}}, full
print("stopped", full.count(2))
"""


@pytest.mark.sandbox
def test_a_full_disk_loses_nothing_wherever_it_strikes(
    course: Course, submit: Submit, tmp_path: Path
) -> None:
    submit("ada", tiny.RIGHT)
    submit("eve", tiny.WRONG_NORM)
    disk = tmp_path / "disk"
    disk.mkdir()
    program = FULL.format(source=str(course.root), root=str(disk))
    text = inside("--size", str(1_000_000), "--tmpfs", disk, program=program)
    stopped = int(text.rsplit("stopped ", 1)[1].split()[0])
    assert stopped >= 3
    assert text.count("there is no space left on the disk") == stopped
    assert text.count("no findings") == 8
