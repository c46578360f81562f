"""Which names a cell's source defines and which it uses, as far as its text tells."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterator

DEFINITION = re.compile(r"(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)")
IMPORT = re.compile(
    r"^(?:from[ \t]+[\w.]+[ \t]+)?import[ \t]+(\([^)]{0,2000}\)|[^(\n#;]{1,2000})", re.MULTILINE
)
TARGETS = re.compile(r"([\w \t,*()]+?)(?::[^=]*)?=(?!=)")
NAME = re.compile(r"[^\W\d]\w*")
LINE_CHARS = 500  # of a line that are looked at


def defined_in(source: str) -> Iterator[str]:
    """Yield the names that the top level binds by def, class, import or assignment.

    Found line by line and without a parser: the cells a student added are read for the sake of
    a hint only, and no text may be too deep, too long or too broken for that.
    """
    for imported in IMPORT.finditer(source):
        for item in imported[1].strip("() \t").split(","):
            words = NAME.findall(item)
            if words:
                yield words[-1] if " as " in item else words[0]
    for line in source.splitlines():
        definition = DEFINITION.match(line[:LINE_CHARS])
        if definition:
            yield definition[1]
            continue
        targets = TARGETS.match(line[:LINE_CHARS])
        names = NAME.findall(targets[1]) if targets else []
        is_call = targets is not None and re.search(r"\w[ \t]*\(", targets[1])
        if line[:1].strip() and not is_call and not any(map(keyword.iskeyword, names)):
            yield from names


def used_in(source: str) -> set[str]:
    """Return the names that the source reads somewhere; none of one that Python cannot read."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    return {
        part.id
        for part in ast.walk(tree)
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)
    }
