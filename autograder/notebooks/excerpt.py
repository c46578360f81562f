"""The source text of one object of a module, as an exercise shows it.

A reference layer is written once, in ``solutions/``. An exercise names it by an import, and
this module finds the text the import stands for: decorators, docstring, body, and the
``### BEGIN SOLUTION`` / ``### END SOLUTION`` lines that mark what a student writes.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from autograder.errors import AutograderError


def object_sources(module: Path) -> dict[str, str]:
    """Return the source text of every top-level class, function and constant of a module."""
    try:
        text = module.read_text(encoding="utf-8")
        tree = ast.parse(text, filename=str(module))
    except OSError as error:
        raise AutograderError(
            f"cannot read the module {module.stem!r}: {error.strerror}",
            str(module),
            "Correct the import in the exercise, or write the module.",
        ) from error
    except SyntaxError as error:
        raise AutograderError(
            f"the module does not parse: {error.msg}", f"{module}:{error.lineno}", "Correct it."
        ) from error
    lines = text.splitlines()
    return {
        name: "\n".join(lines[_first_line(node) - 1 : _last_line(node, lines)])
        for node in tree.body
        for name in _names(node)
    }


def _names(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        yield node.name
    elif isinstance(node, ast.Assign):
        yield from (target.id for target in node.targets if isinstance(target, ast.Name))
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.target.id


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _last_line(node: ast.stmt, lines: list[str]) -> int:
    """Extend the node over the indented comments after it: END SOLUTION is often the last line."""
    last = node.end_lineno or node.lineno
    for number in range(last + 1, len(lines) + 1):
        line = lines[number - 1]
        if line.strip() and not line.startswith((" ", "\t")):
            break
        if line.strip():
            last = number
    return last
