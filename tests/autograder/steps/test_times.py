"""When work came in, as Moodle's worksheet says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.course.directory import Course
from autograder.course.sheet import Sheet
from autograder.errors import AutograderError
from autograder.steps.collect import collect
from autograder.steps.times import read_times
from tests.autograder.inboxes import moodle, zipped
from tests.autograder.tiny import NAME

HEAD = 'Identifier,"Last modified (submission)"\n'
BERLIN = "Europe/Berlin"


def times(text: str, zone: str = BERLIN) -> dict[str, float]:
    return read_times(Sheet(f"{HEAD}Participant 1401,{text}\n".encode(), "worksheet.csv"), zone)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ('"Sunday, 22 November 2026, 8:14 AM"', 1_795_331_640),
        ('"22 November 2026, 08:14"', 1_795_331_640),
        ('"Sunday, 22 November 2026, 12:14 AM"', 1_795_302_840),
        ('"Sunday, 22 November 2026, 12:14 PM"', 1_795_346_040),
        ('"Sunday, 25 October 2026, 2:30 AM"', 1_792_888_200),  # the first of two
    ],
)
def test_what_moodle_writes(text: str, seconds: float) -> None:
    assert times(text) == {"1401": seconds}


@pytest.mark.parametrize("text", ["-", ""])
def test_who_handed_nothing_in_has_no_time(text: str) -> None:
    assert times(text) == {}


@pytest.mark.parametrize(
    ("text", "zone", "says"),
    [
        ('"Sonntag, 22. November 2026, 08:14"', BERLIN, "line 2: .* in English"),
        ('"Sunday, 31 February 2026, 8:14 AM"', BERLIN, "line 2"),
        ('"Sunday, 22 Movember 2026, 8:14 AM"', BERLIN, "line 2"),
        ('"Sunday, 22 November 2026, 8:14 AM"', "", "no time zone"),
    ],
)
def test_what_cannot_be_read_is_said(text: str, zone: str, says: str) -> None:
    with pytest.raises(AutograderError, match=says):
        times(text, zone)


def test_another_table_is_refused() -> None:
    with pytest.raises(AutograderError, match="no columns 'Identifier'"):
        read_times(Sheet(b"Name,Mark\nAda,1\n", "x.csv"), BERLIN)


def test_a_download_gets_its_times_also_when_it_was_collected_before(
    course: Course, tmp_path: Path
) -> None:
    files = {moodle("Ada", 1401): '{"n": 1}', moodle("Bob", 1402): '{"n": 2}'}
    archive = zipped(tmp_path / "in.zip", files, when=12)
    collect(course, archive, NAME)
    rows = collect(course, archive, NAME, times=times('"18 November 2026, 08:14"'))
    assert all(row.is_collected for row in rows)
    stamps = {
        student: course.notebook("submitted", NAME, student).with_name("timestamp.txt")
        for student in ("Ada", "Bob")
    }
    assert stamps["Ada"].read_text()[:19] == "2026-11-18 07:14:00"
    assert not stamps["Bob"].exists()
