"""Names that a text defines, found line by line: no text is too deep, too long or too broken."""

from __future__ import annotations

import pytest

from autograder.notebooks.names import defined_in, used_in


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("def f(x=1): y = 2", {"f"}),
        ("async def f(): ...", {"f"}),
        ("class K(Base): pass", {"K"}),
        ("import math, os.path as p, a.b", {"math", "p", "a"}),
        ("from torch import nn as N, optim  # both", {"N", "optim"}),
        ("from torch import (\n    nn,\n    optim as o,\n)", {"nn", "o"}),
        ("from torch import *", set()),
        ("x = 1; y = 2", {"x"}),
        ("x, (y, *z) = 1, (2, 3)", {"x", "y", "z"}),
        ("w: dict[str, int] = {}", {"w"}),
        ("brief = lambda x: x", {"brief"}),
        ("größe = 1", {"größe"}),
        ("if x: y = 1\nwhile a == b: pass", set()),
        ("print(x, end=y)\nx.y = 1\nx[0] = 2\nx == y\nx += 1", set()),
        ("def f():\n    inner = 1\n  bent = 2\n\tx = 3", {"f"}),
        ("%time f()\nx = 1\nnot python at all (", {"x"}),
        ("", set()),
    ],
)
def test_what_the_top_level_binds(source: str, names: set[str]) -> None:
    assert set(defined_in(source)) == names


def test_used_are_the_names_that_are_read() -> None:
    assert used_in("a = b + f(c)  # d\n'e'") == {"b", "f", "c"}
    assert used_in("def broken(:") == used_in("1" + "+1" * 100_000) == set()
