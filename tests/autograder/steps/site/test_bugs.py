"""Messages become names of bugs: the numbers of one submission are left out, the bug stays."""

from __future__ import annotations

import re

import pytest

from autograder.steps.site.bugs import CHARS, NO_WORDS, bugs, name_of, said_of
from tests.autograder.classes import someone

OFF = (
    "the output differs by up to {} at index ({}, 1); "
    "4 of 8 values are off by more than the tolerance"
)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (f"{OFF.format(0.25, 0)}. U looks transposed", "U looks transposed"),
        (
            f"{OFF.format(2, 0)}. It is the sum of both",
            "the output has other numbers than it should: It is the sum of both",
        ),
        (OFF.format("1e-05", 2), "the output has other numbers than it should"),
        ("h has shape (3, 4), expected (4, 3). The batch comes first", "The batch comes first"),
        ("h has shape (), expected (4,)", "h has another shape than it should"),
        ("h has dtype float32, expected float64", "h has another dtype than it should"),
        ("h is NaN at index (0, 3) (7 of them). 0 / 0 spoils it", "0 / 0 spoils it"),
        (
            "f raised ZeroDivisionError (line 12 of the answer cell of “Part 2: a, b”, `1 / 0`)",
            "f raised ZeroDivisionError (the answer cell of “Part 2: a, b”)",
        ),
        ("Line 3 of the test cell of “P”, `x = 1`: no", "the test cell of “P”: no"),
        (
            "f is missing (the answer cell of “P”, `raise X()`)",
            "f is missing (the answer cell of “P”)",
        ),
        ("", NO_WORDS),
        (" \n", NO_WORDS),
    ],
)
def test_what_is_said_is_the_hint_or_the_finding(message: str, said: str) -> None:
    assert said_of(message) == said


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("an error comes through 3 of 12 tokens", "an error comes through … of … tokens"),
        ("with sizes of 2, 33, 3", "with sizes of …, …, …"),
        ("put part 1 right first", "put part 1 right first"),
        ("see “Part 2: 3 gates”, 5 wrong", "see “Part 2: 3 gates”, … wrong"),
        ("off by 1.5e-07 at (0, 3)", "off by … at (…)"),
        ("weight_1 and float64 stay, -3 goes", "weight_1 and float64 stay, … goes"),
        ("a \0 is no place for a heading “7”", "a  is no place for a heading “7”"),
    ],
)
def test_the_name_has_no_numbers_of_one_submission(said: str, name: str) -> None:
    assert name_of(said) == name


def test_one_bug_is_counted_once_for_each_student() -> None:
    ada = someone("ada", {"doubles": "3 rows", "keeps": "4 rows", "euclidean": "no norm"})
    eve = someone("eve", {"doubles": "5 rows"})
    rows, norm = bugs((who, *check) for who in (ada, eve) for check in who.failed)
    assert (rows.name, list(rows.people), list(rows.parts)) == (
        "… rows",
        ["ada", "eve"],
        ["Part 1"],
    )
    assert list(rows.checks) == [("double-tests", "doubles"), ("double-tests", "keeps")]
    assert rows.example == "3 rows"
    assert (norm.name, list(norm.people), list(norm.parts)) == ("no norm", ["ada"], ["Part 2"])


def test_numbers_stay_where_everybody_was_told_the_same() -> None:
    people = [someone(name, {"euclidean": "1 - h^2, not 1"}) for name in ("ada", "eve")]
    (bug,) = bugs((who, *check) for who in people for check in who.failed)
    assert bug.name == "1 - h^2, not 1"


@pytest.mark.parametrize("unit", ["(", "“", "line 1 of ", "1, ", "`", "x differs by up to ", "\0"])
def test_any_message_has_a_short_name(unit: str) -> None:
    name = name_of(said_of(unit * (1_500 // len(unit))))
    assert 0 < len(name) <= CHARS + 10
    assert not re.search(r"\n", name)
