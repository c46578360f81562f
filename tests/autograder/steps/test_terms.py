"""Points, optional parts, a date and weights, from the file beside the exercise to the mark."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from autograder.course.directory import Course, find
from autograder.course.files import write_atomically
from autograder.errors import AutograderError
from autograder.exports.table import export_totals
from autograder.steps.feedback import feedback
from autograder.steps.release import is_current, release
from autograder.steps.scores import read_scores
from autograder.steps.verify import verify
from autograder.verdict import Verdict
from tests.autograder import tiny

Grade = Callable[..., dict[str, Verdict]]
Submit = Callable[[str, dict[str, str]], Path]

TERMS = 'due = 2026-12-01T23:59:00+01:00\noptional = ["double-tests"]\n[points]\nnorm-tests = 10\n'


@pytest.fixture
def terms(course: Course, project: Path, tmp_path: Path) -> Path:
    """The file of terms of the course's assignment, in a folder of exercises of its own."""
    for folder in ("exercises", "solutions"):
        shutil.copytree(project / folder, tmp_path / folder)
    settings = msgspec.structs.replace(
        find(course.root).settings, exercises=str(tmp_path / "exercises")
    )
    path = course.root / ".autograder" / "course.json"
    write_atomically(path, msgspec.json.encode(settings), mode=0o600)
    return tmp_path / "exercises" / f"{tiny.NAME}.toml"


def agreed(course: Course, terms: Path, text: str = TERMS) -> Course:
    """Release the assignment by these terms."""
    terms.write_text(text, encoding="utf-8")
    here = find(course.root)
    release(here)
    return here


def test_points_are_shared_out_and_optional_ones_come_on_top(
    course: Course, terms: Path, submit: Submit, grade_here: Grade
) -> None:
    submit("eve", tiny.WRONG_NORM)
    submit("ada", tiny.RIGHT)
    here = agreed(course, terms)
    verdicts = grade_here()
    assert (verdicts["ada"].points, verdicts["ada"].max_points) == (12, 10)
    assert verdicts["eve"].points == 2
    scores = read_scores(here, tiny.NAME)
    assert (scores["ada"].points, scores["ada"].max_points) == (12, 10)
    parts = scores["ada"].parts
    assert {name: (part.auto, part.max_points) for name, part in parts.items()} == {
        "double-tests": (2, 0),
        "norm-tests": (10, 10),
    }
    assert not verify(here, [tiny.NAME]).findings


def test_thirds_add_up_to_a_whole(
    course: Course, terms: Path, submit: Submit, grade_here: Grade
) -> None:
    agreed(course, terms, "[points]\ndouble-tests = 0.1\nnorm-tests = 0.7\n")
    submit("ada", tiny.RIGHT)
    parts = {part.grade_id: part for part in grade_here()["ada"].parts}
    assert {name: part.points for name, part in parts.items()} == {
        "double-tests": 0.1,
        "norm-tests": 0.7,
    }
    assert all(check.passed for part in parts.values() for check in part.checks)


def test_work_graded_by_other_terms_is_graded_again(
    course: Course, terms: Path, submit: Submit, grade_here: Grade
) -> None:
    submit("ada", tiny.RIGHT)
    assert grade_here()["ada"].points == 5
    here = agreed(course, terms, "[points]\nnorm-tests = 4\n")
    assert grade_here()["ada"].points == 6
    assert read_scores(here, tiny.NAME)["ada"].max_points == 6


def test_a_part_that_is_no_longer_optional_counts_again(
    course: Course, terms: Path, submit: Submit, grade_here: Grade
) -> None:
    agreed(course, terms)
    here = agreed(course, terms, "")
    submit("ada", tiny.RIGHT)
    grade_here()
    assert read_scores(here, tiny.NAME)["ada"].max_points == 5


def test_the_date_goes_into_the_gradebook_and_one_set_by_hand_stays(
    course: Course, terms: Path
) -> None:
    def due(here: Course) -> datetime | None:
        with here.open_gradebook() as book:
            date: datetime | None = book.find_assignment(tiny.NAME).duedate
        return date

    here = agreed(course, terms)
    assert due(here) == datetime(2026, 12, 1, 22, 59)
    assert is_current(here, tiny.NAME)
    here = agreed(course, terms, "weight = 2\n")
    assert due(here) == datetime(2026, 12, 1, 22, 59)


def test_a_part_that_is_not_there_is_named(course: Course, terms: Path) -> None:
    with pytest.raises(AutograderError, match="'nrom-tests'"):
        agreed(course, terms, "[points]\nnrom-tests = 10\n")


def test_feedback_says_what_was_optional(
    course: Course, terms: Path, submit: Submit, grade_here: Grade
) -> None:
    here = agreed(course, terms)
    submit("eve", tiny.WRONG_NORM)
    grade_here()
    feedback(here, tiny.NAME)
    page = here.feedback(tiny.NAME, "eve").read_text(encoding="utf-8")
    assert "2 of 10 points" in page
    assert "2 of 2, optional" in page


def test_the_mark_of_the_course_weighs_and_fills_up(
    course: Course, terms: Path, submit: Submit, grade_here: Grade
) -> None:
    here = agreed(course, terms, f"weight = 3\n{TERMS}")
    submit("ada", tiny.RIGHT)
    submit("eve", tiny.WRONG_NORM)
    grade_here()
    stream = io.StringIO()
    assert export_totals(here, [tiny.NAME], stream) == 2
    rows = {row["student"]: row for row in csv.DictReader(io.StringIO(stream.getvalue()))}
    assert (rows["ada"][tiny.NAME], rows["ada"]["percent"]) == ("12.0", "100.0")
    assert (rows["eve"][tiny.NAME], rows["eve"]["percent"]) == ("2.0", "20.0")
