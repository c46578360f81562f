"""CSV: what a spreadsheet reads is what the gradebook says, and never a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from autograder.course.directory import Course
from autograder.course.files import write_atomically
from autograder.exports.table import export
from autograder.steps.collect import collect
from autograder.steps.gradebook import GradebookWriter
from autograder.verdict import CheckResult, PartResult, Verdict, encode
from tests.autograder import tiny
from tests.autograder.inboxes import moodle, put, zipped

Submit = Callable[[str, dict[str, str]], Path]
Grade = Callable[..., dict[str, Verdict]]


def rows(course: Course, *, checks: bool = False) -> list[dict[str, str]]:
    stream = io.StringIO()
    export(course, [tiny.NAME], stream, checks=checks)
    return list(csv.DictReader(io.StringIO(stream.getvalue())))


def test_one_row_per_submission(course: Course, submit: Submit, grade_here: Grade) -> None:
    submit("ada", tiny.RIGHT)
    submit("eve", tiny.WRONG_NORM)
    grade_here()
    found = {row["student"]: row for row in rows(course)}
    assert (found["ada"]["score"], found["eve"]["score"]) == ("5.0", "2.0")
    assert found["eve"]["max_score"] == "5.0"
    assert found["eve"]["isolation"] == "none"


def test_what_checks_have_measured_has_a_column(
    course: Course, submit: Submit, grade_here: Grade
) -> None:
    submit("ada", tiny.RIGHT)
    submit("eve", tiny.RIGHT)
    verdict = msgspec.structs.replace(grade_here()["ada"], measured={"score": 0.945})
    write_atomically(course.verdict_path(tiny.NAME, "ada"), encode(verdict))
    assert [(row["student"], row["measured"]) for row in rows(course)] == [
        ("ada", "0.945"),
        ("eve", ""),
    ]


def test_score_is_the_gradebooks(course: Course, submit: Submit, grade_here: Grade) -> None:
    submit("eve", tiny.WRONG_NORM)
    grade_here()
    with course.open_gradebook() as gradebook:
        gradebook.find_grade("norm-tests", tiny.NAME, tiny.NAME, "eve").manual_score = 1.5
        gradebook.find_submission_notebook(
            tiny.NAME, tiny.NAME, "eve"
        ).late_submission_penalty = 0.5
        gradebook.db.commit()
    (row,) = rows(course)
    assert (row["score"], row["auto_score"], row["late_penalty"]) == ("3.0", "2.0", "0.5")


def test_the_lms_gets_its_own_number_back(
    course: Course, tmp_path: Path, grade_here: Grade
) -> None:
    """Two people of one name can only be told apart by it."""
    files = {moodle("Ada Lovelace", number): "{}" for number in (1401, 1407)}
    collect(course, zipped(tmp_path / "in.zip", files), tiny.NAME)
    collect(course, put(tmp_path / "bob.ipynb"), tiny.NAME)
    grade_here()
    found = {row["student"]: (row["name"], row["lms"], row["lms_id"]) for row in rows(course)}
    assert found == {
        "Ada_Lovelace_1401": ("Ada Lovelace", "moodle", "1401"),
        "Ada_Lovelace_1407": ("Ada Lovelace", "moodle", "1407"),
        "bob": ("bob", "", ""),
    }


def test_one_row_per_check(course: Course, submit: Submit, grade_here: Grade) -> None:
    submit("eve", tiny.WRONG_NORM)
    grade_here()
    found = {row["check"]: row for row in rows(course, checks=True)}
    assert set(found) == {"doubles", "leaves_alone", "euclidean"}
    assert found["euclidean"]["points"] == "0.0"
    assert found["euclidean"]["message"]
    assert found["euclidean"]["examined"] == "norm((7,))"
    assert found["euclidean"]["came_back"].startswith("float32 number")
    assert found["euclidean"]["help"] == "Read “Norm” in the notebook again."
    assert [found["doubles"][name] for name in ("examined", "came_back", "help")] == [""] * 3


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "  =1", "\r=1"])
def test_a_students_text_is_never_a_formula(course: Course, text: str) -> None:
    verdict = Verdict(
        tiny.NAME,
        "-ada",
        "none",
        0,
        "x",
        parts=[PartResult("norm-tests", 3, [CheckResult("c", "t", 0, 3, *[text] * 4)])],
        problems=[text],
    )
    with GradebookWriter(course, tiny.NAME) as writer:
        writer.record(verdict, None)
    (mark,) = rows(course)
    (check,) = rows(course, checks=True)
    told = [check[name] for name in ("message", "examined", "came_back", "help")]
    for cell in (mark["student"], mark["problems"], *told):
        assert cell.startswith("'")


def test_a_damaged_verdict_does_not_stop_the_rest(
    course: Course, submit: Submit, grade_here: Grade
) -> None:
    submit("ada", tiny.RIGHT)
    submit("bob", tiny.RIGHT)
    grade_here()
    write_atomically(course.verdict_path(tiny.NAME, "ada"), b"{")
    found = [(row["student"], row["state"], row["score"]) for row in rows(course)]
    assert found == [("ada", "waiting", ""), ("bob", "graded", "5.0")]
