"""Student code as a tree: the one place where its text is parsed, and a walk that cannot overflow.

Text from a student may be long, deep, or a riddle for the parser, so whoever parses it does so
where a clock runs: in the student's own process before its first cell (`Runtime`), or on the
student's own machine. What Python cannot read for its depth is `Unread`, with a reason.

This file also runs beside student code, so it imports nothing but the standard library.
"""

from __future__ import annotations

import ast
import re
import warnings
from typing import Protocol

MAGIC = re.compile(r"^([ \t]*)([%!].*)$", re.MULTILINE)
MAX_CHARS = 100_000  # of one cell; a released notebook as a whole has half of that


class Unread(Exception):
    """A text that is not read as Python; the message says why, worded for the student."""


class Visitor(Protocol):
    """Sees nodes of some kinds on the way down, and of some on the way up."""

    entered: frozenset[type[ast.AST]]
    left: frozenset[type[ast.AST]]

    def enter(self, node: ast.AST) -> None: ...

    def leave(self, node: ast.AST) -> None: ...


def too_long(source: str) -> str:
    """Return why a cell is not read for its length alone; nothing when it is short enough."""
    if len(source) <= MAX_CHARS:
        return ""
    return f"longer than the grader reads: more than {MAX_CHARS:,} characters in one cell"


def without_magics(source: str) -> tuple[str, str]:
    """Blank the notebook commands (`%...`, `!...`) of a cell that is not plain Python.

    Returns the source, line for line, and a note that names what was left out.
    """
    if MAGIC.search(source) is None:
        return source, ""  # nearly every cell: no need to try whether Python takes it
    try:
        compile(source, "<cell>", "exec")
    except SyntaxError:
        skipped = [match.group(2).strip() for match in MAGIC.finditer(source)]
        note = "".join(f"[notebook command skipped: {line[:80]}]\n" for line in skipped)
        return MAGIC.sub(r"\1pass", source), note
    except (ValueError, RecursionError, MemoryError):
        pass  # running it will report it
    return source, ""


def parsed(source: str) -> ast.Module:
    """Return the tree of what runs of a cell: its text without notebook commands.

    Raises:
        SyntaxError: it is not Python; running it says where.
        Unread: it is longer or deeper than what is read, or no text that Python can hold.
    """
    reason = too_long(source)
    if reason:
        raise Unread(reason)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about `1 is 1` and the like
            return ast.parse(without_magics(source)[0])
    except SyntaxError:
        raise
    except (RecursionError, MemoryError):
        raise Unread("too deep or too much for Python to read") from None
    except ValueError as error:  # null bytes, half a surrogate pair
        raise Unread(f"no text that Python can read: {error}"[:200]) from None


def walk(tree: ast.AST, visitor: Visitor) -> None:
    """Visit nodes depth first, in the order of the text, however deep the tree is.

    Every cell of every submission passes here, so nodes of no interest cost as little as can be.
    """
    stack: list[ast.AST | tuple[ast.AST]] = [tree]  # in a tuple: one to leave
    while stack:
        node = stack.pop()
        if isinstance(node, tuple):
            visitor.leave(*node)
            continue
        kind = type(node)
        if kind in visitor.entered:
            visitor.enter(node)
        if kind in visitor.left:
            stack.append((node,))
        for name in reversed(node._fields):
            child = getattr(node, name, None)
            if isinstance(child, list):
                stack += [item for item in reversed(child) if isinstance(item, ast.AST)]
            elif isinstance(child, ast.AST):
                stack.append(child)
