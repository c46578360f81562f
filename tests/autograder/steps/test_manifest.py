"""The record of what was collected, and the ids in it."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.course.directory import Course
from autograder.errors import AutograderError
from autograder.steps.manifest import printable, read_manifest, safe_id
from tests.autograder.inboxes import moodle, outside, put, run, submitted, work, zipped
from tests.autograder.tiny import NAME


@pytest.mark.parametrize(
    "name",
    [
        "O'Brien",
        'quo"te',
        "two\nlines",
        "semi;colon",
        "../../escape",
        "a b\tc",
        "-rf",
        ".hidden",
        "*",
        "$(x)",
    ],
)
def test_odd_names_become_safe_ids(course: Course, tmp_path: Path, name: str) -> None:
    before = outside(course)
    archive = tmp_path / "in.zip"
    with zipfile.ZipFile(archive, "w") as stream:
        stream.writestr(f"{name}.ipynb", "{}")
    before |= {"in.zip"}
    rows = list(run(course, archive).values())
    assert outside(course) == before
    if "/" in name:
        assert rows[0].reason == "its path leads out of the archive"
        return
    (student,) = submitted(course)
    assert not set(student) & set("/\\'\"\n\t ;*$()")
    assert not student.startswith(("-", "."))
    assert read_manifest(course, NAME).submissions[student].original == printable(name)


@given(st.text(min_size=1), st.text(min_size=1))
def test_ids_are_safe_and_apart(one: str, other: str) -> None:
    for text in (one, other):
        student = safe_id(text)
        assert student == safe_id(text)
        assert student not in ("", ".", "..")
        assert "/" not in student
        assert "\0" not in student
        assert len(student.encode()) < 200
        assert student.isprintable()


def test_an_earlier_version_s_record_still_says_who_is_who(course: Course, tmp_path: Path) -> None:
    """It has no numbers of its own; the files' names have."""
    old = {"submissions": {}, "refused": []}
    for student, original, file in (
        ("Ada_Lovelace", "Ada Lovelace", moodle("Ada Lovelace", 1401)),
        (
            "Bob_7_assignsubmission_file",
            "Bob_7_assignsubmission_file",
            "Bob_7_assignsubmission_file_t.ipynb",
        ),
        ("Eve", "Eve", moodle("Mallory", 13, "Eve.ipynb")),
    ):
        put(course.notebook("submitted", NAME, student), '{"n": 0}')
        old["submissions"][student] = {
            "original": original,
            "file": file,
            "timestamp": "2020-01-01 00:00:00.000000 UTC",
        }
    put(course.record("collected", NAME), json.dumps(old))
    new = {
        moodle("Ada Lovelace", 1401): '{"n": 1}',
        moodle("Ada Lovelace", 1407): '{"n": 2}',
        "Bob_7_assignsubmission_file_t.ipynb": '{"n": 3}',
        moodle("Eve", 14): '{"n": 4}',
    }
    rows = run(course, zipped(tmp_path / "in.zip", new))
    assert work(course, "Ada_Lovelace") == '{"n": 1}'
    assert work(course, "Ada_Lovelace_1407") == '{"n": 2}'
    assert work(course, "Bob_7_assignsubmission_file") == '{"n": 3}'
    assert "--replace Eve" in rows[moodle("Eve", 14)].reason


def test_a_damaged_record_is_named(course: Course, tmp_path: Path) -> None:
    put(course.record("collected", NAME), "{")
    put(tmp_path / "in" / "ada.ipynb")
    with pytest.raises(AutograderError, match="record of what was collected"):
        run(course, tmp_path / "in")
