"""A class list becomes the roster: the same list twice changes nothing, and nobody is two."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.course.directory import Course
from autograder.course.sheet import Sheet
from autograder.errors import AutograderError
from autograder.steps.enrol import enrol
from autograder.steps.people import missing, read_people, write_people
from tests.autograder.enrolling import LIST, again, enrolled, handed_in
from tests.autograder.inboxes import moodle, run, zipped
from tests.autograder.tiny import NAME

CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,Homework 1 (321)
    Points Possible,,,,,5.00
"Lovelace, Ada",4711,007,ada@uni.edu,Lecture and Lab,
"O'Neil, Jr., Bob",4712,008,bob@uni.edu,Lecture,3.00
"Student, Test",4799,,,Lecture,
"""
WORKSHEET = (
    '\ufeffIdentifier,"Full name","Email address",Status,Grade,"Maximum grade"\r\n'
    '"Participant 1401","Ada Lovelace",ada@uni.edu,"Submitted for grading",,5.00\r\n'
    '"Participant 1407","Ada Lovelace",ada2@uni.edu,"No submission",,5.00\r\n'
)


def test_a_list_of_one_s_own(course: Course) -> None:
    done = enrolled(course)
    assert (done.added, done.refused) == (["ada", "bob", "zoë"], [])
    people = read_people(course)
    assert people["bob"].last_name == "O'Neil, Jr."
    assert people["ada"].ids["number"] == "007"
    assert people["zoë"].sections == ["A", "B"]
    with course.open_gradebook() as book:  # where nbgrader and formgrader look
        student = book.find_student("ada")
        assert (student.first_name, student.last_name) == ("Ada", "Lovelace")
        assert (student.email, student.lms_user_id) == ("ada@uni.edu", "4711")
    assert missing(course, NAME, people) == ["ada", "bob", "zoë"]
    handed_in(course, "ada")
    assert missing(course, NAME, people) == ["bob", "zoë"]


def test_the_same_list_twice_changes_nothing(course: Course) -> None:
    enrolled(course)
    before = (course.root / ".autograder" / "roster.json").read_bytes()
    done = enrolled(course)
    assert (done.added, done.changed, done.unchanged, done.refused) == ([], {}, 3, [])
    assert (course.root / ".autograder" / "roster.json").read_bytes() == before


def test_a_full_name_does_not_undo_first_and_last(course: Course) -> None:
    """Moodle's worksheet has one column for the name, and Canvas's table wants two parts."""
    enrolled(course)
    alone = "\r\n".join(WORKSHEET.split("\r\n")[:2])
    done = enrolled(course, alone, NAME)
    assert done.changed == {"ada": ["Moodle's number in tiny: nothing -> 1401"]}
    ada = read_people(course)["ada"]
    assert (ada.first_name, ada.last_name) == ("Ada", "Lovelace")


def test_what_changed_is_said_and_nobody_is_dropped(course: Course) -> None:
    enrolled(course)
    done = enrolled(course, "Username,Last name,First name,Email\nada,King,Ada,ada@new.edu\n")
    assert done.changed == {
        "ada": [
            "name: Ada Lovelace -> Ada King",
            "email: ada@uni.edu -> ada@new.edu",
        ]
    }
    assert done.absent == ["bob", "zoë"]
    people = read_people(course)
    assert set(people) == {"ada", "bob", "zoë"}
    assert people["ada"].sections == ["A"]  # which the list says nothing of


def test_the_order_of_columns_does_not_matter(course: Course) -> None:
    rows = [line.split(",") for line in LIST.replace("O'Neil, Jr.", "Neil").splitlines()]
    text = "\n".join(",".join(reversed(row)) for row in rows)
    enrolled(course, text)
    assert read_people(course)["zoë"].last_name == "李雷"


def test_canvas_s_gradebook_is_a_list(course: Course) -> None:
    done = enrolled(course, CANVAS)
    assert done.added == ["ada@uni.edu", "bob@uni.edu"]
    assert done.notes == ["line 5 is Canvas's test student: left out"]
    ada = read_people(course)["ada@uni.edu"]
    assert (ada.first_name, ada.last_name, ada.sections) == ("Ada", "Lovelace", ["Lecture and Lab"])
    assert ada.ids == {"canvas": "4711", "sis_user": "007", "login": "ada@uni.edu"}


