"""Moodle's grading worksheet, opened as its importer opens it."""

from __future__ import annotations

import csv
import io
import re

import pytest

from autograder.course.directory import Course
from autograder.course.sheet import Sheet
from autograder.errors import AutograderError
from autograder.exports.filling import Filled, Wishes
from autograder.exports.moodle import fill
from autograder.steps.gradebook import GradebookWriter
from tests.autograder.enrolling import enrolled, marked, verdict
from tests.autograder.inboxes import moodle, run, zipped
from tests.autograder.tiny import NAME

HEAD = (
    'Identifier,"Full name","Email address",Status,Grade,"Maximum grade","Grade can be changed",'
    '"Last modified (submission)","Last modified (grade)","Feedback comments"\r\n'
)
DATE = '"Sunday, 22 November 2026, 8:14 AM"'
SAID = '"Well, ""done"""'
WORKSHEET = (
    "\ufeff"
    + HEAD
    + f'"Participant 1401","Ada Lovelace",ada@uni.edu,"For grading",,5.00,Yes,{DATE},-,\r\n'
    + f'"Participant 1402","Bob O\'Neil, Jr.",bob@uni.edu,Submitted,,5.00,Yes,{DATE},-,{SAID}\r\n'
    + '"Participant 1403","Zoë 李雷",zoe@uni.edu,"No submission",,5.00,Yes,-,-,\r\n'
    + '"Participant 1499","A Stranger",s@uni.edu,"No submission",,5.00,Yes,-,-,\r\n'
)


def imported(data: bytes) -> dict[str, tuple[float, str]]:
    """Read as Moodle's offline importer does: the mark and the comment of each participant.

    Identifier, Grade and Last modified (grade) must be there; the number is what follows the word
    for a participant; an empty mark, and one that is out of range, is passed over in silence.
    """
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    head, *people = rows
    assert {"Identifier", "Grade", "Last modified (grade)"} <= set(head)
    taken = {}
    for row in people:
        said = dict(zip(head, row, strict=True))
        number = re.fullmatch(r"Participant (\d+)", said["Identifier"])
        assert number is not None
        if said["Grade"] and 0 <= float(said["Grade"]) <= float(said["Maximum grade"]):
            taken[number[1]] = (float(said["Grade"]), said["Feedback comments"])
    return taken


def filled(course: Course, text: str = WORKSHEET, **wishes: object) -> Filled:
    sheet = Sheet(text.encode(), "worksheet.csv")
    return fill(course, NAME, sheet, Wishes(**wishes))  # type: ignore[arg-type]


def test_marks_and_comments_and_nothing_else(course: Course) -> None:
    enrolled(course)
    marked(course, {"ada": 5, "bob": 2})
    done = filled(course)
    taken = imported(done.data)
    assert taken["1401"] == (5.0, "<p>Tests: 2 of 2 passed, 5 points.</p>")
    assert taken["1402"] == (2.0, 'Well, "done"')  # somebody wrote that
    assert set(taken) == {"1401", "1402"}
    before, after = WORKSHEET.splitlines(), done.data.decode().splitlines()
    assert after[3:] == before[3:]
    assert after[2] == before[2].replace("Submitted,,", "Submitted,2,")
    assert done.left == ["Participant 1499: nobody of this course"]
    assert any("bob has a comment" in note for note in done.notes)
    assert any("zoë handed nothing in" in note for note in done.notes)


def test_filled_in_again_the_comment_is_the_new_one(course: Course) -> None:
    enrolled(course)
    marked(course, {"ada": 2})
    first = filled(course).data.decode()
    marked(course, {"ada": 5})
    assert imported(filled(course, first).data)["1401"] == (
        5.0,
        "<p>Tests: 2 of 2 passed, 5 points.</p>",
    )


def test_the_download_s_own_number_finds_who_it_is(
    course: Course, tmp_path_factory: object
) -> None:
    """Without a roster, and whatever the student is called by now."""
    folder = course.root.parent
    run(course, zipped(folder / "in.zip", {moodle("Ada Byron", 1401): "{}"}))
    marked(course, {"Ada_Byron": 4})
    assert imported(filled(course).data)["1401"][0] == 4.0


def test_a_mark_above_the_maximum_is_cut_or_moodle_would_drop_it(course: Course) -> None:
    enrolled(course)
    marked(course, {"ada": 5})
    with course.open_gradebook() as book:
        book.find_grade("norm-tests", NAME, NAME, "ada").extra_credit = 2
        book.db.commit()
    done = filled(course)
    assert imported(done.data)["1401"][0] == 5.0
    assert any("ada has 7 of 5" in note for note in done.notes)


def test_a_comment_holds_no_markup_of_the_student_s(course: Course) -> None:
    enrolled(course)
    with GradebookWriter(course, NAME) as writer:
        writer.record(verdict("ada", 2, "<script>alert(1)</script>"), None)
    (_, comment) = imported(filled(course).data)["1401"]
    assert "<script" not in comment
    assert "<li>is the norm &lt;of&gt; x</li>" in comment


def test_a_mark_that_moodle_has_locked_is_left(course: Course) -> None:
    enrolled(course)
    marked(course, {"ada": 5})
    done = filled(course, WORKSHEET.replace("5.00,Yes", "5.00,No"))
    assert imported(done.data) == {}
    assert "ada: Moodle says that the mark cannot be changed" in done.left


def test_other_points_are_refused_or_converted(course: Course) -> None:
    enrolled(course)
    marked(course, {"ada": 2.5})
    text = WORKSHEET.replace("5.00", "100.00")
    with pytest.raises(AutograderError, match="--scale"):
        filled(course, text)
    assert imported(filled(course, text, scale=True).data)["1401"][0] == 50.0


def test_zero_for_what_was_never_handed_in(course: Course) -> None:
    enrolled(course)
    marked(course, {"ada": 5})
    assert imported(filled(course, absent=0.0).data)["1403"] == (0.0, "")


def test_a_table_of_something_else(course: Course) -> None:
    with pytest.raises(AutograderError, match="no columns 'Identifier' and 'Grade'"):
        filled(course, "Name,Mark\nAda,1\n")
