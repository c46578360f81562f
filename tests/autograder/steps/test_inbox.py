"""Reading an inbox: hostile names get nowhere, damage is one file's."""

from __future__ import annotations

import os
import stat
import warnings
import zipfile
from pathlib import Path

import pytest

from autograder.course.directory import Course
from autograder.steps import inbox
from autograder.steps.collect import collect
from autograder.steps.manifest import read_manifest
from autograder.steps.student_package import file_name
from tests.autograder.inboxes import outside, put, run, submitted, zipped
from tests.autograder.tiny import NAME


def test_everything_else_is_listed_with_a_reason(course: Course, tmp_path: Path) -> None:
    put(tmp_path / "in" / "ada.ipynb")
    put(tmp_path / "in" / "essay.pdf")
    put(tmp_path / "in" / "__MACOSX" / "ada.ipynb")
    put(tmp_path / "in" / ".ipynb_checkpoints" / "ada-checkpoint.ipynb")
    put(tmp_path / "in" / file_name())  # the student's package: no question to anybody
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


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damage_in_any_way_of_packing_is_a_row(course: Course, tmp_path: Path, method: int) -> None:
    archive = tmp_path / "in.zip"
    with zipfile.ZipFile(archive, "w", method) as stream:
        stream.writestr("ada.ipynb", os.urandom(2000).hex())
        stream.writestr("bob.ipynb", "{}")
    data = bytearray(archive.read_bytes())
    data[60:400] = bytes(340)
    archive.write_bytes(data)
    rows = run(course, archive)
    assert "damaged in the archive" in rows["ada.ipynb"].reason
    assert submitted(course) == {"bob"}


@pytest.mark.parametrize("seconds", [-1.0, 253_402_300_800.0, 1e300, float("nan"), float("inf")])
def test_a_time_that_cannot_be_is_no_time(seconds: float) -> None:
    assert inbox.sane_time(seconds) is None
    assert inbox.sane_time(0.0) == 0.0


def test_a_file_from_before_1970_is_collected_without_a_time(
    course: Course, tmp_path: Path
) -> None:
    put(tmp_path / "in" / "ada.ipynb", time=-1e9)
    put(tmp_path / "in" / "bob.ipynb")
    run(course, tmp_path / "in")
    assert submitted(course) == {"ada", "bob"}
    assert not course.notebook("submitted", NAME, "ada").with_name("timestamp.txt").exists()


@pytest.mark.parametrize(
    "date", [(1980, 0, 0, 0, 0, 0), (2026, 13, 32, 25, 61, 61), (1980, 1, 1, 0, 0, 0)]
)
def test_a_zip_s_time_that_cannot_be_is_no_time(
    course: Course, tmp_path: Path, date: tuple[int, ...]
) -> None:
    archive = tmp_path / "in.zip"
    entry = zipfile.ZipInfo("ada.ipynb")
    entry.date_time = date
    with zipfile.ZipFile(archive, "w") as stream:
        stream.writestr(entry, "{}")
        stream.writestr("bob.ipynb", "{}")
    run(course, archive)
    assert submitted(course) == {"ada", "bob"}
    assert read_manifest(course, NAME).submissions["ada"].timestamp == ""


def test_a_name_twice_in_an_archive_is_refused(course: Course, tmp_path: Path) -> None:
    archive = tmp_path / "in.zip"
    with zipfile.ZipFile(archive, "w") as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stream.writestr("ada.ipynb", "1")
        stream.writestr("./ada.ipynb", "2")
        stream.writestr("bob.ipynb", "{}")
    rows = run(course, archive)
    assert submitted(course) == {"bob"}
    assert "holds this name 2 times" in rows["ada.ipynb"].reason


def test_an_archive_in_the_inbox_is_named(course: Course, tmp_path: Path) -> None:
    put(tmp_path / "in" / "ada" / "homework.zip", "PK")
    (row,) = run(course, tmp_path / "in").values()
    assert "unpack it" in row.reason


def test_an_encrypted_entry_is_named(course: Course, tmp_path: Path) -> None:
    archive = zipped(tmp_path / "in.zip", {"ada.ipynb": "{}"})
    data = bytearray(archive.read_bytes())
    for start, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(start) + offset] |= 1
    archive.write_bytes(data)
    (row,) = run(course, archive).values()
    assert row.reason == "it is encrypted"


def test_a_name_of_65_000_letters_is_refused(course: Course, tmp_path: Path) -> None:
    archive = zipped(tmp_path / "in.zip", {"1_" * 32_000 + ".ipynb": "{}", "bob.ipynb": "{}"})
    rows = run(course, archive)
    assert submitted(course) == {"bob"}
    assert max(map(len, rows)) < 1000
