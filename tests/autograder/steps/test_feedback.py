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
from autograder.verdict import CellResult, CheckResult, PartResult, Verdict
from tests.autograder import tiny

Submit = Callable[[str, dict[str, str]], Path]
Grade = Callable[..., dict[str, Verdict]]
EVIL = "<img src=x onerror=alert(1)>"


def test_page_says_what_was_examined(course: Course, submit: Submit, grade_here: Grade) -> None:
    submit("eve", tiny.WRONG_NORM | {"double": "print('I ran')\n" + tiny.RIGHT["double"]})
    verdict = grade_here()["eve"]
    (path,) = feedback(course, tiny.NAME)
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
    (path,) = feedback(course, tiny.NAME)
    text = path.read_text()
    for secret in ("secret_", "run_in_kernel", "twice_the_given_value", "sum_of_the_squares"):
        assert secret not in text


def test_error_of_the_students_own_cell_is_shown(
    course: Course, submit: Submit, grade_here: Grade
) -> None:
    submit("eve", tiny.RIGHT | {"norm": "x = 1\nraise ValueError('mine')"})
    grade_here()
    (path,) = feedback(course, tiny.NAME)
    assert "ValueError: mine" in path.read_text()


def test_unreadable_gets_a_page_with_the_reason(
    course: Course, submit: Submit, grade_here: Grade
) -> None:
    submit("junk", {}).write_text("not JSON")
    grade_here()
    (path,) = feedback(course, tiny.NAME)
    assert "not JSON" in path.read_text()


def test_nothing_of_the_students_is_alive() -> None:
    verdict = Verdict(
        EVIL,
        EVIL,
        "none",
        0,
        "x",
        parts=[PartResult("id", 1, [CheckResult(EVIL, EVIL, 0, 1, EVIL)], EVIL)],
        cells=[CellResult("double", "error", EVIL, EVIL, EVIL)],
        problems=[EVIL],
    )
    cell = {
        "cell_type": "code",
        "source": EVIL,
        "metadata": {"nbgrader": {"grade_id": "double"}},
    }
    text = page(verdict, json.dumps({"nbformat": 4, "cells": [cell]}).encode())
    assert EVIL not in text
    assert text.count("&lt;img src=x onerror=alert(1)&gt;") >= 8


def test_page_loads_nothing(course: Course, submit: Submit, grade_here: Grade) -> None:
    submit("ada", tiny.RIGHT)
    grade_here()
    (path,) = feedback(course, tiny.NAME)
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
