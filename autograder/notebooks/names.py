"""Which names a cell's source defines and which it uses, as far as its text tells."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def defined_in(source: str) -> Iterator[str]:
    """Yield the names that the top level binds by def, class, import or assignment."""
    for node in _parsed(source):
        match node:
            case ast.FunctionDef() | ast.ClassDef() | ast.AsyncFunctionDef():
                yield node.name
            case ast.Import() | ast.ImportFrom():
                for item in node.names:
                    yield item.asname or item.name.partition(".")[0]
            case ast.Assign() | ast.AnnAssign():
                for part in ast.walk(node):
                    if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                        yield part.id


def used_in(source: str) -> set[str]:
    """Return the names that the source reads somewhere."""
    return {
        part.id
        for node in _parsed(source)
        for part in ast.walk(node)
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)
    }


def _parsed(source: str) -> list[ast.stmt]:
    """Return the statements; none of a source that Python cannot read, or only too deep."""
    try:
        return ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
