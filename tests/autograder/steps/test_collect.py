"""Collecting: every file gets a row, hostile names get nowhere, nothing is lost."""

from __future__ import annotations

import os
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.course.directory import Course
from autograder.errors import AutograderError
from autograder.steps import collect as collecting
from autograder.steps import inbox
from autograder.steps.answers import Answers
from autograder.steps.collect import collect
from autograder.steps.manifest import Row, printable, read_manifest, safe_id
from tests.autograder.tiny import NAME


def run(course: Course, source: Path, **options: Any) -> dict[str, Row]:
    pattern = options.pop("pattern", None)
    rows = collect(course, source, NAME, pattern, Answers(**options))
    return {row.file: row for row in rows}


def put(path: Path, text: str = "{}", time: float | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    if time is not None:
        os.utime(path, (time, time))
    return path


def submitted(course: Course) -> set[str]:
    return set(course.students(NAME))


def outside(course: Course) -> set[str]:
    """Everything beside the course directory: collecting must not add to it."""
    return {path.name for path in course.root.parent.iterdir()}


@pytest.mark.parametrize(
    ("file", "student"),
    [
        ("ada.ipynb", "ada"),
        ("ada_tiny.ipynb", "ada"),
        ("ada.lovelace@uni.edu_tiny.ipynb", "ada.lovelace@uni.edu"),
        ("ada/whatever.ipynb", "ada"),
        ("Ada Lovelace_12345_assignsubmission_file_/notebook.ipynb", "Ada_Lovelace"),
        ("lovelaceada_4711_0815_tiny-1.ipynb", "lovelaceada"),
        ("lovelaceada_LATE_4711_0815_tiny.ipynb", "lovelaceada"),
        ("ada+tiny+2026-11-20 09:00:00 UTC+ab/tiny.ipynb", "ada"),
        ("李雷.ipynb", "李雷"),
        ("Ольга Ладыженская.ipynb", "Ольга_Ладыженская"),
        ("हिन्दी.ipynb", "हिन्दी"),
    ],
)
def test_student_is_read_from_the_name(
    course: Course, tmp_path: Path, file: str, student: str
) -> None:
    put(tmp_path / "in" / file)
    rows = run(course, tmp_path / "in")
    assert rows[file].is_collected
    assert submitted(course) == {student}
    assert course.notebook("submitted", NAME, student).read_text() == "{}"


def test_timestamp_is_what_nbgrader_reads(course: Course, tmp_path: Path) -> None:
    put(tmp_path / "in" / "ada.ipynb", time=1_700_000_000)
    run(course, tmp_path / "in")
    directory = course.directory()
    stamp = directory.get_existing_timestamp(str(course.notebook("submitted", NAME, "ada").parent))
    assert stamp.isoformat() == "2023-11-14T22:13:20"


def test_pattern_says_who(course: Course, tmp_path: Path) -> None:
    put(tmp_path / "in" / "hw1-ada.ipynb")
    put(tmp_path / "in" / "readme.ipynb")
    rows = run(course, tmp_path / "in", pattern=r"hw1-(?P<student>.+)\.ipynb")
    assert submitted(course) == {"ada"}
    assert rows["readme.ipynb"].reason == "no student id in its name"


@pytest.mark.parametrize("pattern", ["(", "nobody"])
def test_bad_pattern_is_refused(course: Course, tmp_path: Path, pattern: str) -> None:
    put(tmp_path / "in" / "ada.ipynb")
    with pytest.raises(AutograderError, match="pattern"):
        run(course, tmp_path / "in", pattern=pattern)


def test_latest_of_several_counts_and_both_are_listed(course: Course, tmp_path: Path) -> None:
    put(tmp_path / "in" / "ada" / "first.ipynb", '{"n": 1}', time=1000)
    put(tmp_path / "in" / "ada" / "second.ipynb", '{"n": 2}', time=2000)
    put(tmp_path / "in" / "bob" / "only.ipynb", time=1000)
    rows = run(course, tmp_path / "in")
    assert rows["ada/second.ipynb"].is_collected
    assert rows["ada/first.ipynb"].reason == "ada/second.ipynb is newer"
    assert course.notebook("submitted", NAME, "ada").read_text() == '{"n": 2}'


def test_an_older_file_does_not_replace_a_newer_one(course: Course, tmp_path: Path) -> None:
    put(tmp_path / "monday" / "ada.ipynb", '{"n": 2}', time=2000)
    put(tmp_path / "sunday" / "ada.ipynb", '{"n": 1}', time=1000)
    run(course, tmp_path / "monday")
    rows = run(course, tmp_path / "sunday")
    assert "newer one was collected before" in rows["ada.ipynb"].reason
    assert course.notebook("submitted", NAME, "ada").read_text() == '{"n": 2}'


def test_a_shared_folder_is_not_a_student(course: Course, tmp_path: Path) -> None:
    for name in ("ada", "bob"):
        put(tmp_path / "in" / "submissions" / f"{name}.ipynb")
    rows = run(course, tmp_path / "in")
    assert submitted(course) == set()
    assert all("--inside 'submissions'" in row.reason for row in rows.values())
    run(course, tmp_path / "in", inside="submissions")
    assert submitted(course) == {"ada", "bob"}


def test_content_does_not_matter_here(course: Course, tmp_path: Path) -> None:
    put(tmp_path / "in" / "ada.ipynb", "this is not JSON")
    put(tmp_path / "in" / "bob.ipynb", "")
    run(course, tmp_path / "in")
    assert submitted(course) == {"ada", "bob"}


def test_everything_else_is_listed_with_a_reason(course: Course, tmp_path: Path) -> None:
    put(tmp_path / "in" / "ada.ipynb")
    put(tmp_path / "in" / "essay.pdf")
    put(tmp_path / "in" / "__MACOSX" / "ada.ipynb")
    put(tmp_path / "in" / ".ipynb_checkpoints" / "ada-checkpoint.ipynb")
    os.mkfifo(tmp_path / "in" / "pipe.ipynb")
    rows = run(course, tmp_path / "in")
    assert submitted(course) == {"ada"}
    assert len(rows) == 5
    assert all(row.reason for row in rows.values() if not row.is_collected)
    assert rows["pipe.ipynb"].reason == "not an ordinary file"


def test_links_are_not_followed(course: Course, tmp_path: Path) -> None:
    secret = put(tmp_path / "secret" / "exam.ipynb", "exam")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "ada.ipynb").symlink_to(secret)
    (tmp_path / "in" / "bob").symlink_to(tmp_path / "secret")
    rows = run(course, tmp_path / "in")
    assert submitted(course) == set()
    assert {row.reason for row in rows.values()} >= {"a symbolic link is not followed"}
    assert "exam" not in course.record("collected", NAME).read_text().replace("exam.ipynb", "")


