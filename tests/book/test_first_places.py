"""The index of symbols finds where a symbol stands first."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from first_places import chapters, first_place, formulas, formulas_from, occurs, tokens

from tests.book.building import ROOT
from tests.book.test_pages import parsed

PAGE = """---
title: x
---
# One

Costs $5 and

```{code-cell} ipython3
# $h(t)$ of code does not count
```

## The maths $W$ is in

$$
h(t) = f(a(t)) \\\\
$$ (eq-x)
"""


@pytest.mark.parametrize(
    ("symbol", "formula", "there"),
    [
        ("h(t)", "h(t) = 0", True),
        ("h", "h(t) = 0", False),
        ("w", "w_i x", False),
        ("b", r"W x + b", True),
        (r"\bar A", r"\bar{A}^s", True),
        (r"\bar A", r"C \bar{A} B", True),
        (r"\Delta", r"\Delta_t", False),
    ],
)
def test_a_symbol_is_not_met_inside_a_longer_one(symbol: str, formula: str, there: bool) -> None:
    assert occurs(tokens(symbol), tokens(formula)) == there


def test_formulas_come_with_the_section_they_stand_in() -> None:
    page = PAGE.replace("Costs $5 and", "")
    assert formulas(page).__next__() == ("The maths $W$ is in", tokens("h(t) = f(a(t)) \\\\"))


def test_chapters_are_looked_through_in_the_order_of_the_book() -> None:
    assert chapters(ROOT)[0] == "book/01-rnn-limits"
    known = formulas_from("01-rnn-limits", ROOT)
    assert first_place("h(t)", known) == ("book/01-rnn-limits", "The maths")
    assert first_place(r"\xi", known) is None


@pytest.mark.timeout(1200)
def test_every_symbol_has_a_place(pages: Path) -> None:
    rows = parsed(pages / "book/symbols.html").select("tbody tr")
    source = (ROOT / "book/symbols.md").read_text(encoding="utf-8")
    assert len(rows) == len(re.findall(r"^\| \$", source, re.MULTILINE)) > 50
    for row in rows:
        cells = row.select("td, th")
        assert all(words(cell) for cell in cells), row
        assert cells[-1].select_one("a[href]"), row


def words(cell: BeautifulSoup) -> str:
    return cell.get_text().strip()
