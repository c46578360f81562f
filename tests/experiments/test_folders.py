"""The folders of experiments/ stand in docs/architecture.md, lowest first; imports go down."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "experiments"
DRAWN = re.findall(
    r"^\| `(\w+)/` \|", (ROOT / "docs/architecture.md").read_text(encoding="utf-8"), re.MULTILINE
)


def imported(file: Path) -> set[str]:
    """Return the folders of experiments/ that a file imports from."""
    names: list[str] = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "experiments":
            names += [f"experiments.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names.append(node.module)
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
    parts = (name.split(".") for name in names)
    return {part[1] for part in parts if part[0] == "experiments" and len(part) > 1}


def test_the_page_draws_every_folder() -> None:
    assert set(DRAWN) == {file.parent.name for file in HERE.glob("*/__init__.py")}


@pytest.mark.parametrize("folder", DRAWN)
def test_imports_go_down(folder: str) -> None:
    allowed = set(DRAWN[: DRAWN.index(folder) + 1])
    for file in sorted((HERE / folder).rglob("*.py")):
        assert imported(file) <= allowed, file


def test_tests_lie_where_the_code_does() -> None:
    tests = {file.parent.name for file in Path(__file__).parent.glob("*/__init__.py")}
    assert tests <= set(DRAWN)
