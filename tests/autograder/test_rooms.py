"""The rooms of the autograder: what may import what."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGE = ROOT / "autograder"
KNOWN_BY_ALL = {"errors", "verdict", "stages", "differences"}
MAY_IMPORT = {
    "inside": set[str](),
    "line": {"inside"},
    "suite": {"inside", "line"},
    "notebooks": set[str](),
    "student": {"inside", "line", "notebooks", "console", "commandline"},
    "judge": {"inside", "line", "suite", "notebooks"},
    "course": set[str](),
    "similarity": set[str](),
    "cluster": {"line", "judge", "course"},
    "steps": {"line", "suite", "notebooks", "judge", "course", "cluster", "similarity"},
    "gradescope": {"line", "notebooks", "judge"},
    "exports": {"course", "notebooks", "steps", "gradescope"},
    "hidden": {"checks", "recipes"},
    "starter": {"checks"},
    "recipes": set[str](),
}
FOREIGN_INSIDE = {"torch", "msgspec", *sys.stdlib_module_names}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield f"{node.module}.{node.names[0].name}"


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_imports_go_one_way(room: str) -> None:
    for path in (PACKAGE / room).rglob("*.py"):
        for name in imports(path):
            top, _, rest = name.partition(".")
            if top == "autograder":
                target = rest.partition(".")[0]
                known = KNOWN_BY_ALL if room != "inside" else set()
                assert target in {room, *MAY_IMPORT[room], *known}, f"{path}: {name}"


def test_inside_needs_nothing_else() -> None:
    for path in (PACKAGE / "inside").glob("*.py"):
        foreign = {name.partition(".")[0] for name in imports(path)} - {"autograder"}
        assert foreign <= FOREIGN_INSIDE, path


def test_every_room_is_drawn() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    drawn = text.split("### The rooms of the autograder", 1)[1].split("```")[1]
    for path in PACKAGE.rglob("*.py"):
        room = path.relative_to(PACKAGE).parts[0]
        if path.stem not in ("__init__", "__main__") and room not in ("hidden", "starter"):
            assert path.stem in drawn, f"{path} is not drawn"
