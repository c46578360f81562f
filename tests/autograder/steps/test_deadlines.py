"""Due dates and extensions: one date, the gradebook's, and more time for some."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from autograder.course.directory import Course
from autograder.errors import AutograderError
from autograder.nbgrader_plugin import apply_extension
from autograder.steps.deadlines import (
    Extension,
    deadlines,
    extend,
    read_extensions,
    set_due,
    set_timezone,
)
from autograder.steps.release import release
from autograder.steps.scores import read_scores
from tests.autograder.enrolling import again, enrolled, marked
from tests.autograder.steps.test_terms import TERMS, agreed, terms
from tests.autograder.tiny import NAME

__all__ = ["terms"]  # a fixture
DUE = datetime(2026, 12, 1, 22, 59, tzinfo=UTC)
DAY = timedelta(days=1)


def in_book(course: Course, student: str) -> timedelta | None:
    with course.open_gradebook() as book:
        more: timedelta | None = book.find_submission(NAME, student).extension
    return more


def test_the_date_is_where_nbgrader_has_it(course: Course) -> None:
    set_due(course, NAME, DUE)
    with course.open_gradebook() as book:
        assert book.find_assignment(NAME).duedate == DUE.replace(tzinfo=None)
    (one,) = deadlines(course)
    assert (one.due, one.extended) == (DUE, {})
    set_due(course, NAME, None)
    (one,) = deadlines(course)
    assert one.due is None


def test_what_is_set_holds_until_the_exercise_s_date_changes(course: Course, terms: Path) -> None:
    here = agreed(course, terms)
    set_due(here, NAME, DUE + DAY)
    release(here, force=True)
    assert deadlines(here)[0].due == DUE + DAY
    here = agreed(course, terms, TERMS.replace("12-01", "12-05"))
    assert deadlines(here)[0].due == DUE + 4 * DAY


def test_granted_before_anything_is_handed_in(course: Course) -> None:
    enrolled(course)
    set_due(course, NAME, DUE)
    assert extend(course, NAME, "ada", Extension(hours=48)) == DUE + 2 * DAY
    marked(course, {"ada": 5, "bob": 5}, dict.fromkeys(["ada", "bob"], "2026-12-03 10:00:00"))
    assert (in_book(course, "ada"), in_book(course, "bob")) == (2 * DAY, None)
    late = {name: score.late_s for name, score in read_scores(course, NAME).items()}
    assert late["ada"] == 0
    assert late["bob"] > DAY.total_seconds()


def test_granted_afterwards_and_taken_away(course: Course) -> None:
    set_due(course, NAME, DUE)
    marked(course, {"ada": 5})
    extend(course, NAME, "ada", Extension(hours=24))
    assert in_book(course, "ada") == DAY
    extend(course, NAME, "ada", Extension(hours=72))  # in its place, not on top
    assert in_book(course, "ada") == 3 * DAY
    assert extend(course, NAME, "ada", None) == DUE
    assert (in_book(course, "ada"), read_extensions(course, NAME)) == (None, {})


def test_when_the_date_moves(course: Course) -> None:
    """So much more moves along; a moment stays, and is no less than everybody has."""
    set_due(course, NAME, DUE)
    marked(course, {"ada": 5, "bob": 5})
    extend(course, NAME, "ada", Extension(hours=48))
    extend(course, NAME, "bob", Extension(until=DUE + 3 * DAY))
    set_due(course, NAME, DUE + DAY)
    assert deadlines(course)[0].extended == {"ada": DUE + 3 * DAY, "bob": DUE + 3 * DAY}
    assert (in_book(course, "ada"), in_book(course, "bob")) == (2 * DAY, 2 * DAY)
    set_due(course, NAME, DUE + 9 * DAY)
    assert deadlines(course)[0].extended["bob"] == DUE + 9 * DAY


def test_an_extension_that_nbgrader_granted_is_shown_and_stays(course: Course) -> None:
    set_due(course, NAME, DUE)
    marked(course, {"ada": 5})
    with course.open_gradebook() as book:
        book.grant_extension(NAME, "ada", days=4)
    assert deadlines(course)[0].extended == {"ada": DUE + 4 * DAY}
    set_due(course, NAME, DUE + DAY)
    assert in_book(course, "ada") == 4 * DAY


def test_nbgrader_s_own_autograde_takes_it_along(course: Course) -> None:
    """It writes the submission before its preprocessors, of which our judge is one, run."""
    enrolled(course)
    set_due(course, NAME, DUE)
    extend(course, NAME, "ada", Extension(hours=24))
    with course.open_gradebook() as book, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nbgrader builds its objects in an order that warns
        book.update_or_create_submission(NAME, "ada", timestamp="2026-12-02 10:00:00 UTC")
    apply_extension(course, NAME, "ada")
    assert in_book(course, "ada") == DAY


@pytest.mark.parametrize(
    ("student", "extension", "says"),
    [
        ("eve", Extension(hours=1), "no student 'eve'.*ada, bob"),
        ("../ada", Extension(hours=1), "no student"),
        ("ada", Extension(until=DUE), "not after the date"),
        ("ada", Extension(hours=-1), "longer than nothing"),
        ("ada", Extension(hours=float("nan")), "longer than nothing|cannot convert"),
        ("ada", Extension(hours=1e6), "at most ten years"),
    ],
)
def test_what_cannot_be_granted(
    course: Course, student: str, extension: Extension, says: str
) -> None:
    enrolled(course)
    set_due(course, NAME, DUE)
    with pytest.raises((AutograderError, ValueError), match=says):
        extend(course, NAME, student, extension)
    assert read_extensions(course, NAME) == {}


def test_without_a_date_there_is_nothing_to_extend(course: Course) -> None:
    enrolled(course)
    with pytest.raises(AutograderError, match="nothing to extend"):
        extend(course, NAME, "ada", Extension(hours=1))


def test_the_time_zone_is_kept(course: Course) -> None:
    assert set_timezone(course, "Europe/Berlin").settings.timezone == "Europe/Berlin"
    assert again(course).settings.timezone == "Europe/Berlin"
    with pytest.raises(AutograderError, match="no time zone"):
        set_timezone(course, "Berlin")