def test_moodle_s_worksheet_says_who_the_participants_are(course: Course, tmp_path: Path) -> None:
    """Two people of one name: only the numbers tell whose work it is."""
    assert enrolled(course, WORKSHEET, NAME).added == ["ada@uni.edu", "ada2@uni.edu"]
    files = {moodle("Ada Lovelace", number): "{}" for number in (1401, 1407)}
    rows = run(course, zipped(tmp_path / "in.zip", files))
    assert {row.student for row in rows.values()} == {"ada@uni.edu", "ada2@uni.edu"}
    assert rows[moodle("Ada Lovelace", 1407)].student == "ada2@uni.edu"


def test_without_the_assignment_the_worksheet_s_numbers_are_left_aside(course: Course) -> None:
    done = enrolled(course, WORKSHEET)
    assert "--assignment" in done.notes[0]
    assert not read_people(course)["ada@uni.edu"].ids


def test_who_has_handed_in_keeps_the_id_of_their_work(course: Course, tmp_path: Path) -> None:
    canvas = {"lovelaceada_4711_815_tiny.ipynb": "{}", "oneilbob_4712_816_tiny.ipynb": "{}"}
    run(course, zipped(tmp_path / "in.zip", canvas))
    done = enrolled(course, CANVAS)
    assert sorted(done.added) == ["lovelaceada", "oneilbob"]
    assert enrolled(course, CANVAS).unchanged == 2


def test_a_name_that_one_person_has_finds_their_work(course: Course, tmp_path: Path) -> None:
    run(course, zipped(tmp_path / "in.zip", {moodle("Ada Lovelace", 1401): "{}"}))
    enrolled(course)
    assert set(read_people(course)) == {"Ada_Lovelace", "bob", "zoë"}


@pytest.mark.parametrize(
    ("rows", "line", "says"),
    [
        ("eve,Eve,x@u.edu\neve,Eva,y@u.edu", 2, "'eve' .username. stands in more than one line"),
        ("eve,Eve,x@u.edu\nmal,Mal,x@u.edu", 3, "'x@u.edu' .email. stands in more than one"),
        ("../up,Eve,x@u.edu", 2, "cannot be a student's id"),
        ("=1+1,Eve,x@u.edu", 2, "cannot be a student's id"),
        ("mal,Mal,x@u.edu", 2, "mal and Mal differ only in how"),
        ("bob,Eve,ada@uni.edu", 2, "ada and bob"),
        (",,\n , ,x@u.edu\n,,", 3, None),
    ],
)
def test_a_doubtful_row_is_refused_by_its_number(
    course: Course, rows: str, line: int, says: str | None
) -> None:
    enrolled(course)
    handed_in(course, "Mal")
    done = enrolled(course, f"Username,Last name,Email\n{rows}\n")
    if says is None:
        assert done.added == ["x@u.edu"]  # a blank row is nobody
        return
    assert line in dict(done.refused)
    with pytest.raises(AssertionError, match=says):
        raise AssertionError(dict(done.refused)[line])
    assert set(read_people(course)) >= {"ada", "bob", "zoë"}


def test_the_column_for_ids_can_be_named(course: Course) -> None:
    sheet = Sheet(LIST.encode(), "class.csv")
    assert enrol(course, sheet, named_by="ID number").added == ["007", "008", "009"]
    with pytest.raises(AutograderError, match="no column 'Matrikel'"):
        enrol(course, sheet, named_by="Matrikel")


def test_case_and_normal_form_make_nobody_two(course: Course) -> None:
    enrolled(course)
    assert enrolled(course, "Username,Section\nADA,A\nzoe\u0308,A;B\n").added == []


def test_a_list_that_names_nobody(course: Course) -> None:
    with pytest.raises(AutograderError, match="no column of the list says who"):
        enrolled(course, "Colour,Size\nred,1\n")


def test_a_damaged_roster_says_what_to_do(course: Course) -> None:
    (course.root / ".autograder" / "roster.json").write_text("{")
    with pytest.raises(AutograderError, match="cannot be read"):
        read_people(course)


def test_who_is_taken_off_keeps_work_and_marks(course: Course) -> None:
    people = enrolled(course).people
    handed_in(course, "ada")
    write_people(course, {"bob": people["bob"]}, ())
    assert set(read_people(again(course))) == {"bob"}
    assert course.students(NAME) == ["ada"]
