"""Counts that add up: marks in bins, points by part, seconds, and times against the due date."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.steps.scores import PartScore
from autograder.steps.site.spread import (
    BINS,
    MAX_DAYS,
    Summary,
    handed_in,
    histogram,
    parts,
    times,
)
from tests.autograder.classes import someone

DUE = datetime(2026, 11, 20, 12)


@given(st.lists(st.floats(0, 20)), st.floats(20, 30))
def test_every_mark_is_counted_once(marks: list[float], full: float) -> None:
    counts = histogram(marks, full)
    assert len(counts) == BINS
    assert sum(counts) == len(marks)


def test_full_marks_are_in_the_last_bin() -> None:
    assert histogram([0.0, 5.0], 5.0) == [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    assert sum(histogram([0.0], 0.0)) == 1


def test_marks_outside_of_the_scale_are_counted() -> None:
    assert histogram([-1.0, 6.0], 5.0) == [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]


def test_a_summary_of_nothing_one_and_many() -> None:
    assert Summary.of([]) == Summary(0, 0, 0, 0)
    assert Summary.of([3.0]) == Summary(3, 3, 3, 3)
    assert Summary.of([1.0, 2.0, 3.0, 4.0, 10.0]) == Summary(4, 3, 2, 4)


def test_points_of_parts_are_the_gradebooks() -> None:
    ada, eve = someone("ada"), someone("eve", {"doubles": "no"})
    essay = {"essay": PartScore(None, 4.0, 0.0, 5.0)}
    ada = replace(ada, score=replace(ada.score, parts=ada.score.parts | essay))
    found = {part.title: part for part in parts([ada, eve])}
    assert list(found) == ["Part 1", "Part 2", "essay"]
    assert (found["Part 1"].points.mean, found["Part 1"].full, found["Part 1"].none) == (3, 1, 0)
    assert (found["essay"].points.mean, found["essay"].max_points) == (4, 5)


def test_an_optional_part_has_its_points_although_the_gradebook_has_no_maximum() -> None:
    ada = someone("ada")
    optional = ada.score.parts | {"norm-tests": PartScore(2.0, max_points=0.0)}
    ada = replace(ada, score=replace(ada.score, parts=optional))
    assert parts([ada])[1].max_points == 2


def test_seconds_are_counted_from_the_first_bar_that_holds_any() -> None:
    assert times([]) == []
    found = times([someone(str(s), seconds=s) for s in (1.5, 1.9, 7.0)])
    assert [(bar.label, bar.count) for bar in found] == [
        ("1 to 2 s", 2),
        ("2 to 5 s", 0),
        ("5 to 10 s", 1),
    ]
    assert [bar.width for bar in found] == [100, 0, 50]
    (last,) = times([someone("endless", seconds=1e6)])
    assert last.label == "over 1800 s"


@pytest.mark.parametrize(
    ("left", "label"),
    [
        (timedelta(days=8), "more than a week before"),
        (timedelta(hours=25), "1 to 3 days before"),
        (timedelta(minutes=1), "in the last hour"),
        (timedelta(0), "in the last hour"),
        (timedelta(seconds=-1), "up to 1 hour late"),
        (timedelta(days=-400), "more than 3 days late"),
    ],
)
def test_submissions_are_counted_by_the_time_left(left: timedelta, label: str) -> None:
    found = handed_in([someone("ada", score={"timestamp": DUE - left, "due": DUE})])
    assert [bar.label for bar in found if bar.count] == [label]
    assert sum(bar.count for bar in found) == 1


def test_without_a_due_date_days_are_counted() -> None:
    assert handed_in([someone("ada")]) == []
    days = [DUE + timedelta(days=day) for day in (0, 0, 3)]
    found = handed_in([someone("ada", score={"timestamp": day}) for day in days])
    assert [(bar.label, bar.count) for bar in found] == [
        ("Fri 2026-11-20", 2),
        ("Mon 2026-11-23", 1),
    ]
    many = [DUE + timedelta(days=day) for day in range(MAX_DAYS + 5)]
    found = handed_in([someone("ada", score={"timestamp": day}) for day in many])
    assert (len(found), found[0].count, sum(bar.count for bar in found)) == (
        MAX_DAYS + 1,
        5,
        len(many),
    )
