"""What somebody does to a copy so that it looks like work of their own."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Mapping


class Renamed(ast.NodeTransformer):
    """Gives every local variable and argument of each function another name."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        before = self._names
        bound = {arg.arg for arg in ast.walk(node) if isinstance(arg, ast.arg)}
        bound |= {
            name.id
            for name in ast.walk(node)
            if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
        }
        new = sorted(bound - set(dir(builtins)) - {"self"} - before.keys())
        self._names = before | {name: f"my_{place}" for place, name in enumerate(new, len(before))}
        self.generic_visit(node)
        self._names = before
        return node

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self._names.get(node.id, node.id), node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(self._names.get(node.arg, node.arg), node.annotation)


def disguised(source: str) -> str:
    """Return code with other names, other layout, comments of its own, and methods turned round."""
    tree = Renamed().visit(ast.parse(source))
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            node.body.reverse()
    lines = ast.unparse(tree).splitlines()
    return "\n".join(f"{line}  # my own idea" if line.endswith(":") else line for line in lines)


def copied(sections: Mapping[str, str]) -> dict[str, str]:
    """Return a disguised copy of answers, with all of the last in the cell of the first."""
    found = {name: disguised(source) for name, source in sections.items()}
    first, last = next(iter(found)), next(reversed(found))
    if first == last:
        return found
    return found | {first: f"{found[last]}\n\n\n{found[first]}", last: "pass"}
