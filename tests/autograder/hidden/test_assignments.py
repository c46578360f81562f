"""What holds for every assignment: points, right and wrong versions, nothing for nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import autograder.hidden
from autograder.line.sandbox import Sandbox
from samples.assignments import Assignment, assignments
from samples.corpus import Version
from tests.autograder.hidden.judging import BLANK, REGION, judged, lost, narrowed

ASSIGNMENTS = assignments()
RIGHT = [(each, version) for each in ASSIGNMENTS for version in each.right]
WRONG = [(each, version) for each in ASSIGNMENTS for version in each.wrong]

every = pytest.mark.parametrize("assignment", ASSIGNMENTS, ids=lambda each: each.name)


def versions(found: list[tuple[Assignment, Version]]) -> pytest.MarkDecorator:
    names = [f"{assignment.suite.name}-{version.name}" for assignment, version in found]
    return pytest.mark.parametrize(("assignment", "version"), found, ids=names)


def cells(assignment: Assignment) -> dict[str, str]:
    """The solution cells of an assignment, by id."""
    marks = [(cell, cell.metadata.get("nbgrader", {})) for cell in assignment.notebook.cells]
    return {mark["grade_id"]: cell.source for cell, mark in marks if mark.get("solution")}


# --- the exercise and its suite ---------------------------------------------------------------


@every
def test_points_are_those_of_the_exercise(assignment: Assignment) -> None:
    marks = [cell.metadata.get("nbgrader", {}) for cell in assignment.notebook.cells]
    offered = {mark["grade_id"]: mark["points"] for mark in marks if mark.get("grade")}
    suite = assignment.suite
    assert offered == {grade_id: suite.points(grade_id) for grade_id in suite.grade_ids}


@every
def test_the_text_says_the_same_points(assignment: Assignment) -> None:
    text = assignment.path.read_text(encoding="utf-8")
    table = [int(n) for n in re.findall(r"^\| \d \| .* \| (\d+) \| \d+ min", text, re.MULTILINE)]
    parts = [int(n) for n in re.findall(r"^\*(\d+) points, \d+ minutes", text, re.MULTILINE)]
    graded = [int(n) for n in re.findall(r"-tests, points: (\d+)}", text)]
    assert len(table) == len(assignment.suite.grade_ids)
    assert table == parts == graded


@every
def test_every_part_has_several_checks_with_a_title(assignment: Assignment) -> None:
    for grade_id in assignment.suite.grade_ids:
        assert len(assignment.suite.checks_for(grade_id)) >= 3
    assert all(check.title and check.points in (0.5, 1) for check in assignment.suite.checks)


# --- right versions ---------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 1, 2])
@every
def test_the_reference_gets_full_marks(assignment: Assignment, seed: int) -> None:
    verdict = judged(assignment, {}, seed=seed)
    assert lost(verdict) == {}
    assert verdict.points == verdict.max_points > 0
    assert [cell.status for cell in verdict.cells] == ["ok"] * len(verdict.cells)


@versions(RIGHT)
def test_right_versions_get_full_marks(assignment: Assignment, version: Version) -> None:
    """With a seed for each; `make seeds` tries two hundred."""
    assert set(version.sections) == set(cells(assignment))
    seed = [each.name for each in assignment.right].index(version.name)
    verdict = judged(assignment, version.sections, seed=seed)
    assert lost(verdict) == {}
    assert verdict.problems == []
    # Visible tests pass as well: what a student sees agrees with the mark.
    assert [(cell.cell_id, cell.error) for cell in verdict.cells if cell.status != "ok"] == []


# --- wrong versions ---------------------------------------------------------------------------


@every
def test_the_corpus_is_large_and_breaks_every_check(assignment: Assignment) -> None:
    assert len(assignment.right) >= 6
    for part, answers in assignment.answers.items():
        assert sum(bool(answers & set(v.sections)) for v in assignment.wrong) >= 8, part
    assert all(version.says for version in assignment.wrong)
    broken = {
        name for version in assignment.wrong for names in version.breaks.values() for name in names
    }
    assert broken == {check.name for check in assignment.suite.checks}


@pytest.fixture(scope="module")
def hidden_lines() -> set[str]:
    """The lines of the hidden tests that are long enough to give something away."""
    paths = Path(autograder.hidden.__file__).parent.rglob("*.py")
    lines = (line for path in paths for line in path.read_text(encoding="utf-8").splitlines())
    return {line.strip() for line in lines if len(line.strip()) > 12}


def check_message(message: str, hidden_lines: set[str]) -> None:
    """A message says something, gives away no value to copy and no line of the tests."""
    assert message.strip()
    assert len(message) < 500
    assert not hidden_lines & {line.strip() for line in message.splitlines()}
    for forbidden in ("tensor(", "Traceback", "could not be examined"):
        assert forbidden not in message
    # The size of the error and its place, nothing more.
    assert len(re.findall(r"\d\.\d{3,}", message)) <= 1


@versions(WRONG)
def test_wrong_versions_fail_their_checks_and_nothing_else(
    assignment: Assignment, version: Version, hidden_lines: set[str]
) -> None:
    verdict = judged(assignment, version.sections, narrow=narrowed(assignment, version))
    failed = lost(verdict)
    assert {part: list(messages) for part, messages in failed.items()} == version.breaks
    messages = {name: text for part in failed.values() for name, text in part.items()}
    for check, words in version.says.items():
        assert words in messages[check]
    for message in messages.values():
        check_message(message, hidden_lines)


@versions(WRONG)
def test_a_bug_costs_points_once(assignment: Assignment, version: Version) -> None:
    """In one part, and there not everything: but what is refused, or wrong about every call."""
    assert len(version.breaks) == 1
    for part, checks in version.breaks.items():
        suite = assignment.suite
        cost = sum(check.points for check in suite.checks if check.name in checks)
        share = cost / suite.points(part)
        if version.kind == "ready-made":
            assert share == 1
        elif version.kind == "wrapping":
            assert len(checks) == 1
        elif version.kind == "bug":
            assert share <= 5 / 6


# --- nothing for nothing ----------------------------------------------------------------------


@every
def test_blank_answers_get_nothing_and_are_told_so(assignment: Assignment) -> None:
    released = {name: REGION.sub(BLANK, source) for name, source in cells(assignment).items()}
    assert all(BLANK in source for source in released.values())
    verdict = judged(assignment, released)
    assert verdict.points == 0
    for messages in lost(verdict).values():
        assert all("not filled in yet" in message for message in messages.values())


@every
def test_plausible_shapes_with_wrong_numbers_get_nothing(assignment: Assignment) -> None:
    assert set(assignment.decoy()) == set(cells(assignment))
    assert judged(assignment, assignment.decoy()).points == 0


@pytest.mark.parametrize("value", ["None", "3", "'text'", "(1, 2)", "[]", "{}", "object()"])
@every
def test_answers_of_any_other_kind_are_failures_with_a_reason(
    assignment: Assignment, value: str
) -> None:
    """Everything that a solution cell defines is a function that returns the same thing."""
    constant = f"def NAME(*args, **kwargs):\n    return {value}"
    answers = {
        cell: "\n\n\n".join(
            constant.replace("NAME", name)
            for name in re.findall(r"^(?:def|class) (\w+)", source, re.MULTILINE)
        )
        for cell, source in cells(assignment).items()
    }
    verdict = judged(assignment, answers)
    assert verdict.points == 0
    assert all(check.message for part in verdict.parts for check in part.checks)


# --- through the real sandbox -----------------------------------------------------------------


@pytest.mark.sandbox
@versions([(each, version) for each in ASSIGNMENTS for version in each.right[:1]])
def test_right_versions_in_the_sandbox(
    assignment: Assignment, version: Version, warm_sandbox: Sandbox
) -> None:
    verdict = judged(assignment, version.sections, spawner=warm_sandbox)
    assert verdict.isolation == "bwrap"
    assert lost(verdict) == {}


@pytest.mark.sandbox
@versions([(each, version) for each in ASSIGNMENTS for version in each.wrong[::40]])
def test_wrong_versions_in_the_sandbox(
    assignment: Assignment, version: Version, warm_sandbox: Sandbox
) -> None:
    narrow = narrowed(assignment, version)
    here, there = (
        lost(judged(assignment, version.sections, spawner=spawner, narrow=narrow))
        for spawner in (None, warm_sandbox)
    )
    assert here == there
