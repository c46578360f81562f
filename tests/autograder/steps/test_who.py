"""Who is who in a course: the number that a platform knows a person by decides."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.course.directory import Course
from autograder.steps.manifest import read_manifest
from tests.autograder.enrolling import enrolled
from tests.autograder.inboxes import moodle, put, run, submitted, work, zipped
from tests.autograder.tiny import NAME


def test_two_people_of_one_name_stay_two(course: Course, tmp_path: Path) -> None:
    files = {
        moodle("Ada Lovelace", 1401): '{"n": 1}',
        moodle("Ada Lovelace", 1407): '{"n": 7}',
        moodle("Bob", 1402): '{"n": 2}',
    }
    rows = run(course, zipped(tmp_path / "in.zip", files))
    assert all(row.is_collected for row in rows.values())
    assert submitted(course) == {"Ada_Lovelace_1401", "Ada_Lovelace_1407", "Bob"}
    entries = read_manifest(course, NAME).submissions
    assert {(entry.original, entry.id) for entry in entries.values()} == {
        ("Ada Lovelace", "1401"),
        ("Ada Lovelace", "1407"),
        ("Bob", "1402"),
    }


@pytest.mark.parametrize(
    "names",
    [
        ("lovelaceada_4711_815_tiny.ipynb", "lovelaceada_4799_816_tiny.ipynb"),
        ("Ada_1401_assignsubmission_file_t.ipynb", "Ada_1407_assignsubmission_file_t.ipynb"),
        (
            "Participant_1_assignsubmission_file/t.ipynb",
            "Participant_2_assignsubmission_file/t.ipynb",
        ),
        ("anon_Xy3f9_815_t.ipynb", "LATE_anon_zz3f9_815_t.ipynb"),
    ],
)
def test_a_second_person_of_a_name_comes_later(
    course: Course, tmp_path: Path, names: tuple[str, str]
) -> None:
    one, other = names
    run(course, zipped(tmp_path / "1.zip", {one: '{"n": 1}'}))
    run(course, zipped(tmp_path / "2.zip", {one: '{"n": 3}', other: '{"n": 2}'}, when=1))
    assert len(submitted(course)) == 2
    assert {work(course, student) for student in submitted(course)} == {'{"n": 3}', '{"n": 2}'}


def test_handing_in_again_replaces_under_whatever_name(course: Course, tmp_path: Path) -> None:
    run(course, zipped(tmp_path / "1.zip", {moodle("Ada Byron", 1401): '{"n": 1}'}))
    run(course, zipped(tmp_path / "2.zip", {moodle("Ada Lovelace", 1401): '{"n": 2}'}, when=1))
    assert submitted(course) == {"Ada_Byron"}
    assert work(course, "Ada_Byron") == '{"n": 2}'


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


def test_what_the_instructor_said_holds_for_the_next_download(
    course: Course, tmp_path: Path
) -> None:
    file = moodle("Ada Lovelace", 1745)
    run(course, zipped(tmp_path / "1.zip", {file: '{"n": 1}'}), whose={file: "ada"})
    run(course, zipped(tmp_path / "2.zip", {file: '{"n": 2}'}, when=1))
    assert submitted(course) == {"ada"}
    assert work(course, "ada") == '{"n": 2}'


def test_one_number_with_two_names_is_asked(course: Course, tmp_path: Path) -> None:
    files = {moodle("Ada", 1, "a.ipynb"): "1", moodle("Eve", 1, "e.ipynb"): "2"}
    rows = run(course, zipped(tmp_path / "in.zip", files))
    assert submitted(course) == set()
    assert all("moodle 1 is called Ada and Eve" in row.reason for row in rows.values())


@pytest.mark.parametrize(
    ("file", "student"),
    [
        ("whoever_4711_815_tiny.ipynb", "ada"),  # Canvas's number
        ("Ada Lovelace_1401_assignsubmission_file/t.ipynb", "ada"),  # the only one of that name
        ("Group A-ada  lovelace_1401_assignsubmission_file/t.ipynb", "ada"),
        ("Zoë 李雷_1402_assignsubmission_file_t.ipynb", "zoë"),
        ("ada@uni.edu/t.ipynb", "ada"),
        ("Ada Lovelace.ipynb", "ada"),
        ("Lovelace, Ada.ipynb", "ada"),
        ("007_tiny.ipynb", "ada"),
        ("ADA+tiny+2026-11-20 09:00:00 UTC+ab/tiny.ipynb", "ada"),
        ("tiny-zoe/tiny.ipynb", "zoë"),  # the login
    ],
)
def test_the_class_list_says_whose_it_is(
    course: Course, tmp_path: Path, file: str, student: str
) -> None:
    enrolled(course)
    (row,) = run(course, zipped(tmp_path / "in.zip", {file: "{}"})).values()
    assert (row.student, row.is_collected, row.note) == (student, True, "")


@pytest.mark.parametrize(
    ("file", "student"),
    [
        ("lovelaceada_4799_815_tiny.ipynb", "lovelaceada"),
        ("Eve_1409_assignsubmission_file/t.ipynb", "Eve"),
        ("Participant_1409_assignsubmission_file/t.ipynb", "Participant_1409"),
        ("eve/t.ipynb", "eve"),
    ],
)
def test_who_is_not_on_the_list_is_collected_and_named(
    course: Course, tmp_path: Path, file: str, student: str
) -> None:
    enrolled(course)
    (row,) = run(course, zipped(tmp_path / "in.zip", {file: "{}"})).values()
    assert (row.student, row.is_collected, row.note) == (student, True, "not on the roster")


def test_two_of_one_name_on_the_list_are_asked(course: Course, tmp_path: Path) -> None:
    enrolled(course, "Username,Full name\nada,Ada Lovelace\nada2,Ada Lovelace\n")
    file = moodle("Ada Lovelace", 1401)
    rows = run(course, zipped(tmp_path / "in.zip", {file: "{}"}))
    assert rows[file].reason == "may be ada or ada2 of the class list; say whose it is with --map"
    run(course, tmp_path / "in.zip", whose={file: "ada2"})
    assert submitted(course) == {"ada2"}


def test_two_who_may_be_one_of_the_list_are_asked(course: Course, tmp_path: Path) -> None:
    """Somebody who calls themselves like another does not get into that one's place."""
    enrolled(course)
    files = {moodle("Ada Lovelace", number): f'{{"n": {number}}}' for number in (1401, 1407)}
    rows = run(course, zipped(tmp_path / "in.zip", files))
    assert submitted(course) == set()
    assert all("more than one person here may be ada" in row.reason for row in rows.values())


def test_a_namesake_who_comes_later_does_not_replace(course: Course, tmp_path: Path) -> None:
    enrolled(course)
    run(course, zipped(tmp_path / "1.zip", {moodle("Ada Lovelace", 1401): '{"n": 1}'}))
    rows = run(course, zipped(tmp_path / "2.zip", {moodle("Ada Lovelace", 1407): "2"}, when=1))
    assert not any(row.is_collected for row in rows.values())
    assert work(course, "ada") == '{"n": 1}'
