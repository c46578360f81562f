"""nbgrader's own commands work in our course directory and agree with our marks."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.course.directory import Course
from tests.autograder import tiny

Submit = Callable[[str, dict[str, str]], Path]
BIN = Path(sys.executable).parent
EXPECTED = {"ada": 5.0, "eve": 2.0, "blank": 0.0}


def nbgrader(course: Course, *arguments: str) -> str:
    ended = subprocess.run(
        [BIN / "nbgrader", *arguments],
        cwd=course.root,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"},
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stderr


def scores(course: Course) -> dict[str, float]:
    with course.open_gradebook() as gradebook:
        return {
            entry.student.id: entry.score for entry in gradebook.assignment_submissions(tiny.NAME)
        }


@pytest.fixture
def handed_in(course: Course, submit: Submit) -> Course:
    submit("ada", tiny.RIGHT)
    submit("eve", tiny.WRONG_NORM)
    submit("blank", {})
    return course


@pytest.mark.sandbox
def test_autograde_through_the_judge(handed_in: Course, submit: Submit) -> None:
    course = handed_in
    submit("junk", {}).write_text("not JSON")
    nbgrader(course, "autograde", tiny.NAME)
    assert scores(course) == EXPECTED | {"junk": 0.0}
    for student, points in scores(course).items():
        verdict = course.read_verdict(tiny.NAME, student)
        assert verdict is not None
        assert (verdict.points, verdict.isolation) == (points, "bwrap")
    text = course.notebook("autograded", tiny.NAME, "eve").read_text()
    assert "is the Euclidean norm" in text
    assert "run_in_kernel" not in text


def test_stock_autograde(course: Course, submit: Submit) -> None:
    submit("eve", tiny.WRONG_NORM)  # a kernel of its own for each: one has right and wrong parts
    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text().replace("USE_JUDGE = True", "USE_JUDGE = False"))
    nbgrader(course, "autograde", tiny.NAME)
    assert scores(course) == {"eve": EXPECTED["eve"]}


def test_feedback_and_export_after_our_grading(
    handed_in: Course, grade_here: Callable[..., object]
) -> None:
    course = handed_in
    grade_here()
    nbgrader(course, "generate_feedback", tiny.NAME)
    page = course.feedback(tiny.NAME, "eve").read_text()
    assert "is the Euclidean norm" in page
    assert "Score: 2.0 / 5.0" in page
    for secret in ("run_in_kernel", "secret_vector", "sum_of_the_squares"):
        assert secret not in page
    nbgrader(course, "export", "--to", "marks.csv")
    with (course.root / "marks.csv").open() as stream:
        found = {row["student_id"]: float(row["score"]) for row in csv.DictReader(stream)}
    assert found == EXPECTED
    # nbgrader sees that there is nothing left to do.
    assert "Skipping existing assignment" in nbgrader(course, "autograde", tiny.NAME)
    assert scores(course) == EXPECTED
