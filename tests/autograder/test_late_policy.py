"""What handing in late costs: one rule, for our commands and for nbgrader's own."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from nbgrader.preprocessors import AssignLatePenalties

from autograder.course.directory import LATE_POLICY, Course
from autograder.course.moments import read_moment
from autograder.errors import AutograderError
from autograder.notebooks.terms import DAY, HOUR, Late, read_terms, terms_path
from autograder.steps.deadlines import Extension, extend, set_due
from autograder.steps.late import LateRule
from autograder.steps.scores import Score, read_scores
from autograder.steps.status import status
from tests.autograder import tiny
from tests.autograder.enrolling import again, enrolled, marked
from tests.autograder.steps.test_terms import terms

__all__ = ["terms"]  # a fixture
DUE = "2026-12-01 23:59"


@pytest.mark.parametrize(
    ("rule", "late_s", "penalty"),
    [
        (Late(percent=10), 0, 0),
        (Late(percent=10), 1, 1),
        (Late(percent=10), DAY, 1),
        (Late(percent=10), DAY + 1, 2),
        (Late(percent=10, per="hour"), 2.5 * HOUR, 3),
        (Late(percent=10, at_most=50), 30 * DAY, 5),
        (Late(percent=10), 30 * DAY, 10),
        (Late(percent=10, grace_minutes=15), 15 * 60, 0),
        (Late(percent=10, grace_minutes=15), 15 * 60 + 1, 1),
        (Late(percent=10, at_most=50, zero_after_days=7), 7 * DAY, 5),
        (Late(percent=10, at_most=50, zero_after_days=7), 7 * DAY + 1, 10),
        (Late(zero_after_days=0.5), 6 * HOUR, 0),
        (Late(percent=33.3), 1, 3.33),
    ],
)
def test_what_is_taken_off_ten_points(rule: Late, late_s: float, penalty: float) -> None:
    assert rule.penalty(10.0, late_s) == penalty


@pytest.mark.parametrize(
    "text",
    [
        "percent = -1",
        "percent = 101",
        "grace_minutes = -5",
        "zero_after_days = 0",
        'per = "week"',
        "at_most = nan",
        "percents = 10",
    ],
)
def test_what_is_no_rule_is_said(course: Course, text: str) -> None:
    path = course.root / "exercise.md"
    terms_path(path).write_text(f"[late]\n{text}\n")
    with pytest.raises(AutograderError) as error:
        read_terms(path)
    assert error.value.where.endswith("exercise.toml")


def test_a_class_handing_in_late(course: Course, terms: Path) -> None:
    """Everybody has 5 points; the date, a grace, and an extension granted before."""
    here = again(course)
    terms.write_text("[late]\ngrace_minutes = 15\npercent = 10\nat_most = 50\n")
    enrolled(here)
    set_due(here, tiny.NAME, read_moment(DUE, "UTC"))
    extend(here, tiny.NAME, "bob", Extension(hours=48))
    marked(
        here,
        {"ada": 5, "bob": 5, "zoë": 5},
        {"ada": "2026-12-02 00:10:00", "bob": "2026-12-03 12:00:00", "zoë": "2026-12-03 12:00:00"},
    )
    scores = read_scores(here, tiny.NAME)
    assert {name: score.points for name, score in scores.items()} == {"ada": 5, "bob": 5, "zoë": 4}
    (row,) = status(here)
    assert (row.late, row.missing, row.penalties) == (2, 0, 0)  # ada, too: her grace costs nothing
    terms.write_text("[late]\npercent = 20\n")
    (row,) = status(here)
    assert row.penalties == 2  # which `grade` will write
    assert LateRule(here, tiny.NAME).in_words() == "20 % for each day begun"


def nbgraders(course: Course, late_s: float) -> float | None:
    """Ask as nbgrader's own autograde does, with the configuration that it reads."""
    asked = AssignLatePenalties(config=course.nbgrader_config())
    asked.assignment_id = tiny.NAME
    asked.init_plugin()
    penalty: float | None = asked.plugin_inst.late_submission_penalty("ada", 10.0, late_s)
    return penalty


@pytest.mark.parametrize(
    ("config", "own", "penalty"),
    [
        ("", "", None),
        ("c.LatePolicy.percent = 10\n", "", 1.0),
        ("c.LatePolicy.percent = 10\n", "[late]\npercent = 30\n", 3.0),
        ("c.LatePolicy.percent = 10\n", "[late]\npercent = 0\n", None),
        ("c.LateSubmissionPlugin.penalty_method = 'zero'\n", "", 10.0),
        ("c.LateSubmissionPlugin.penalty_method = 'zero'\n", "[late]\npercent = 30\n", 3.0),
    ],
)
def test_the_exercise_s_rule_then_the_course_s_then_nbgrader_s(
    course: Course, terms: Path, config: str, own: str, penalty: float | None
) -> None:
    here = again(course)
    terms.write_text(own)
    with (here.root / "nbgrader_config.py").open("a") as file:
        file.write(config)
    score = Score("ada", 10, late_s=3600.0)
    score.parts["x"] = SimpleNamespace(points=10.0)  # type: ignore[assignment]
    assert (nbgraders(here, 3600.0), LateRule(here, tiny.NAME).penalty(score)) == (penalty, penalty)


def test_a_course_older_than_the_rule_has_it_too(course: Course) -> None:
    config = course.root / "nbgrader_config.py"
    lines = config.read_text().splitlines(keepends=True)
    config.write_text("".join(line for line in lines if LATE_POLICY not in line))
    assert LATE_POLICY not in config.read_text()
    assert LateRule(course, tiny.NAME).in_words() == "nothing is taken off"


def test_a_course_s_rule_that_cannot_be_is_said(course: Course) -> None:
    with (course.root / "nbgrader_config.py").open("a") as file:
        file.write("c.LatePolicy.percent = 200\n")
    with pytest.raises(AutograderError, match=r"late\.percent is 200"):
        LateRule(course, tiny.NAME).in_words()
