"""Canvas's gradebook CSV, opened as its importer opens it."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field

import pytest

from autograder.course.directory import Course
from autograder.course.sheet import Sheet
from autograder.errors import AutograderError
from autograder.exports.canvas import fill, new_table
from autograder.exports.filling import Filled, Wishes
from tests.autograder.enrolling import enrolled, marked
from tests.autograder.tiny import NAME

EXPORT = (
    "\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,tiny (321),Essay (322),Final Score\r\n"
    ",,,,,Manual Posting,,\r\n"
    "    Points Possible,,,,,5.00,10.00,(read only)\r\n"
    '"Lovelace, Ada",4711,s7,ada,A,,7.50,50\r\n'
    '"O\'Neil, Jr., Bob",4712,s8,bob,B,1.00,,\r\n'
    '"Stranger, A",4799,s1,str,B,3.00,,\r\n'
    '"李雷, Zoë",4713,s9,zoe,"A, and B",,,\r\n'
    '"Student, Test",4700,,,A,,,\r\n'
)


@dataclass
class Imported:
    """What Canvas understands of a file."""

    points: dict[str, float] = field(default_factory=dict)
    marks: dict[str, dict[str, str]] = field(default_factory=dict)  # by ID, then assignment


def imported(data: bytes) -> Imported:
    """Read as Canvas's gradebook importer does.

    Student and ID come first, Section last of the columns about people, the SIS ids between them
    in their order; an assignment is a title with a number; a row "Points Possible" is no person.
    """
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    head = rows[0]
    assert len(head) > 3
    assert "Student" in head[0]
    assert "ID" in head[1]
    about = 3
    if "SIS Login ID" in head[2]:
        about += 1
    elif "SIS User ID" in head[2] and "SIS Login ID" in head[3]:
        about += 2
    assert "Section" in head[about - 1]
    columns = {
        place: title
        for place, title in enumerate(head[about:], about)
        if not re.search("Current|Final|Override", title)
    }
    found = Imported()
    for row in rows[1:]:
        if "Points Possible" in row[0]:
            found.points = {title: float(row[place]) for place, title in columns.items()}
        elif not all(re.fullmatch(r"\s*(Muted|Manual Posting.*)?\s*", cell) for cell in row):
            found.marks[row[1] or row[0]] = {
                title: row[place].strip() for place, title in columns.items()
            }
    assert found.points
    return found


def filled(course: Course, text: str = EXPORT, **wishes: object) -> Filled:
    sheet = Sheet(text.encode(), "grades.csv")
    return fill(course, [NAME], sheet, Wishes(**wishes))  # type: ignore[arg-type]


def test_only_the_marks_are_filled_in(course: Course) -> None:
    enrolled(course)
    marked(course, {"ada": 5, "bob": 2.5})
    done = filled(course)
    text = done.data.decode()
    assert text == EXPORT.replace("ada,A,,7.50", "ada,A,5,7.50").replace("B,1.00,", "B,2.5,")
    found = imported(done.data)
    assert found.points == {"tiny (321)": 5, "Essay (322)": 10}
    assert {who: marks["tiny (321)"] for who, marks in found.marks.items()} == {
        "4711": "5",
        "4712": "2.5",
        "4799": "3.00",  # whom we do not know
        "4713": "",
        "4700": "",
    }
    assert done.left == ["line 6, Stranger, A: nobody of this course"]
    assert done.notes == ["zoë handed nothing in (tiny): the cell stays as it is"]


def test_what_was_never_handed_in_can_be_a_zero(course: Course) -> None:
    enrolled(course)
    marked(course, {"ada": 5, "bob": 2.5})
    found = imported(filled(course, absent=0.0).data)
    assert found.marks["4713"]["tiny (321)"] == "0"


def test_nobody_gets_the_mark_of_a_namesake(course: Course) -> None:
    enrolled(course)
    marked(course, {"ada": 5})
    text = EXPORT.replace('"Lovelace, Ada",4711,s7,ada,A', '"Lovelace, Ada",9999,,,A')
    done = filled(course, text)
    assert imported(done.data).marks["9999"]["tiny (321)"] == ""
    assert "ada has a mark in tiny, and no line in the table" in done.left


def test_other_points_are_refused_or_converted(course: Course) -> None:
    enrolled(course)
    marked(course, {"ada": 5, "bob": 2.5})
    text = EXPORT.replace("5.00,10.00", "100.00,10.00")
    with pytest.raises(AutograderError, match=r"worth 5 points, and the platform's column 100"):
        filled(course, text)
    found = imported(filled(course, text, scale=True).data)
    assert [found.marks[who]["tiny (321)"] for who in ("4711", "4712")] == ["100", "50"]


def test_the_column_can_be_named_and_must_be_clear(course: Course) -> None:
    enrolled(course)
    marked(course, {"ada": 5})
    text = EXPORT.replace("tiny (321)", "Homework 1 (321)")
    with pytest.raises(AutograderError, match=r"Homework 1 \(321\); Essay \(322\)"):
        filled(course, text)
    assert filled(course, text, column="Homework 1 (321)").marks == 1
    twice = EXPORT.replace("Essay (322)", "tiny (322)")
    with pytest.raises(AutograderError, match="more than one column"):
        filled(course, twice)
    assert filled(course, twice, column="tiny (321)").marks == 1


def test_semicolons_and_decimal_commas(course: Course) -> None:
    enrolled(course)
    marked(course, {"ada": 5})
    text = (
        "Student;ID;SIS Login ID;Section;tiny (321)\n"
        "Points Possible;;;;5,00\nLovelace, Ada;4711;ada;A;1,5\n"
    )
    assert filled(course, text).data.decode() == text.replace("1,5", "5")


def test_a_table_of_something_else(course: Course) -> None:
    with pytest.raises(AutograderError, match="no column 'ID'"):
        filled(course, "Student,Mark\nAda,1\n")


def test_a_new_table_is_one_that_canvas_takes(course: Course) -> None:
    enrolled(course)
    marked(course, {"ada": 5, "bob": 2.5, "=cmd|x": 1})
    done = new_table(course, [NAME], Wishes(absent=0.0))
    found = imported(done.data)
    assert found.points == {NAME: 5}
    marks = {who: of[NAME] for who, of in found.marks.items()}
    assert marks == {"4711": "5", "4712": "2.5", "4713": "0", "'=cmd|x": "1"}
    assert done.notes == ["=cmd|x has no number of Canvas's: it will look for the name"]
