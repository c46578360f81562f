"""The sample class, graded through the command line: every mark, and every reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from autograder.course.directory import find
from autograder.steps.manifest import printable, read_manifest
from autograder.verdict import Verdict
from benchmarks.classroom import ASSIGNMENT, Classroom
from benchmarks.leaks import plain
from demo.sample_class import ALL, Sample, samples, write_sample_class
from tests.sharing import built_once

pytestmark = pytest.mark.sandbox

CELL_SECONDS = "6"  # the endless ones wait this long; "stopped after" names it


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Classroom:
    """The class, collected, graded and given back; one worker does it for all of them."""
    return Classroom(
        built_once(tmp_path_factory, worker_id, "sample-class", grade_class) / "course"
    )


def grade_class(folder: Path) -> None:
    """Grade the sample class in a folder; with it comes a link that leads elsewhere."""
    root = folder / "course"
    room = Classroom.make(root)
    write_sample_class(root)
    inbox = root / "inbox" / ASSIGNMENT
    (inbox / "linked").mkdir()
    link = inbox / "linked" / f"{ASSIGNMENT}.ipynb"
    link.symlink_to(room.notebook("source"))
    said = room.autograder("collect", str(inbox), "--assignment", ASSIGNMENT, accept=(1,))
    assert "linked" in said
    assert "symbolic link" in said
    room.grade("--timeout", CELL_SECONDS)
    room.autograder("feedback", ASSIGNMENT)


@pytest.fixture(scope="module")
def verdicts(room: Classroom) -> Mapping[str, Verdict]:
    """Verdicts by the name that stands on the inbox folder."""
    course = find(room.root)
    found = {}
    for student, entry in read_manifest(course, ASSIGNMENT).submissions.items():
        verdict = course.read_verdict(ASSIGNMENT, student)
        assert verdict is not None, f"{student} has no verdict"
        found[entry.original] = verdict
    return found


def test_nobody_is_lost(verdicts: Mapping[str, Verdict]) -> None:
    assert set(verdicts) == {printable(sample.student) for sample in samples()}
    assert len(verdicts) >= 24


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: printable(sample.student))
def test_mark_and_reason(sample: Sample, room: Classroom, verdicts: Mapping[str, Verdict]) -> None:
    verdict = verdicts[printable(sample.student)]
    for part in verdict.parts:
        failed = {check.name for check in part.checks if not check.passed}
        expected = sample.fails.get(part.grade_id, ())
        names = {check.name for check in part.checks}
        assert failed == (names if expected == ALL else set(expected)), part.grade_id
        assert all(check.message for check in part.checks if not check.passed)
    assert verdict.isolation == "bwrap"
    assert room.marks()[verdict.student] == {
        part.grade_id: pytest.approx(part.points) for part in verdict.parts
    }
    page = room.root / "feedback" / verdict.student / ASSIGNMENT / f"{ASSIGNMENT}.html"
    text = page.read_text(encoding="utf-8")
    assert sample.says in plain(text)
    assert "<script>alert" not in text


def test_nothing_is_written_outside(room: Classroom) -> None:
    assert {path.name for path in room.root.parent.iterdir()} == {room.root.name}
    students = {path.name for path in (room.root / "submitted").iterdir()}
    assert all(re.fullmatch(r"\w[\w.@-]*", name) for name in students)
    assert "linked" not in students
