"""SECURITY.md tells the truth about where each wall's test is, and leaves no wall out."""

from __future__ import annotations

import ast
import re

from tests.autograder.line import test_inner_walls, test_outer_walls
from tests.conftest import ROOT

TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
PATH = re.compile(r"`((?:autograder|samples|docs)/[\w/.]+)`")


def rows(heading: str) -> list[str]:
    """The first column of the table under a heading."""
    part = TEXT.split(f"### {heading}", 1)[1].split("\n##", 1)[0]
    cells = [line.split("|")[1].strip() for line in part.splitlines() if line.startswith("|")]
    return cells[2:]


def test_every_test_that_is_named_exists() -> None:
    named = TEST.findall(TEXT)
    assert len(named) >= 15
    for path, function in named:
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert not function or function in names, f"{path} has no {function}"


def test_every_file_that_is_named_exists() -> None:
    for path in PATH.findall(TEXT):
        assert (ROOT / path).exists(), path


def test_the_walls_are_those_that_are_taken_away() -> None:
    outer = {wall.name for wall in test_outer_walls.WALLS} | {"no capabilities"}  # as root only
    assert set(rows("What bubblewrap builds")) == outer
    inner = {attack.wall for attack in test_inner_walls.ATTACKS} - {"memory group"}
    assert set(rows("What each process builds")) == inner
