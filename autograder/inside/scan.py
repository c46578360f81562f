"""Ready-made layers are found by name in a source text, aliases included.

What a name hides (`getattr` with a name put together from pieces, say) is for the guard, which
stands at the things themselves (`guard.py`).

This file also runs beside student code, so it imports nothing but the standard library and torch.
"""

from __future__ import annotations

import ast
import functools
import sys
from collections.abc import Iterable

from autograder.inside.guard import functions_behind, resolve
from autograder.inside.source import parsed, walk

# No path by which torch offers anything is longer.
MAX_PARTS, MAX_PATH = 20, 400

_OWNERS = ("torch", "torch._VF", "torch._C._VariableFunctions", "torch._C._nn", "torch.ops.aten")


def spellings(names: Iterable[str]) -> dict[str, str]:
    """Every dotted path by which torch offers the refused things -> the refused name.

    Slow the first time (it looks through all of torch), so the judge does it once for all.
    """
    return _all_spellings(tuple(names))


@functools.cache
def _all_spellings(names: tuple[str, ...]) -> dict[str, str]:
    spellings = {name: name for name in names}
    found = {name: resolve(name) for name in names}
    things = {id(getattr(*place)): name for name, place in found.items() if place}
    for path, module in list(sys.modules.items()):
        if path.partition(".")[0] == "torch" and module is not None:
            for attribute, value in list(vars(module).items()):
                if id(value) in things:
                    spellings[f"{path}.{attribute}"] = things[id(value)]
    for function in functions_behind(names):
        for owner in _OWNERS:
            spellings[f"{owner}.{function}"] = f"torch.{function}"
    return spellings


def refused_names(
    source: str, names: Iterable[str], aliases: dict[str, str] | None = None
) -> list[tuple[int, str]]:
    """Find refused names in a cell: `(line, name)` pairs, in order.

    `aliases` (local name -> dotted path) carries imports from cell to cell and is updated.
    A source that does not parse has none; running it will say so.

    Raises:
        Unread: the source is longer or deeper than what is read.
    """
    return refused_in(source, spellings(names), {} if aliases is None else aliases)


def refused_in(
    source: str, spellings: dict[str, str], aliases: dict[str, str]
) -> list[tuple[int, str]]:
    """Do what `refused_names` does with spellings that are known already."""
    try:
        tree = parsed(source)
    except SyntaxError:
        return []
    scan = _Scan(spellings, aliases)
    walk(tree, scan)
    return sorted(set(scan.found))


class _Scan:
    """Follows imports and names through a tree, and notes where a refused thing is named."""

    entered = frozenset({ast.Import, ast.ImportFrom, ast.Name, ast.Attribute, ast.Call})
    left = frozenset({ast.ClassDef, ast.FunctionDef, ast.Assign})

    def __init__(self, spellings: dict[str, str], aliases: dict[str, str]) -> None:
        self.spellings = spellings
        self.aliases = aliases
        self.found: list[tuple[int, str]] = []

    def enter(self, node: ast.AST) -> None:
        match node:
            case ast.Import():
                for item in node.names:
                    local = item.asname or item.name.partition(".")[0]
                    self._call(local, item.name if item.asname else local)
                    self._check(node, item.name)
            case ast.ImportFrom():
                self._import_from(node)
            case ast.Name(ctx=ast.Load()) | ast.Attribute() | ast.Call():
                self._check(node, self._path(node))

    def leave(self, node: ast.AST) -> None:
        match node:
            case ast.ClassDef() | ast.FunctionDef():
                self.aliases.pop(node.name, None)
            case ast.Assign():
                path = self._path(node.value)
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        self._call(target.id, path)

    def _import_from(self, node: ast.ImportFrom) -> None:
        for item in node.names:
            path = f"{node.module}.{item.name}"
            if item.name == "*":
                for spelling in self.spellings:
                    owner, _, last = spelling.rpartition(".")
                    if owner == node.module:
                        self.aliases[last] = spelling
            else:
                self._call(item.asname or item.name, path)
                self._check(node, path)

    def _call(self, local: str, path: str | None) -> None:
        """Remember what a name stands for, as far as it matters here."""
        if path is None or len(path) > MAX_PATH:
            self.aliases.pop(local, None)
        else:
            self.aliases[local] = path

    def _check(self, node: ast.AST, path: str | None) -> None:
        if path in self.spellings:
            self.found.append((getattr(node, "lineno", 0), self.spellings[path]))

    def _path(self, node: ast.AST) -> str | None:
        """The dotted path an expression stands for, as far as imports and names tell."""
        parts: list[str] = []
        while len(parts) <= MAX_PARTS:
            match node:
                case ast.Name():
                    owner = self.aliases.get(node.id)
                    return owner and ".".join([owner, *reversed(parts)])
                case ast.Attribute():
                    parts.append(node.attr)
                    node = node.value
                case ast.Call(ast.Name("getattr"), [value, ast.Constant(str(name)), *_]):
                    parts.append(name)
                    node = value
                case _:
                    return None
        return None
