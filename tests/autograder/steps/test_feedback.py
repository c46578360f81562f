"""The feedback page: everything a student needs, nothing that is alive, nothing hidden."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.course.directory import Course
from autograder.errors import AutograderError
from autograder.steps.feedback import feedback, page
from autograder.steps.scores import PartScore, Score
from autograder.verdict import CellResult, CheckResult, PartResult, Verdict
from tests.autograder import tiny

Submit = Callable[[str, dict[str, str]], Path]
Grade = Callable[..., dict[str, Verdict]]
EVIL = "<img src=x onerror=alert(1)>"


def test_page_says_what_was_examined(course: Course, submit: Submit, grade_here: Grade) -> None:
    submit("eve", tiny.WRONG_NORM | {"double": "print('I ran')\n" + tiny.RIGHT["double"]})
    verdict = grade_here()["eve"]
    path = feedback(course, tiny.NAME)[0].path
    assert path == course.root / "feedback" / "eve" / "tiny" / "tiny.html"
    text = path.read_text()
    assert "2 of 5 points" in text
    for part in verdict.parts:
        assert part.heading in text
        for check in part.checks:
            assert check.title in text
    assert "I ran" in text
    assert "return x.abs().sum()" in text
    assert "isolation: none" in text


def test_page_shows_nothing_hidden(course: Course, submit: Submit, grade_here: Grade) -> None:
    submit("eve", tiny.WRONG_NORM)
    grade_here()
    path = feedback(course, tiny.NAME)[0].path
    text = path.read_text()
    for secret in ("secret_", "run_in_kernel", "twice_the_given_value", "sum_of_the_squares"):
        assert secret not in text


def test_error_of_the_students_own_cell_is_shown(
    course: Course, submit: Submit, grade_here: Grade
) -> None:
    submit("eve", tiny.RIGHT | {"norm": "x = 1\nraise ValueError('mine')"})
    grade_here()
    path = feedback(course, tiny.NAME)[0].path
    assert "ValueError: mine" in path.read_text()


def test_unreadable_gets_a_page_with_the_reason(
    course: Course, submit: Submit, grade_here: Grade
) -> None:
    submit("junk", {}).write_text("not JSON")
    grade_here()
    path = feedback(course, tiny.NAME)[0].path
    assert "not JSON" in path.read_text()


def test_nothing_of_the_students_is_alive() -> None:
    verdict = Verdict(
        EVIL,
        EVIL,
        "none",
        0,
        "x",
        parts=[PartResult("id", 1, [CheckResult(EVIL, EVIL, 0, 1, *[EVIL] * 4)], EVIL)],
        cells=[CellResult("double", "error", EVIL, EVIL, EVIL)],
        problems=[EVIL],
    )
    cell = {
        "cell_type": "code",
        "source": EVIL,
        "metadata": {"nbgrader": {"grade_id": "double"}},
    }
    parts = {"id": PartScore(0.0, 1.0, 0.0, 1.0), EVIL: PartScore(None, 1.0, 0.0, 1.0)}
    score = Score(EVIL, 1.0, parts, {"double": EVIL, EVIL: EVIL})
    text = page(verdict, score, json.dumps({"nbformat": 4, "cells": [cell]}).encode())
    assert EVIL not in text
    assert text.count("&lt;img src=x onerror=alert(1)&gt;") >= 15


def test_page_loads_nothing(course: Course, submit: Submit, grade_here: Grade) -> None:
    submit("ada", tiny.RIGHT)
    grade_here()
    path = feedback(course, tiny.NAME)[0].path
    text = path.read_text()
    assert not re.search(r"""(src|href)\s*=|url\(|@import|https?://""", text)
    assert "default-src 'none'" in text


def test_ungraded_and_unknown_are_named(course: Course, submit: Submit, grade_here: Grade) -> None:
    with pytest.raises(AutograderError, match="has been graded"):
        feedback(course, tiny.NAME)
    submit("ada", tiny.RIGHT)
    grade_here()
    with pytest.raises(AutograderError, match="no verdict for 'bob'"):
        feedback(course, tiny.NAME, ["bob"])


def test_the_mark_is_the_gradebooks(course: Course, submit: Submit, grade_here: Grade) -> None:
    submit("eve", tiny.WRONG_NORM)
    grade_here()
    with course.open_gradebook() as gradebook:
        by_hand = gradebook.find_grade("norm-tests", tiny.NAME, tiny.NAME, "eve")
        by_hand.manual_score, by_hand.extra_credit = 1.5, 0.25
        comment = gradebook.find_comment("norm", tiny.NAME, tiny.NAME, "eve")
        comment.manual_comment = "Look at <b>squares</b>.\nThen ask me."
        entry = gradebook.find_submission_notebook(tiny.NAME, tiny.NAME, "eve")
        entry.late_submission_penalty = 0.5
        gradebook.db.commit()
    (written,) = feedback(course, tiny.NAME)
    text = " ".join(written.path.read_text().split())
    assert "3.25 of 5 points" in text
    assert "The tests gave 2. With the marks given by hand it is 3.75." in text
    assert "Handing in late took off 0.5." in text
    assert "Marked by hand: 1.5. The tests gave 0." in text
    assert "Extra credit: 0.25." in text
    assert "Look at &lt;b&gt;squares&lt;/b&gt;. Then ask me." in text
    assert "is the Euclidean norm" in text
    assert "<strong>Asked:</strong> <code>norm((7,))</code>" in text
    assert "<strong>Came back:</strong> float32 number, as it should be; off by " in text
    assert text.count("<strong>Where to look:</strong> Read “Norm” in the notebook again.") == 1
    assert "No response." not in text


def test_a_due_date_set_after_grading_is_noticed(
    course: Course, submit: Submit, grade_here: Grade
) -> None:
    path = submit("eve", tiny.WRONG_NORM)
    (path.parent / "timestamp.txt").write_text("2026-01-02 00:00:00 UTC")
    grade_here()
    assert feedback(course, tiny.NAME)[0].note == ""
    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text() + "\nc.LateSubmissionPlugin.penalty_method = 'zero'\n")
    with course.open_gradebook() as gradebook:
        gradebook.update_or_create_assignment(tiny.NAME, duedate="2026-01-01 00:00:00 UTC")
    assert "by today's due date and rule it is 2" in feedback(course, tiny.NAME)[0].note
    grade_here()
    (written,) = feedback(course, tiny.NAME)
    assert written.note == ""
    assert "0 of 5 points" in written.path.read_text()


def test_marks_that_are_not_in_the_gradebook_are_not_told(
    course: Course, submit: Submit, grade_here: Grade
) -> None:
    submit("eve", tiny.WRONG_NORM)
    grade_here()
    with course.open_gradebook() as gradebook:
        gradebook.find_grade("norm-tests", tiny.NAME, tiny.NAME, "eve").auto_score = 3.0
        gradebook.db.commit()
    with pytest.raises(AutograderError, match="does not have the points") as caught:
        feedback(course, tiny.NAME)
    assert "autograder grade tiny" in caught.value.todo
