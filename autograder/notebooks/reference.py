"""The imports that an exercise's cells hold in place of code, and the text that they stand for."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

from autograder.errors import AutograderError
from autograder.notebooks.excerpt import object_sources
from autograder.notebooks.regions import BEGIN, split_regions

APART = ["", ""]  # lines between objects


@dataclass(frozen=True)
class Place:
    """A cell of an exercise, for words about it."""

    path: Path
    number: int
    declared: Any  # what the cell says of itself to nbgrader

    def error(self, what: str, todo: str = "Correct the exercise.") -> AutograderError:
        declared = self.declared if isinstance(self.declared, dict) else {}
        where = f"{self.path}, cell {self.number}, grade_id {declared.get('grade_id', 'none')}"
        return AutograderError(what, where, todo)


def module_file(exercise: Path, module: str) -> Path:
    """Return the file that an exercise's import stands for, whether it exists or not.

    Modules beside the exercise come first. The others are looked for in the folder that holds the
    folder of the exercises, and among what is installed.
    """
    beside = exercise.parent / f"{module}.py"
    if beside.is_file():
        return beside
    top, *rest = module.split(".")
    file = exercise.parent.parent.joinpath(top, *rest).with_suffix(".py")
    if not file.is_file() and (spec := find_spec(top)) and spec.submodule_search_locations:
        return Path(spec.submodule_search_locations[0]).joinpath(*rest).with_suffix(".py")
    return file


def replaced(at: Place, source: str, *, is_own: bool, is_solution: bool) -> str:
    """Put the objects' source in place of ``from solutions.module import name``.

    In an exercise of the instructor's own (``is_own``) modules beside it count, too.
    """
    lines = source.splitlines()
    imports = imports_of(at, source, is_own=is_own)
    if not imports or (is_solution and len(imports) != len(ast.parse(source).body)):
        form = "'from solution import NAME'" if is_own else "'from solutions.MODULE import NAME'"
        only = " and nothing else" if is_solution else ""
        raise at.error(f"the cell must hold {form}{only}")
    for node in reversed(imports):
        objects = [_text(at, node, alias, is_solution=is_solution) for alias in node.names]
        first, last = node.lineno - 1, node.end_lineno or node.lineno
        above = APART if "".join(lines[:first][-1:]).strip() else []
        below = APART if "".join(lines[last : last + 1]).strip() else []
        lines[first:last] = [*above, _in_a_row(objects), *below]
    return "\n".join(lines).strip("\n")


def imports_of(at: Place, source: str, *, is_own: bool) -> list[ast.ImportFrom]:
    """Return the imports of a cell that are to be replaced."""
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise at.error(f"the cell does not parse: {error.msg}") from error
    nodes = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    return [node for node in nodes if _stands_for_text(at, str(node.module), is_own)]


def _stands_for_text(at: Place, module: str, is_own: bool) -> bool:
    """Tell whether a module is of the reference, or a recipe that judges use too."""
    parts = module.split(".")
    if parts[0] == "solutions" or parts[:2] == ["autograder", "recipes"]:
        return True
    return is_own and (at.path.parent / f"{module}.py").is_file()


def _text(at: Place, node: ast.ImportFrom, alias: ast.alias, *, is_solution: bool) -> str:
    """Return the text of one object; raise for one that does not fit into the cell."""
    module = module_file(at.path, str(node.module))
    text = object_sources(module).get(alias.name)
    if text is None:
        raise at.error(f"{node.module} has no class, function or constant {alias.name!r}")
    if alias.asname:
        raise at.error(f"{alias.name!r} is imported under another name")
    _, inside = split_regions(text, f"{module}: {alias.name}")
    if is_solution and not inside:
        raise at.error(
            f"{node.module}.{alias.name} has no solution region: the answer would be released",
            f"Mark it with '### {BEGIN}', or tag the cell 'given'.",
        )
    if not is_solution and inside:
        raise at.error(
            f"{node.module}.{alias.name} holds a solution region but the cell is 'given'",
            "Tag the cell 'solution' instead.",
        )
    return text


def _in_a_row(objects: list[str]) -> str:
    """Return the objects' texts with two empty lines between them, and none between one-liners."""
    text = objects[0]
    for before, after in pairwise(objects):
        text += ("\n\n\n" if "\n" in before + after else "\n") + after
    return text
