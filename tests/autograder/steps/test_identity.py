"""Whose file it is: what a platform writes in front counts, and nothing that a student chose."""

from __future__ import annotations

import contextlib
import time

import pytest

from autograder.errors import AutograderError
from autograder.steps.identity import Owner, Pattern, Unclear, owner_of

ASSIGNMENT = "tiny"


def who(path: str) -> tuple[str, str, str]:
    owner = owner_of(path, ASSIGNMENT)
    return owner.kind, owner.id, owner.name


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        # Moodle: a folder for each person; all in one folder; text typed in; a group; anonymous.
        ("Ada Lovelace_1401_assignsubmission_file/t.ipynb", ("moodle", "1401", "Ada Lovelace")),
        ("Ada Lovelace_1401_assignsubmission_file_/a/t.ipynb", ("moodle", "1401", "Ada Lovelace")),
        ("Ada Lovelace_1401_assignsubmission_file_my_t.ipynb", ("moodle", "1401", "Ada Lovelace")),
        ("Bob_7_assignsubmission_onlinetext/t.ipynb", ("moodle", "7", "Bob")),
        ("Team 4_55_assignsubmission_file/t.ipynb", ("moodle", "55", "Team 4")),
        ("Participant_12_assignsubmission_file/t.ipynb", ("moodle", "12", "Participant")),
        ("李雷_3_assignsubmission_file/t.ipynb", ("moodle", "3", "李雷")),
        # Canvas: early, late, handed in again, a name with an underscore, anonymous.
        ("lovelaceada_4711_815_tiny.ipynb", ("canvas", "4711", "lovelaceada")),
        ("lovelaceada_LATE_4711_815_tiny-1.ipynb", ("canvas", "4711", "lovelaceada")),
        ("love_laceada_4711_815_tiny.ipynb", ("canvas", "4711", "love_laceada")),
        ("anon_Xy3f9_815_tiny.ipynb", ("canvas", "Xy3f9", "anon")),
        ("LATE_anon_Xy3f9_815_tiny.ipynb", ("canvas", "Xy3f9", "anon")),
        # nbgrader's exchange, with and without its random end.
        ("ada+tiny+2026-11-20 09:00:00 UTC+ab-_9/tiny.ipynb", ("exchange", "ada", "ada")),
        ("ada+tiny+2026-11-20 09:00:00.123456 UTC/tiny.ipynb", ("exchange", "ada", "ada")),
        # GitHub Classroom, and people.
        ("tiny-ada/tiny.ipynb", ("classroom", "ada", "ada")),
        ("ada/deep/down/tiny.ipynb", ("folder", "ada", "ada")),
        ("ada.ipynb", ("file", "ada", "ada")),
        ("ada_tiny.ipynb", ("file", "ada", "ada")),
        ("ada lovelace tiny.ipynb", ("file", "ada lovelace", "ada lovelace")),
        ("tinyada.ipynb", ("file", "tinyada", "tinyada")),
        ("cafe\u0301.ipynb", ("file", "caf\u00e9", "caf\u00e9")),
    ],
)
def test_what_platforms_and_people_write(path: str, expected: tuple[str, str, str]) -> None:
    assert who(path) == expected


@pytest.mark.parametrize(
    "inner",
    [
        "Ada Lovelace.ipynb",
        "Ada Lovelace_1401_assignsubmission_file_tiny.ipynb",
        "Ada Lovelace_1401_assignsubmission_file/tiny.ipynb",
        "lovelaceada_4711_815_tiny.ipynb",
        "ada+tiny+2026-11-20 09:00:00 UTC+ab/tiny.ipynb",
        "ada_tiny.ipynb",
        "tiny-ada/tiny.ipynb",
    ],
)
@pytest.mark.parametrize(
    ("front", "expected"),
    [
        ("Mallory_13_assignsubmission_file/", ("moodle", "13")),
        ("Mallory_13_assignsubmission_file_", ("moodle", "13")),
        ("mallory_13_99_", ("canvas", "13")),
        ("mallory+tiny+2026-11-20 09:00:00 UTC+ab/", ("exchange", "mallory")),
    ],
)
def test_a_students_own_names_never_say_whose_it_is(
    front: str, inner: str, expected: tuple[str, str]
) -> None:
    file = inner.replace("/", "_") if front.startswith("mallory_") else inner
    try:
        assert who(front + file)[:2] == expected
    except Unclear:  # asking is right, too
        assert front.startswith("mallory_")


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("tiny.ipynb", "--student or --map"),
        ("tiny (1).ipynb", "--student or --map"),
        ("tiny-final.ipynb", "--student or --map"),
        (" .ipynb", "--student or --map"),
        ("Default group_assignsubmission_file/t.ipynb", "no number"),
        ("x_13_4711_815_tiny.ipynb", "may be Canvas user 13 or 4711"),
        ("ada+other+2026-11-20 09:00:00 UTC+ab/other.ipynb", "not of 'tiny'"),
        ("download/Ada_1401_assignsubmission_file/t.ipynb", "--inside 'download'"),
        ("download/lovelaceada_4711_815_tiny.ipynb", "--inside 'download'"),
        ("inbound/ada+tiny+2026-11-20 09:00:00 UTC+ab/t.ipynb", "--inside 'inbound'"),
    ],
)
def test_what_can_be_read_in_two_ways_is_asked(path: str, says: str) -> None:
    with pytest.raises(Unclear, match=says):
        owner_of(path, ASSIGNMENT)


def test_a_person_is_the_number_whatever_the_name() -> None:
    assert Owner("moodle", "1", "Ada") == Owner("moodle", "1", "Ada Lovelace")
    assert Owner("moodle", "1", "Ada") != Owner("moodle", "2", "Ada")


@pytest.mark.parametrize(
    "part", ["_", "1_", "_1", "a_1_1_", "_assignsubmission_", "+", "/", "_1_assignsubmission_f"]
)
def test_reading_a_name_takes_linear_time(part: str) -> None:
    """Ten times the name takes about ten times as long, not a hundred times."""

    def seconds(length: int) -> float:
        path = part * (length // len(part)) + ".ipynb"
        best = float("inf")
        for _ in range(3):
            started = time.process_time()
            with contextlib.suppress(Unclear):
                owner_of(path, ASSIGNMENT)
            best = min(best, time.process_time() - started)
        return best

    assert seconds(600_000) < 30 * max(seconds(60_000), 0.002)


@pytest.mark.parametrize("text", ["(", "nobody", "(?P<student>.+"])
def test_a_pattern_must_name_a_student(text: str) -> None:
    with pytest.raises(AutograderError, match="pattern"):
        Pattern(text)


def test_a_pattern_may_say_the_number() -> None:
    pattern = Pattern(r"hw_(?P<id>\d+)_(?P<student>[^_]+)_.*")
    assert pattern.owner_of("hw_12_ada_x.ipynb") == Owner("pattern", "12", "ada")
    with pytest.raises(Unclear, match="no student id"):
        pattern.owner_of("readme.ipynb")


def test_a_pattern_that_backtracks_is_stopped() -> None:
    pattern = Pattern(r"(?P<student>(a+)+)\.ipynb")
    started = time.process_time()
    for _ in range(40):
        with pytest.raises(Unclear, match="too long"):
            pattern.owner_of("a" * 60)
    assert time.process_time() - started < 15