def test_a_linked_folder_in_submitted_is_not_written_through(
    course: Course, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (course.root / "submitted" / "ada").symlink_to(tmp_path / "elsewhere")
    put(tmp_path / "in" / "ada.ipynb")
    rows = run(course, tmp_path / "in")
    assert "link to elsewhere" in rows["ada.ipynb"].reason
    assert list((tmp_path / "elsewhere").iterdir()) == []


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


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ada Lovelace", "Ada_Lovelace"), ("ada", "Ada"), ("caf\u00e9", "CAFE\u0301"), ("ﬁn", "fin")],
)
def test_two_names_that_may_be_one_are_asked(
    course: Course, tmp_path: Path, one: str, other: str
) -> None:
    put(tmp_path / "in" / f"{one}.ipynb", '{"n": 1}')
    put(tmp_path / "in" / f"{other}.ipynb", '{"n": 2}')
    rows = run(course, tmp_path / "in")
    assert submitted(course) == set()
    assert all("more than one person here may be" in row.reason for row in rows.values())
    run(course, tmp_path / "in", whose={f"{one}.ipynb": "one", f"{other}.ipynb": "other"})
    assert submitted(course) == {"one", "other"}


def test_one_name_in_two_normal_forms_is_one_person(course: Course, tmp_path: Path) -> None:
    put(tmp_path / "in" / "caf\u00e9" / "a.ipynb", time=1000)
    put(tmp_path / "in" / "cafe\u0301" / "b.ipynb", time=2000)
    run(course, tmp_path / "in")
    assert submitted(course) == {"caf\u00e9"}


@pytest.mark.parametrize(
    "name", ["../ada.ipynb", "/etc/ada.ipynb", "a/../../ada.ipynb", "..\\ada.ipynb", "C:/ada.ipynb"]
)
def test_paths_out_of_an_archive_are_refused(course: Course, tmp_path: Path, name: str) -> None:
    archive = tmp_path / "in.zip"
    with zipfile.ZipFile(archive, "w") as stream:
        stream.writestr(name, "{}")
        stream.writestr("bob.ipynb", "{}")
    before = outside(course)
    rows = collect(course, archive, NAME)
    assert submitted(course) == {"bob"}
    assert [row.reason for row in rows if not row.is_collected] == [
        "its path leads out of the archive"
    ]
    assert outside(course) == before


def test_links_in_an_archive_are_refused(course: Course, tmp_path: Path) -> None:
    archive = tmp_path / "in.zip"
    entry = zipfile.ZipInfo("ada.ipynb")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(archive, "w") as stream:
        stream.writestr(entry, "/etc/passwd")
    (row,) = collect(course, archive, NAME)
    assert row.reason == "a symbolic link is not followed"


def test_a_bomb_is_refused(course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "MAX_FILE", 10_000)
    archive = tmp_path / "in.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as stream:
        stream.writestr("ada.ipynb", " " * 10_000_000)
        stream.writestr("bob.ipynb", "{}")
    rows = {row.file: row for row in collect(course, archive, NAME)}
    assert "larger than" in rows["ada.ipynb"].reason
    assert submitted(course) == {"bob"}


def test_what_is_too_much_for_the_course_is_left_out(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "MAX_TOTAL", 10)
    put(tmp_path / "in" / "ada.ipynb", "12345678")
    put(tmp_path / "in" / "bob.ipynb", "12345678")
    rows = run(course, tmp_path / "in")
    assert submitted(course) == {"ada"}
    assert "in all" in rows["bob.ipynb"].reason


def test_a_damaged_entry_does_not_stop_the_rest(course: Course, tmp_path: Path) -> None:
    archive = tmp_path / "in.zip"
    with zipfile.ZipFile(archive, "w") as stream:
        stream.writestr("ada.ipynb", "PAYLOAD")
        stream.writestr("bob.ipynb", "{}")
    archive.write_bytes(archive.read_bytes().replace(b"PAYLOAD", b"PAYLOAF", 1))
    rows = {row.file: row for row in collect(course, archive, NAME)}
    assert "damaged in the archive" in rows["ada.ipynb"].reason
    assert submitted(course) == {"bob"}
    assert [row.file for row in read_manifest(course, NAME).refused] == ["ada.ipynb"]


def test_nothing_to_collect_from(course: Course, tmp_path: Path) -> None:
    with pytest.raises(AutograderError, match="no folder"):
        collect(course, tmp_path / "nowhere", NAME)
    with pytest.raises(AutograderError, match="no assignment"):
        collect(course, tmp_path, "unknown")
