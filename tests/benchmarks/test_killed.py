"""Nothing is lost when grading is killed: a small version of ``make killed``."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.course.directory import Course
from benchmarks.killed import FAULTS, main, summary
from tests.autograder import conftest as shared
from tests.autograder import tiny
from tests.conftest import ROOT

# The miniature course is set up as for the autograder's own tests.
project, released_course = shared.project, shared.released_course
course, submit = shared.course, shared.submit


@pytest.mark.sandbox
@pytest.mark.timeout(900)  # some ten whole runs, each with torch to import
def test_five_kills_lose_nothing(
    course: Course, submit: Callable[[str, dict[str, str]], Path]
) -> None:
    for number in range(4):
        submit(f"student-{number}", tiny.RIGHT if number % 2 else tiny.WRONG_NORM)
    # In a process of its own, because it becomes the parent of all orphans.
    command = [sys.executable, "-m", "benchmarks.killed", "--kills", "5", "--seed", "5"]
    ended = subprocess.run(
        [*command, "--course", str(course.root)], cwd=ROOT, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.splitlines()[-1] == (
        "killed kills=5 submissions=4 lost=0 twice=0 marks=0 findings=0 orphans=0 strays=0 locked=0"
    )


def test_every_kind_of_fault_is_in_the_line_for_scripts() -> None:
    line = summary(25, 6, Counter(dict.fromkeys(FAULTS, 2)))
    assert line.startswith("killed kills=25 submissions=6 lost=2 ")
    assert line.count("=2 ") + line.endswith("=2") == len(FAULTS)


def test_nonsense_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--kills", "0"])
    assert ended.value.code == 2
    assert "at least 1" in capsys.readouterr().err
