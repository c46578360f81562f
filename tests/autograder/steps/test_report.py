"""The class report and the status: counts that add up, problems first."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.course.directory import Course
from autograder.steps.collect import collect
from autograder.steps.report import BINS, histogram, page, report
from autograder.steps.scores import PartScore, Score
from autograder.verdict import CheckResult, PartResult, Verdict
from tests.autograder import tiny

Submit = Callable[[str, dict[str, str]], Path]
Grade = Callable[..., dict[str, Verdict]]


@given(st.lists(st.floats(0, 20)), st.floats(20, 30))
def test_every_mark_is_counted_once(marks: list[float], full: float) -> None:
    counts = histogram(marks, full)
    assert len(counts) == BINS
    assert sum(counts) == len(marks)


def test_full_marks_are_in_the_last_bin() -> None:
    assert histogram([0.0, 5.0], 5.0) == [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    assert sum(histogram([0.0], 0.0)) == 1


def test_report_has_marks_rates_and_reasons(
    course: Course, submit: Submit, grade_here: Grade
) -> None:
    submit("ada", tiny.RIGHT)
    submit("eve", tiny.WRONG_NORM)
    submit("junk", {}).write_text("not JSON")
    verdicts = grade_here()
    submit("late", tiny.RIGHT)
    text = report(course, tiny.NAME).read_text()
    assert "3 submissions judged" in text
    assert "or not in the gradebook:</strong> late" in text
    for part in verdicts["eve"].parts:
        for check in part.checks:
            assert check.title in text
    assert re.search(r"is the Euclidean norm</td>\s*<td class=\"number\">1 / 3", text)
    assert re.search(r"doubles a matrix</td>\s*<td class=\"number\">2 / 3", text)
    rows = re.findall(r'<td class="id">(\w+)</td>\s*<td class="number">([\d.]+) / 5', text)
    assert rows == [("junk", "0"), ("eve", "2"), ("ada", "5")]
    assert "not JSON" in text


def test_report_names_what_was_not_collected(course: Course, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "ada.ipynb").symlink_to("/etc/passwd")
    collect(course, tmp_path / "in", tiny.NAME)
    assert "symbolic link" in report(course, tiny.NAME).read_text()


def test_report_is_escaped_and_self_contained() -> None:
    evil = "<script>alert(1)</script>"
    verdict = Verdict(
        "a",
        evil,
        "none",
        0,
        "x",
        parts=[PartResult("id", 1, [CheckResult(evil, evil, 0, 1, evil)], evil)],
        problems=[evil],
    )
    score = Score(evil, 1.0, {"id": PartScore(0.0, 1.0, 0.0, 1.0)})
    text = page("a", [(verdict, score)], [evil], [])
    assert "<script" not in text
    assert not re.search(r"""(src|href)\s*=|url\(|@import|https?://""", text)


@pytest.mark.parametrize("count", [0, 1])
def test_report_of_a_small_class(count: int) -> None:
    marked = [(Verdict("a", "s", "none", 0, "x"), Score("s"))] * count
    assert f"{count} submissions judged" in page("a", marked, [], [])


def test_marks_are_the_gradebooks(course: Course, submit: Submit, grade_here: Grade) -> None:
    submit("ada", tiny.RIGHT)
    submit("eve", tiny.WRONG_NORM)
    grade_here()
    with course.open_gradebook() as gradebook:
        gradebook.find_grade("norm-tests", tiny.NAME, tiny.NAME, "eve").manual_score = 2.5
        entry = gradebook.find_submission_notebook(tiny.NAME, tiny.NAME, "eve")
        entry.late_submission_penalty = 0.5
        gradebook.db.commit()
    text = report(course, tiny.NAME).read_text()
    assert "Median 4.5 of 5 points, mean 4.5." in text
    assert "lowest to highest: 0, 0, 0, 0, 0, 0, 0, 0, 1, 1" in text
    assert re.search(r'eve</td>\s*<td class="number">4 / 5<br>', text)
    assert "tests 2, by hand +2.5, late -0.5" in text


def verdict_of(*messages: str, points: float = 0.0, **more: float) -> tuple[Verdict, Score]:
    checks = [
        CheckResult(f"check {number}", "a title", 0.0, 1.0, message)
        for number, message in enumerate(messages)
    ]
    if points:
        checks.append(CheckResult("passed", "another title", points, points, ""))
    parts = [PartResult("id", 9.0, checks, "part")]
    verdict = Verdict("a", "eve", "none", 0, "x", parts=parts, measured=more)
    return verdict, Score("eve", 9.0, {"id": PartScore(points, 9.0, 0.0, 9.0)})


def test_one_cause_that_took_all_points_is_a_problem() -> None:
    flagged = '<span class="bad">one cause took all points: no state (2 checks)</span>'
    assert flagged in page("a", [verdict_of("no state", "no state")], [], [])
    for found in (
        verdict_of("no state", "no weights"),
        verdict_of("no state", "no state", points=1.0),
    ):
        assert "one cause" not in page("a", [found], [], [])


def test_a_score_that_checks_have_measured_is_shown() -> None:
    assert "score 94.5 %" in page("a", [verdict_of(points=1.0, score=0.945)], [], [])
    assert "score" not in page("a", [verdict_of(points=1.0)], [], [])


def test_marks_outside_of_the_scale_are_counted() -> None:
    assert histogram([-1.0, 6.0], 5.0) == [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]
