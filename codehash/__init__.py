"""A key for code that stays the same when code is moved or said differently, and only then.

The key of a module covers its own code and all of ours that it imports, directly or not. It is a
hash of syntax trees, so that layout and comments do not count; nor do docstrings, the order of
imports of our own, or the version of Python that reads the file. In place of each name that comes
from an import of our own stands the hash of the file it leads to: where a file lies, and what it
or its importers call it, does not count either. Anything else does.

Used for results of experiments (are they made by today's code?) and for verdicts of the grader.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

LEFT_OUT = "left out"  # stands for a file whose code does not count
# Fields of a tree that change nothing about what code does.
NOTHING = {"ctx", "kind", "type_comment", "type_ignores"}
# Fields that hold a name without giving one.
NO_BINDING = {(ast.Attribute, "attr"), (ast.keyword, "arg"), (ast.ImportFrom, "module")}
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class Import(NamedTuple):
    """One name that an import of our own gives: a file, or something that is in it."""

    name: str
    file: str
    attribute: str = ""


class File(NamedTuple):
    """What a file's code is, apart from what it imports of ours."""

    own: str  # hash
    uses: tuple[str, ...]  # the files that names lead to, in the order of use
    imports: frozenset[str]  # all files that are imported


class Code:
    """The code below ``root`` in ``packages``; ``left_out`` are files, or folders with a ``/``.

    What is left out counts as a file without content. Files are read once: make a new object to
    see changes.
    """

    def __init__(self, root: Path, packages: Sequence[str], left_out: Sequence[str] = ()) -> None:
        self.root, self.packages, self.left_out = root, tuple(packages), tuple(left_out)
        self._files: dict[str, File] = {}

    def key(self, *modules: str) -> str:
        """Return the key of modules. Raises ModuleNotFoundError for one that is not below root."""
        starts = [self._start(module) for module in modules]
        reached = self._reached(starts)
        # Round k gives each file the hash of all that is at most k imports away. This needs no
        # order among files, so that some may import each other.
        now = dict.fromkeys(reached, "") | {LEFT_OUT: ""}
        for _ in reached:
            now = {LEFT_OUT: ""} | {name: _joined(self._file(name), now) for name in reached}
        return _hash(" ".join(now[name] for name in starts))

    def files(self, *modules: str) -> dict[str, str]:
        """Return, by path, the hash of each file's own code, for all files that the key covers."""
        reached = self._reached([self._start(module) for module in modules])
        return {name: self._file(name).own for name in sorted(reached)}

    def _start(self, module: str) -> str:
        file = module.replace(".", "/") + ".py"
        if not (self.root / file).is_file():
            raise ModuleNotFoundError(f"no module {module!r} below {self.root}")
        return file

    def _reached(self, starts: list[str]) -> set[str]:
        reached: set[str] = set()
        waiting = list(starts)
        while waiting:
            name = waiting.pop()
            if name not in reached and name != LEFT_OUT:
                reached.add(name)
                waiting += self._file(name).imports
        return reached

    def _file(self, name: str) -> File:
        if name not in self._files:
            self._files[name] = self._read(name)
        return self._files[name]

    def _read(self, name: str) -> File:
        tree = ast.parse((self.root / name).read_bytes(), filename=name)
        nodes = list(ast.walk(tree))
        package = name.split("/")[:-1]
        found = {
            alias: self._imported(node, alias, package)
            for node in nodes
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        ours = {alias: target for alias, target in found.items() if target}
        text: list[str] = []
        uses: list[str] = []
        for piece in _Writer(tree, ours, _single(nodes, ours)).pieces:
            if isinstance(piece, Import):
                uses.append(piece.file)
                text.append(f"<{piece.attribute}>")
            else:
                text.append(piece)
        files = {target.file for target in ours.values()} - {LEFT_OUT}
        files |= {init for file in files for init in self._packages_of(file)}
        return File(_hash("".join(text)), tuple(uses), frozenset(files - {name}))

    def _imported(
        self, node: ast.Import | ast.ImportFrom, alias: ast.alias, package: list[str]
    ) -> Import | None:
        """Return where a name that is imported leads, or None for code that is not ours."""
        if isinstance(node, ast.Import):
            file = self._path(alias.name)
            return Import(alias.asname or alias.name, file) if file else None
        above = package[: len(package) - node.level + 1] if node.level else []
        module = ".".join([*above, *filter(None, [node.module])])
        inside, file = self._path(f"{module}.{alias.name}"), self._path(module)
        name = alias.asname or alias.name
        if inside:
            return Import(name, inside)
        return Import(name, file, alias.name) if file else None

    def _path(self, module: str) -> str | None:
        """Return the file of a module of ours, relative to the root."""
        if module.partition(".")[0] not in self.packages:
            return None
        path = module.replace(".", "/")
        for name in (f"{path}.py", f"{path}/__init__.py"):
            if (self.root / name).is_file():
                return LEFT_OUT if name.startswith(self.left_out) else name
        return None

    def _packages_of(self, file: str) -> Iterator[str]:
        """Yield the ``__init__.py`` above a file that hold code: Python runs them first."""
        parts = file.split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            init = "/".join([*parts[:depth], "__init__.py"])
            if init != file and self._path(".".join(parts[:depth])) == init:
                known = self._file(init)
                if known.imports or known.own != EMPTY:
                    yield init


def _joined(file: File, now: dict[str, str]) -> str:
    uses = " ".join(now[name] for name in file.uses)
    return _hash(f"{file.own}|{uses}|{' '.join(sorted({now[name] for name in file.imports}))}")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


EMPTY = _hash("Module()")


def _single(nodes: list[ast.AST], ours: dict[ast.alias, Import]) -> dict[str, Import]:
    """Return the imports of ours by name, where a name means nothing else in the whole file.

    A name that something else is called too, in whatever scope, is left out.
    """
    elsewhere = set(_bound(nodes, ours))
    meanings: dict[str, set[Import]] = {}
    for target in ours.values():
        meanings.setdefault(target.name, set()).add(target)
    return {
        name: next(iter(targets))
        for name, targets in meanings.items()
        if len(targets) == 1 and name not in elsewhere and "." not in name
    }


def _bound(nodes: list[ast.AST], leave_out: Collection[ast.alias]) -> Iterator[str]:
    """Yield every name that a file gives to something, but for some imports."""
    for node in nodes:
        if isinstance(node, ast.alias):
            if node not in leave_out:
                yield node.asname or node.name.partition(".")[0]
        elif isinstance(node, ast.Name):
            if not isinstance(node.ctx, ast.Load):
                yield node.id
        elif not isinstance(node, ast.Constant):
            for field, value in ast.iter_fields(node):
                if (type(node), field) not in NO_BINDING:
                    for part in value if isinstance(value, list) else [value]:
                        if isinstance(part, str):
                            yield part


class _Writer:
    """Writes a syntax tree as text, in which names from imports of ours stand as ``Import``.

    ``pieces`` holds the text.
    """

    def __init__(
        self, tree: ast.AST, ours: dict[ast.alias, Import], single: dict[str, Import]
    ) -> None:
        self.ours, self.single = ours, single
        self.kept = {a: target for a, target in ours.items() if target.name not in self.single}
        self.pieces: list[str | Import] = []
        self._write(tree)

    def _write(self, part: object) -> None:
        """Write a node, a list or a plain value."""
        if isinstance(part, ast.AST):
            self._node(part)
        elif isinstance(part, list):
            self.pieces.append("[")
            for item in part:
                self._write(item)
                self.pieces.append(",")
            self.pieces.append("]")
        else:
            self.pieces.append(f"{type(part).__name__}:{part!r}")

    def _node(self, node: ast.AST) -> None:
        target = self._means(node)
        if target:
            self.pieces.append(target)
            return
        if isinstance(node, ast.alias) and node in self.kept:
            target = self.kept[node]
            self.pieces += [f"import {target.name}=", target]
            return
        self.pieces.append(f"{type(node).__name__}(")
        # Versions of Python differ in fields that are mostly empty: those do not show.
        for field, value in sorted(ast.iter_fields(node)):
            value = self._shown(node, field, value)
            if field not in NOTHING and (isinstance(node, ast.Constant) or value not in (None, [])):
                self.pieces.append(f"{field}=")
                self._write(value)
                self.pieces.append(";")
        self.pieces.append(")")

    def _means(self, node: ast.AST) -> Import | None:
        """Return what a use of a name leads to: ``module.name`` is the same as ``name`` alone."""
        if isinstance(node, ast.Name):
            return self.single.get(node.id)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            module = self._means(node.value) if isinstance(node.value, ast.Name) else None
            if module and not module.attribute:
                return module._replace(attribute=node.attr)
        return None

    def _shown(self, node: ast.AST, field: str, value: object) -> object:
        """Return a field without docstring and imports of ours, and strings in one piece."""
        if isinstance(node, ast.JoinedStr) and field == "values":
            return list(_merged(node.values))
        if not isinstance(value, list) or not any(isinstance(part, ast.stmt) for part in value):
            return value
        body = value
        if field == "body" and isinstance(node, Definition | ast.Module) and _documented(node):
            body = body[1:]
        left = [short for part in body for short in self._without_ours(part)]
        kept = [part for part in left if not isinstance(part, ast.Pass)]
        return kept or ([] if isinstance(node, ast.Module) else [ast.Pass()])

    def _without_ours(self, statement: ast.stmt) -> Iterator[ast.stmt]:
        """Yield what is left of a statement when names that are replaced are not imported."""
        if not isinstance(statement, ast.Import | ast.ImportFrom):
            yield statement
            return
        foreign = [alias for alias in statement.names if alias not in self.ours]
        if isinstance(statement, ast.Import) and foreign:
            yield ast.Import(foreign)
        elif isinstance(statement, ast.ImportFrom) and foreign:
            yield ast.ImportFrom(statement.module, foreign, statement.level)
        yield from (ast.Import([alias]) for alias in statement.names if alias in self.kept)


def _documented(node: Definition | ast.Module) -> bool:
    return ast.get_docstring(node, clean=False) is not None


def _merged(parts: list[ast.expr]) -> Iterator[ast.expr]:
    """Yield the parts of an f-string, with neighbouring texts joined and empty ones left out."""
    text = ""
    for part in parts:
        if isinstance(part, ast.Constant):
            text += str(part.value)
            continue
        if text:
            yield ast.Constant(text)
        text = ""
        yield part
    if text:
        yield ast.Constant(text)
