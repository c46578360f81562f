"""The terms of an assignment: what may stand in the file, and what is told of what may not."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import pytest

from autograder.errors import AutograderError
from autograder.line.limits import Limits
from autograder.notebooks.marks import marks_of
from autograder.notebooks.terms import LIMITS, Terms, read_terms, require_known
from samples.assignments import Assignment, assignments


def written(folder: Path, text: str) -> Path:
    (folder / "hw.toml").write_text(text, encoding="utf-8")
    return folder / "hw.md"


def test_without_a_file_nothing_is_set(tmp_path: Path) -> None:
    assert read_terms(tmp_path / "hw.md") == Terms(1.0, None, [], {})


def test_all_that_can_be_set(tmp_path: Path) -> None:
    text = 'weight = 2\ndue = 2026-12-01T23:59:00+01:00\noptional = ["b"]\n[points]\na = 1.5\n'
    terms = read_terms(written(tmp_path, text))
    assert (terms.weight, terms.optional, terms.points) == (2.0, ["b"], {"a": 1.5})
    assert terms.due is not None
    assert terms.due.astimezone(UTC) == datetime(2026, 12, 1, 22, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("weigth = 2", "weigth"),
        ("weight = 'two'", "weight"),
        ("weight = -1", "weight is -1"),
        ("weight = inf", "weight is inf"),
        ("due = 2026-12-01T23:59:00", "no time zone"),
        ("due = 'soon'", "due"),
        ("[points]\na = 0", "'a' is worth 0 points"),
        ("[points]\na = nan", "'a' is worth nan points"),
        ("[limits]\ncpu = 9", "no limit called 'cpu'"),
        ("[limits]\nrestarts = 100", "no limit called 'restarts'"),
        ("[limits]\ncpu_s = 0", "the limit cpu_s is 0"),
        ("[limits]\ntotal_s = inf", "the limit total_s is inf"),
        ("optional = [", "cannot read"),
        ("optional = 'a'", "optional"),
    ],
)
def test_what_makes_no_sense_is_named_with_its_file(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(AutograderError) as caught:
        read_terms(written(tmp_path, text))
    assert words in str(caught.value)
    assert "hw.toml" in str(caught.value)
    assert caught.value.todo


def test_limits_are_those_of_the_line() -> None:
    assert set(LIMITS) <= {limit.name for limit in fields(Limits)}


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        (Terms(points={"c": 1.0}), "'c'"),
        (Terms(optional=["c"]), "'c'"),
        (Terms(optional=["a", "b"]), "every part is optional"),
    ],
)
def test_the_parts_must_be_the_exercises(tmp_path: Path, terms: Terms, words: str) -> None:
    with pytest.raises(AutograderError, match=words):
        require_known(terms, ["a", "b"], tmp_path / "hw.md")


@pytest.mark.parametrize("assignment", assignments(), ids=lambda each: each.name)
def test_the_files_of_this_course_list_every_part_as_the_exercise_has_it(
    assignment: Assignment,
) -> None:
    """So that an instructor sees all there is to change, and nothing has been changed yet."""
    terms = read_terms(assignment.path)
    declared = [marks_of(cell) for cell in assignment.notebook.cells]
    assert list(terms.points) == [each.grade_id for each in declared if each.role == "test"]
    assert terms.points == {part: assignment.suite.points(part) for part in terms.points}
    text = assignment.path.read_text(encoding="utf-8")
    assert text.count("(optional) |") == len(terms.optional)
