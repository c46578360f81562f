"""A cell's code as tokens that renaming, comments and white space do not change.

Every name becomes the same token, but for keywords, built-ins, and attributes that the code does
not define itself (`x.unbind`): those are not a copier's to rename. Strings become one token,
numbers their value. Comments, docstrings, line ends, indentation and commas before a bracket go.

Python's own `tokenize` stops where source is broken, elsewhere in each version of Python. This one
reads any text to its end, in time linear in its length, and never runs any of it.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

NAME, STRING = "name", "string"
KEPT = frozenset(keyword.kwlist) | frozenset(dir(builtins)) - {"_"}
TOKEN = re.compile(
    r"""
    (?P<comment>\#[^\n]*+)
  | (?P<string>[rRbBuUfFtT]{0,2}+(?:
        \"{3}(?:[^"\\]|\\.|"(?!""))*+(?:\"{3})?  # what is not closed goes on to the end
      | '{3}(?:[^'\\]|\\.|'(?!''))*+(?:'{3})?
      | "(?:[^"\\\n]|\\.)*+"?
      | '(?:[^'\\\n]|\\.)*+'?))
  | (?P<name>[^\W\d]\w*+)
  | (?P<number>0[xXbBoO][\da-fA-F_]++
      |(?:\d[\d_]*+(?:\.[\d_]*+)?|\.\d[\d_]*+)(?:[eE][+-]?\d[\d_]*+)?[jJ]?)
  | (?P<newline>\n)
  | (?P<space>[ \t\f\r\\]++)
  | (?P<operator>\*\*=?|//=?|>>=?|<<=?|->|:=|[-+*/%@&|^=<>!~]=?|.)
    """,
    re.VERBOSE | re.DOTALL,
)
BEGINS, ENDS = "([{", ")]}"
WORD = re.compile(r"\w++")
NOTHING = "", "", 0


@dataclass(frozen=True, slots=True)
class Token:
    """One token as it is compared, and where it stands in its cell."""

    text: str
    start: int
    end: int


Raw = tuple[str, str, int]  # kind, text, place


def code(sources: Sequence[str]) -> list[list[Token]]:
    """Return the tokens of cells by one author; what one defines, another may use."""
    read = [list(_significant(source)) for source in sources]
    own = frozenset().union(*map(_defined, read))
    return [
        [
            Token(_plain(kind, text, before, own), start, start + len(text))
            for (_, before, _), (kind, text, start) in zip([NOTHING, *raw], raw, strict=False)
        ]
        for raw in read
    ]


def prose(source: str) -> list[Token]:
    """Return the words of a written answer."""
    return [Token(m[0].casefold(), m.start(), m.end()) for m in WORD.finditer(source)]


def _defined(raw: list[Raw]) -> frozenset[str]:
    """Return the names that code defines: functions, classes, and attributes it sets."""
    return frozenset(
        name
        for (_, before, _), (kind, name, _), (_, after, _) in zip(
            raw, raw[1:], [*raw[2:], NOTHING], strict=False
        )
        if kind == "name" and (before in ("def", "class") or (before == "." and after == "="))
    )


def _plain(kind: str, text: str, before: str, own: frozenset[str]) -> str:
    match kind:
        case "string":
            return STRING
        case "number":
            return _value(text)
        case "name" if before == ".":
            return NAME if text in own else f".{text}"
        case "name":
            return text if text in KEPT else NAME
    return text


def _value(number: str) -> str:
    """Return a number as its value: 1e-3 is 0.001, and 1.0 is not 1."""
    if len(number) > 30:
        return "number"
    try:
        return repr(float(number)) if re.search(r"[.eE]", number) else str(int(number, 0))
    except ValueError:  # complex, hexadecimal with an e, 007
        return number.lower()


def _significant(source: str) -> Iterator[Raw]:
    """Yield kind, text and place of what counts: no comments, space, docstrings, last commas."""
    depth = 0
    held: Raw | None = None  # a comma or a string, until its next token is known
    is_begun = False  # whether the logical line has a token already
    for kind, text, start in _read(source):
        if kind == "newline":
            if held is not None and held[0] == "string" and depth == 0:
                held = None  # it was all of its line: a docstring
            if depth == 0:
                if held is not None:
                    yield held
                    held = None
                is_begun = False
            continue
        if held is not None and not (held[1] == "," and text in ENDS):
            yield held
        held = None
        if text in BEGINS and kind == "operator":
            depth += 1
        elif text in ENDS and kind == "operator":
            depth = max(depth - 1, 0)
        if text == ";":
            is_begun = False
            continue
        if text == "," or (kind == "string" and not is_begun):
            held = kind, text, start
        else:
            yield kind, text, start
        is_begun = True
    if held is not None and held[0] != "string":
        yield held


def _read(source: str) -> Iterator[Raw]:
    for match in TOKEN.finditer(source):
        kind = match.lastgroup or ""
        if kind not in ("comment", "space"):
            yield kind, match.group(), match.start()
