"""docs/own-assignment.md: commands that work, examples that `new` lays out, nothing missing."""

from __future__ import annotations

import ast
import csv
import inspect
import json
import re
from pathlib import Path

import pytest
import torch

from autograder import checks
from autograder.course.directory import Course
from autograder.errors import CheckFailure
from autograder.inside import values
from autograder.line.limits import Limits
from autograder.suite.desk import Desk
from tests.autograder.own import NAME, TEXT
from tests.conftest import ROOT

STARTER = ROOT / "autograder" / "starter"
BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
# Of checks.py, what authors need no words about: the machinery beneath.
BENEATH = {"Check", "examine", "load_suite", "run_in_kernel"}


@pytest.mark.sandbox
def test_the_commands_of_the_document_work(walked: Path) -> None:
    said = json.loads((walked / "said.json").read_text())
    assert "All is as it should be" in said["try"]
    assert "Note:" not in said["try"]
    assert "3 submissions wait for a mark by hand" in said["grade"]
    with (walked / "spring" / "marks.csv").open(newline="") as stream:
        rows = {row["student"]: row for row in csv.DictReader(stream)}
    marks = {name: (row["score"], row["max_score"]) for name, row in rows.items()}
    assert marks == {"ada": ("6.0", "9.0"), "bob": ("0.0", "9.0"), "eve": ("4.0", "9.0")}
    assert rows["ada"]["needs_manual_grade"] == "True"


@pytest.mark.sandbox
def test_a_students_code_does_not_see_the_hidden_tests(own_course: Course) -> None:
    verdict = own_course.read_verdict(NAME, "eve")
    assert verdict is not None
    (ended,) = [cell for cell in verdict.cells if cell.cell_id == "half-life"]
    assert "FileNotFoundError" in ended.error


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.splitlines()[0][:40])
def test_examples_are_those_of_the_starter(block: str) -> None:
    if "expect_" in block.partition("(")[0] or block.startswith("expect("):
        return  # run below, with its message
    code = block.rpartition('"""')[2].strip()
    texts = [path.read_text(encoding="utf-8") for path in STARTER.rglob("*.*") if path.is_file()]
    if code.startswith("from autograder.checks import"):
        names = {alias.name for alias in ast.parse(code).body[0].names}  # type: ignore[attr-defined]
        assert names <= set(checks.__all__)
    else:
        assert any(code in text for text in texts), code


def expectations() -> dict[str, tuple[str, str, str]]:
    """What the document says: by name, the signature, an example, and its message."""
    found = re.findall(r"#### `(\w+)\((.*?)\)`\n(.*?)(?=\n#|\nFor anything)", TEXT, re.DOTALL)
    return {
        name: (
            given,
            re.findall(r"```python\n(.*?)```", body, re.DOTALL)[0],
            re.findall(r"^> (.*)$", body, re.MULTILINE)[0],
        )
        for name, given, body in found
    }


def test_every_expectation_is_in_the_document() -> None:
    public = {name for name in checks.__all__ if name.startswith("expect")}
    assert set(expectations()) == public
    for name in set(checks.__all__) - public - BENEATH:
        assert re.search(rf"\b{name}\b", TEXT), name


@pytest.mark.parametrize("name", sorted(expectations()))
def test_an_expectation_is_as_the_document_says(name: str) -> None:
    given, example, message = expectations()[name]
    function = getattr(checks, name)
    parameters = [
        each.replace(annotation=inspect.Parameter.empty)
        for each in inspect.signature(function).parameters.values()
    ]
    assert str(inspect.Signature(parameters)) == f"({given.replace(chr(34), chr(39))})"
    with pytest.raises(CheckFailure) as failed:
        exec(example, {"torch": torch, **vars(checks)})
    assert str(failed.value) == message


@pytest.mark.parametrize("kind", [checks.Student, checks.Remote, Desk])
def test_every_method_is_in_the_document(kind: type) -> None:
    public = {name for name in vars(kind) if not name.startswith("_")} - {"renew"}
    missing = {name for name in public if not re.search(rf"\b{name}\b", TEXT)}
    assert not missing


def test_the_limits_are_those_of_the_line() -> None:
    limits = Limits()
    for words in (
        f"{values.MAX_DEPTH} levels, {values.MAX_NODES:,} values",
        f"{values.MAX_DIMS} dimensions, {values.MAX_BYTES // 2**20} MB",
        f"| {limits.message_mb} MB | all tensors",
        f"| {limits.call_s:g} s | one call",
        f"| {limits.cell_s:g} s | one cell",
        f"| {limits.total_s:g} s | all of",
        f"| {limits.memory_mb} MB | memory",
    ):
        assert words in TEXT, words


def test_the_files_of_the_layout_are_those_that_new_makes() -> None:
    layout = TEXT.split("```")[1]
    files = {path.name.replace("starter", NAME) for path in STARTER.iterdir()}
    assert all(name in layout for name in files - {"__pycache__"})
