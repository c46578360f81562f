"""Student code is parsed in one place; what is too long or deep for Python gets a reason."""

from __future__ import annotations

import ast
import contextlib

import pytest

from autograder.inside.scan import refused_names
from autograder.inside.source import MAX_CHARS, Unread, parsed, walk

NAMES = ["torch.nn.RNN"]
N = MAX_CHARS // 10
# Python's parser gives up on some of these and reads others; nothing else may happen.
DEEP = {
    "sum": "1" + "+1" * N,
    "sum that Python reads": "1" + "+1" * 950,
    "calls": "f" + "()" * N,
    "calls that Python reads": "f" + "()" * 900,
    "attributes": "f" + ".a" * N,
    "attributes that Python reads": "f" + ".a" * 900,
    "subscripts": "f" + "[0]" * N,
    "unary": "-" * N + "1",
    "lambdas": "lambda:" * N + "1",
    "conditions": "1 if 1 else " * (N // 2) + "1",
    "powers": "1**" * N + "1",
    "parentheses": "(" * N + ")" * N,
    "braces": "{" * N,
    "indents": "".join(" " * i + "if 1:\n" for i in range(300)),
    "elif": "if 1:\n pass\n" + "elif 1:\n pass\n" * (N // 2),
    "f-strings": 'f"' + "{a}" * N + '"',
    "f-string formats": 'f"' + "{a:" * N + "}" * N + '"',
    "lines": "x=1\n" * N,
    "digits": "x=" + "9" * N,
    "targets": "x=" * N + "1",
    "comprehensions": "[0 " + "for a in b " * (N // 2) + "]",
    "cases": "match x:\n case " + "a|" * N + "b:pass",
    "null byte": "x = 1\0",
    "half a surrogate pair": "x = '\ud800'",
}


@pytest.mark.parametrize("name", sorted(DEEP))
def test_deep_and_wide_source_is_scanned_or_gets_a_reason(name: str) -> None:
    with contextlib.suppress(Unread):
        assert refused_names(DEEP[name], NAMES) == []


@pytest.mark.parametrize("deep", [name for name in DEEP if name.endswith("Python reads")])
def test_what_python_reads_is_searched_to_the_bottom(deep: str) -> None:
    source = f"import torch\nf = {DEEP[deep]}\nf[{DEEP[deep]}, torch.nn.RNN]"
    assert refused_names(source, NAMES) == [(3, "torch.nn.RNN")]


def test_deeper_than_python_reads_says_so() -> None:
    for name in ("sum", "unary"):
        with pytest.raises(Unread, match="too deep or too much"):
            parsed(DEEP[name])


def test_longer_than_the_grader_reads_says_so() -> None:
    parsed("#" * MAX_CHARS)
    with pytest.raises(Unread, match="longer than the grader reads: more than 100,000 characters"):
        parsed("#" * (MAX_CHARS + 1))


def test_a_long_path_is_not_followed_again_and_again() -> None:
    long = ".a" * (MAX_CHARS // 4)
    aliases: dict[str, str] = {}
    assert refused_names(f"import a{long[:2000]} as b\nb.c", NAMES, aliases) == []
    assert aliases == {}


class Order:
    entered = frozenset({ast.Expr, ast.Name, ast.UnaryOp, ast.USub, ast.Constant})
    left = frozenset({ast.Expr, ast.Name})

    def __init__(self) -> None:
        self.seen: list[str] = []

    def enter(self, node: ast.AST) -> None:
        self.seen.append(f"+{type(node).__name__}")

    def leave(self, node: ast.AST) -> None:
        self.seen.append(f"-{type(node).__name__}")


def test_the_walk_goes_down_and_up_in_the_order_of_the_text() -> None:
    order = Order()
    walk(ast.parse("a; 1").body[0], order)
    walk(ast.parse("[-1, b]", mode="eval").body, order)
    assert order.seen == [
        *("+Expr", "+Name", "-Name", "-Expr"),
        *("+UnaryOp", "+USub", "+Constant", "+Name", "-Name"),
    ]
