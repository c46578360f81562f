"""What a visible test that fails has compared: read from its text, told with the values it met.

A visible test hides nothing, so both sides are shown. They are computed once more, in the Python
where the test has just failed; what cannot be told apart from the text is left out.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from autograder.differences import difference, kind_of, place

SHOWN = 120  # characters of a value
PAIRS = ("allclose", "equal", "close_enough")  # functions of two things that should be alike
TOLERANCE = {"allclose": (1e-8, 1e-5)}  # torch's own: atol and rtol
SHOULD: dict[type[ast.cmpop], str] = {
    ast.Eq: "should be",
    ast.NotEq: "should not be",
    ast.Lt: "should be less than",
    ast.LtE: "should be at most",
    ast.Gt: "should be more than",
    ast.GtE: "should be at least",
    ast.Is: "should be",
    ast.IsNot: "should not be",
    ast.In: "should be in",
    ast.NotIn: "should not be in",
}


@dataclass(frozen=True)
class Compared:
    """The two sides of an assertion, as source text, and how they should stand to each other."""

    left: str
    right: str
    should: str
    atol: float = 0.0
    rtol: float = 0.0
    within: str = ""  # in words


def purpose(source: str, line: int) -> str:
    """Return the comment that heads the lines around this one: what the test is about."""
    lines = source.splitlines()[:line]
    paragraph: list[str] = []
    for text in reversed(lines):
        if not text.strip():
            break
        paragraph.insert(0, text.strip())
    comments = [text.lstrip("# ") for text in paragraph if text.startswith("#")]
    return " ".join(comments).removeprefix("What: ")


def compared(source: str, line: int) -> Compared | None:
    """Return what the assertion on this line compares; None for one of another form."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    asserts = [node for node in ast.walk(tree) if isinstance(node, ast.Assert)]
    here = [node.test for node in asserts if node.lineno <= line <= (node.end_lineno or 0)]
    if len(here) != 1:
        return None
    match here[0]:
        case ast.Compare(
            left=ast.Call(
                func=ast.Name("abs"), args=[ast.BinOp(left=left, op=ast.Sub(), right=right)]
            ),
            ops=[ast.Lt() | ast.LtE()],
            comparators=[limit],
        ):
            within = f", to {ast.unparse(limit)}"
            return Compared(ast.unparse(left), ast.unparse(right), "should be", within=within)
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return Compared(ast.unparse(left), ast.unparse(right), SHOULD[type(op)])
        case ast.Call(func=function, args=[left, right], keywords=named):
            name = ast.unparse(function).rpartition(".")[2]
            if name == "isinstance":
                return Compared(f"type({ast.unparse(left)})", ast.unparse(right), "should be")
            if name in PAIRS:
                atol, rtol = TOLERANCE.get(name, (0.0, 0.0))
                given = {each.arg: _number(each.value) for each in named}
                atol, rtol = given.get("atol", atol), given.get("rtol", rtol)
                return Compared(ast.unparse(left), ast.unparse(right), "should be", atol, rtol)
    return None


def _number(node: ast.expr) -> float:
    value = node.value if isinstance(node, ast.Constant) else 0.0
    return float(value) if isinstance(value, int | float) else 0.0


def told(what: Compared, left: Any, right: Any) -> str:
    """Say what came back on the left, and what stands on the right."""
    if isinstance(left, Tensor) and isinstance(right, Tensor):
        if left.shape != right.shape or left.dtype != right.dtype:
            return f"`{what.left}` is a {kind_of(left)}; {what.should} a {kind_of(right)}"
        found = difference(left, right, what.atol, what.rtol)
        if found is not None and found.first:
            have, want = left[found.first].item(), right[found.first].item()
            return (
                f"`{what.left}`, a {found.kind}: {place(found.first)} it is {have:.6g} and "
                f"{what.should} {want:.6g}; {found.wrong} of {found.count} values differ, most "
                f"{place(found.at)}, by {found.largest:.3g}"
            )
    return f"`{what.left}` is {_brief(left)}; {what.should} {_brief(right)}{what.within}"


def _brief(value: Any) -> str:
    text = value.__name__ if isinstance(value, type) else repr(value)
    text = "".join(c if c.isprintable() else " " for c in text[: SHOWN + 1])
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def came_back(source: str, line: int, evaluate: Callable[[str], Any]) -> str:
    """Say what came back where the assertion on this line fails; nothing where it does not tell.

    ``evaluate`` computes an expression as the test would; whatever it raises, there is no more to
    say than the test has said.
    """
    what = compared(source, line)
    if what is None:
        return ""
    try:
        left, right = evaluate(f"({what.left}), ({what.right})")
        return told(what, left, right)
    except Exception:  # a student's own objects may do anything when they are looked at
        return ""
