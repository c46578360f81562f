"""Sphinx extension: ``{symbols} CHAPTER`` around a table of symbols says where each is met first.

The chapters are looked through from CHAPTER on, in the order of the book. A symbol is met where its
TeX, letter by letter, is a part of a formula; the link leads to the section of that formula.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from fresh_notebooks import CELL
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[^\s{}]")
MATHS = re.compile(
    r"^\#+[ ](?P<title>[^\n]+)$ | \$\$(?P<block>[^$]+)\$\$ | \$(?P<inline>[^$]+)\$",
    re.MULTILINE | re.VERBOSE,
)
LONGER = {"(", "_", "'"}  # after a letter, they make another symbol of it
CHAPTER = re.compile(r"book/\d")


def tokens(tex: str) -> tuple[str, ...]:
    """Return the letters and commands of a formula; braces and blanks do not count."""
    return tuple(TOKEN.findall(tex))


def chapters(root: Path) -> list[str]:
    """Return the chapters in the order of the table of contents."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    listed = (entry["file"] for part in toc["parts"] for entry in part["chapters"])
    return [name for name in listed if CHAPTER.match(name)]


def formulas(source: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield (title of the section, tokens) of every formula of a page, in order."""
    title = ""
    text = CELL.sub("", source.split("---\n", 2)[-1])
    for found in MATHS.finditer(text):
        if found["title"]:
            title = found["title"]
        else:
            yield title, tokens(found["block"] or found["inline"])


def occurs(symbol: tuple[str, ...], formula: tuple[str, ...]) -> bool:
    """Tell whether a symbol is a part of a formula, and not only of a longer symbol."""
    long = len(symbol)
    return any(
        formula[i : i + long] == symbol and not LONGER & {*formula[i + long : i + long + 1]}
        for i in range(len(formula) - long + 1)
    )


Formulas = dict[str, list[tuple[str, tuple[str, ...]]]]  # by page: section's title, tokens


def formulas_from(start: str, root: Path) -> Formulas:
    """Return all formulas of the chapters from ``start`` on.

    Looking begins there because letters are few, and mean other things before.
    """
    pages = chapters(root)
    return {
        page: list(formulas((root / f"{page}.md").read_text(encoding="utf-8")))
        for page in pages[pages.index(f"book/{start}") :]
    }


def first_place(symbol: str, found: Formulas) -> tuple[str, str] | None:
    """Return the page and the section's title of a symbol's first place, or None."""
    wanted = tokens(symbol)
    for page, there in found.items():
        for title, formula in there:
            if occurs(wanted, formula):
                return page, title
    return None


class SymbolsDirective(SphinxDirective):
    """``{symbols} CHAPTER``: a table whose first column holds symbols gets a last column."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        parsed = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, parsed)
        root = Path(self.env.srcdir)
        pages = chapters(root)
        for page in pages:
            self.env.note_dependency(str(root / f"{page}.md"))
        known = formulas_from(self.arguments[0], root)
        for group in parsed.findall(nodes.tgroup):
            group["cols"] += 1
            group.insert(
                group.first_child_not_matching_class(nodes.colspec), nodes.colspec(colwidth=1)
            )
            for head in group.findall(nodes.thead):
                head[0] += nodes.entry("", nodes.paragraph("", "first place"))
            for body in group.findall(nodes.tbody):
                for row in body:
                    row += nodes.entry("", self.place(row[0], pages, known))
        return list(parsed.children)

    def place(self, cell: nodes.Node, pages: list[str], known: Formulas) -> nodes.paragraph:
        """Return a link to the first place of the first symbol in a cell."""
        symbol = next(iter(cell.findall(nodes.math))).astext()
        found = first_place(symbol, known)
        if found is None:
            raise ExtensionError(f"{self.env.docname}: no chapter has a formula with {symbol!r}")
        page, title = found
        number = pages.index(page) + 1
        text = f"Chapter {number}: {title.replace('$', '')}"
        uri = f"{page.rpartition('/')[2]}.html#{nodes.make_id(title)}"
        return nodes.paragraph("", "", nodes.reference("", text, refuri=uri, internal=True))


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("symbols", SymbolsDirective)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
