"""Ready-made layers refuse to work where the exercise is to write them.

`Guard` makes the named classes and functions of torch raise; `refused_names` finds them by name
in a source text, aliases included. Neither can stop somebody who is determined to copy a layer
from elsewhere; together they make using a ready-made one by mistake impossible and on purpose
visible.
"""

from __future__ import annotations

import ast
import functools
import importlib
import sys
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

import torch

from autograder.inside.source import parsed, walk

# No path by which torch offers anything is longer.
MAX_PARTS, MAX_PATH = 20, 400

_RECURRENT = ("rnn_tanh", "rnn_relu", "lstm", "gru")
_OWNERS = ("torch", "torch._VF", "torch._C._VariableFunctions", "torch._C._nn", "torch.ops.aten")
_ATTENTION = ("scaled_dot_product_attention", "_scaled_dot_product_attention_math")


class _BehindTheScenes:
    """Stands in for torch._C._VariableFunctions, whose own attributes cannot be set."""

    def __init__(self, original: object, refused: dict[str, Any]) -> None:
        self.__dict__.update(refused)
        self._original = original

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


def message(name: str) -> str:
    return f"{name} is ready made; this exercise is about writing it yourself"


def _raiser(name: str) -> Any:
    def refuse(*args: object, **kwargs: object) -> NoReturn:
        raise RuntimeError(message(name))

    return refuse


def _resolve(name: str) -> tuple[Any, str] | None:
    """The owner and last part of a dotted name; None when this torch does not have it."""
    parts = name.split(".")
    owner: Any = importlib.import_module(parts[0])
    for part in parts[1:-1]:
        owner = getattr(owner, part, None)
    return (owner, parts[-1]) if hasattr(owner, parts[-1]) else None


def _functions_behind(names: Iterable[str]) -> set[str]:
    """The functions of torch that the named layers are thin wrappers of."""
    behind: set[str] = set()
    for name in names:
        last = name.rpartition(".")[2].lower()
        if last.startswith(("rnn", "lstm", "gru")):
            for function in _RECURRENT:
                if last.startswith((function.partition("_")[0], "rnnbase")):
                    behind |= {function, f"{function}_cell"}
        elif "attention" in last or last.startswith("transformer"):
            behind.update(_ATTENTION)
    return behind


def spellings(names: Iterable[str]) -> dict[str, str]:
    """Every dotted path by which torch offers the refused things -> the refused name.

    Slow the first time (it looks through all of torch), so the judge does it once for all.
    """
    return _all_spellings(tuple(names))


@functools.cache
def _all_spellings(names: tuple[str, ...]) -> dict[str, str]:
    spellings = {name: name for name in names}
    found = {name: _resolve(name) for name in names}
    things = {id(getattr(*place)): name for name, place in found.items() if place}
    for path, module in list(sys.modules.items()):
        if path.partition(".")[0] == "torch" and module is not None:
            for attribute, value in list(vars(module).items()):
                if id(value) in things:
                    spellings[f"{path}.{attribute}"] = things[id(value)]
    for function in _functions_behind(names):
        for owner in _OWNERS:
            spellings[f"{owner}.{function}"] = f"torch.{function}"
    return spellings


class Guard:
    """A reversible set of patches to torch.

    Args:
        spellings: what `spellings()` returned, here or in another process.
    """

    def __init__(self, spellings: Mapping[str, str]) -> None:
        self._patches: list[tuple[Any, str, Any, Any]] = []  # owner, attribute, before, after
        behind: dict[str, Any] = {}
        classes: set[type] = set()
        for path, name in spellings.items():
            found = _resolve(path)
            if found is None:
                continue
            owner, attribute = found
            thing = getattr(owner, attribute)
            if owner is torch._C._VariableFunctions:
                behind[attribute] = _raiser(name)
            elif not isinstance(thing, type):
                self._patch(owner, attribute, _raiser(name))
            elif thing not in classes:
                # The class itself changes, so every alias and subclass of it does too.
                classes.add(thing)
                for method in ("__init__", "forward"):
                    self._patch(thing, method, _raiser(name))
        if behind:
            stand_in = _BehindTheScenes(torch._C._VariableFunctions, behind)
            self._patch(torch._C, "_VariableFunctions", stand_in)

    def _patch(self, owner: Any, attribute: str, after: Any) -> None:
        self._patches.append((owner, attribute, vars(owner).get(attribute, self), after))

    def __enter__(self) -> Guard:
        for owner, attribute, _, after in self._patches:
            setattr(owner, attribute, after)
        return self

    def __exit__(self, *exc: object) -> None:
        for owner, attribute, before, _ in reversed(self._patches):
            if before is self:
                delattr(owner, attribute)
            else:
                setattr(owner, attribute, before)


# --- by name ----------------------------------------------------------------------------------


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
