"""nbgrader's table as nbgrader writes it, everything as JSON, and feedback back to the platform."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from nbgrader.plugins import CsvExportPlugin

from autograder.course.directory import Course
from autograder.course.moments import read_moment
from autograder.exports.document import SCHEMA, document
from autograder.exports.feedback_zip import pack
from autograder.exports.marks import marks
from autograder.exports.nbgrader_csv import COLUMNS, table
from autograder.steps.deadlines import Extension, extend, set_due
from autograder.steps.feedback import Written
from tests.autograder.enrolling import enrolled, handed_in, marked
from tests.autograder.inboxes import moodle, run, zipped
from tests.autograder.tiny import NAME


def test_nbgrader_s_table_is_nbgrader_s(course: Course, tmp_path: Path) -> None:
    enrolled(course, "Username,First name,Last name\nada,Ada,Lovelace\nbob,Bob,O'Neil\n")
    marked(course, {"ada": 5}, {"ada": "2026-11-20 09:00:00"})
    data, count = table(course, [NAME])
    plugin = CsvExportPlugin(to=str(tmp_path / "theirs.csv"))
    with course.open_gradebook() as book:
        plugin.export(book)
    theirs = list(csv.DictReader((tmp_path / "theirs.csv").open()))
    ours = list(csv.DictReader(io.StringIO(data.decode())))
    assert sorted(ours, key=str) == sorted(theirs, key=str)
    assert count == 2


def test_a_name_with_a_comma_keeps_its_column(course: Course) -> None:
    """nbgrader's own table has no quotes."""
    enrolled(course)
    data, _ = table(course, [NAME])
    rows = {row["student_id"]: row for row in csv.DictReader(io.StringIO(data.decode()))}
    assert rows["bob"]["last_name"] == "O'Neil, Jr."
    assert (rows["bob"]["score"], rows["bob"]["max_score"]) == ("0.0", "5.0")
    assert tuple(rows["bob"]) == COLUMNS


def test_the_document_has_everybody_and_every_check(course: Course) -> None:
    enrolled(course)
    set_due(course, NAME, read_moment("2026-12-01 23:59", "UTC"))
    extend(course, NAME, "ada", Extension(hours=24))
    marked(
        course, {"ada": 5, "eve": 2}, {"ada": "2026-12-02 09:00:00", "eve": "2026-12-02 09:00:00"}
    )
    handed_in(course, "bob")
    content = json.loads(document(course, [NAME]))
    assert content["schema"] == SCHEMA
    (one,) = content["assignments"]
    assert (one["due"], one["max_points"]) == ("2026-12-01T23:59:00+00:00", 5.0)
    found = {row["student"]: row for row in one["students"]}
    states = {who: (row["state"], row["points"], row["on_roster"]) for who, row in found.items()}
    assert states == {
        "ada": ("graded", 5.0, True),
        "bob": ("waiting", None, True),
        "eve": ("graded", 2.0, False),
        "zoë": ("missing", None, True),
    }
    assert found["ada"]["due"] == "2026-12-02T23:59:00+00:00"
    assert (found["ada"]["late_seconds"], found["eve"]["late_seconds"]) == (0, 32_460)
    assert found["ada"]["ids"]["number"] == "007"
    assert [check["name"] for part in found["eve"]["parts"] for check in part["checks"]] == [
        "doubles",
        "euclidean",
    ]


def test_a_mark_by_hand_is_a_mark(course: Course) -> None:
    """Also where no test has ever run."""
    enrolled(course)
    marked(course, {"ada": 2})
    course.verdict_path(NAME, "ada").unlink()
    with course.open_gradebook() as book:
        book.find_grade("norm-tests", NAME, NAME, "ada").manual_score = 3
        book.db.commit()
    assert [mark.points for mark in marks(course, NAME)] == [5, None, None]


def moodle_takes(name: str) -> str | None:
    """Return the participant whose feedback Moodle takes a file for, as its importer does."""
    for part in name.split("/"):
        info = part.split("_", 4)
        if len(info) >= 4 and info[1].isdigit() and info[2:4] == ["assignsubmission", "file"]:
            return info[1]
    return None


def canvas_takes(name: str) -> tuple[str, str] | None:
    """Return the person and the file that Canvas takes a file to be about."""
    numbers = [part for part in name.split("_") if re.fullmatch(r"\d+", part)]
    return (numbers[0], numbers[1]) if len(numbers) >= 2 else None


@pytest.mark.parametrize(
    ("file", "takes", "whose"),
    [
        (moodle("Ada Lovelace", 1401), moodle_takes, "1401"),
        ("Ada_1401_assignsubmission_file_my_work.ipynb", moodle_takes, "1401"),
        ("Group A-Ada_1401_assignsubmission_file/t.ipynb", moodle_takes, "1401"),
        ("lovelaceada_LATE_4711_815_my_work-2.ipynb", canvas_takes, ("4711", "815")),
    ],
)
def test_feedback_goes_back_where_the_work_came_from(
    course: Course, tmp_path: Path, file: str, takes: Callable[[str], object], whose: object
) -> None:
    run(course, zipped(tmp_path / "in.zip", {file: "{}"}))
    (student,) = course.students(NAME)
    page = tmp_path / "page.html"
    page.write_text("<p>5 of 5</p>")
    packed = pack(course, NAME, [Written(student, page), Written("by-mail", page)])
    assert (packed.pages, packed.left) == (1, ["by-mail"])
    with zipfile.ZipFile(io.BytesIO(packed.data)) as archive:
        (name,) = archive.namelist()
        assert archive.read(name) == page.read_bytes()
    assert takes(name) == whose
    assert name.endswith("tiny.html")
