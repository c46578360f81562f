"""Sphinx extension: ``{chapter-map}`` draws the chapters as a map to click.

Which chapters there are, and in which order, comes from the table of contents; what they are called
from their titles. So the map is right whichever chapters there are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import svg
from docutils import nodes
from drawing.canvas import FINE, WIDEST, Drawing, Point, ink
from execution_times import in_order
from linked_drawing import LinkedCanvas, wrapped
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

CHAPTER = re.compile(r"book/\d+-(.+)")
COLORS = {  # whose colour a chapter has; one about several has none
    "rnn-limits": "rnn",
    "carousel": "lstm1997",
    "gates": "lstm",
    "truncated-bptt": "error",
    "experiments-of-1997": "lstm1997",
    "attention": "attention",
    "transformer": "transformer",
    "state-space": "ssm",
}
COLUMNS, HIGH, GAP = 2, 34.0, 12.0
WIDE = (WIDEST - 10 - GAP) / COLUMNS


class Chapter(NamedTuple):
    """What the map shows of a chapter: where it is, what it is called, its colour."""

    address: str
    title: str
    color: str


class MapNode(nodes.General, nodes.Element):
    """The place of the map, drawn when the page is written."""


class MapDirective(SphinxDirective):
    """``{chapter-map}``; the content is the alternative text."""

    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {}

    def run(self) -> list[nodes.Node]:
        self.assert_has_content()
        self.env.metadata[self.env.docname]["chapter_map"] = "yes"
        return [MapNode(alt=" ".join(self.content))]


def chapter_map(chapters: Sequence[Chapter], alt: str) -> Drawing:
    """Return the map: chapters in rows, read like a text, an arrow from each to the next."""
    canvas = LinkedCanvas("The chapters", alt)
    for number, chapter in enumerate(chapters):
        down, right = divmod(number, COLUMNS)
        x, y = 2 + right * (WIDE + GAP), 2 + down * (HIGH + GAP)
        with canvas.link(chapter.address, f"Chapter {number + 1}: {chapter.title}"):
            canvas.add(
                svg.Rect(
                    x=x,
                    y=y,
                    width=WIDE,
                    height=HIGH,
                    rx=6,
                    fill=ink("fill"),
                    stroke=ink("rule"),
                    stroke_width=1,
                )
            )
            canvas.add(svg.Rect(x=x, y=y, width=5, height=HIGH, rx=2.5, fill=ink(chapter.color)))
            canvas.grow(x + WIDE + 1, y + HIGH + 1)
            canvas.label(x + 19, y + HIGH / 2, str(number + 1), color="muted")
            lines = wrapped(short(chapter.title), FINE, WIDE - 40)
            first = y + HIGH / 2 - 7 * (len(lines) - 1)
            for line, text in enumerate(lines):
                canvas.label(x + 35, first + 14 * line, text, anchor="start", size=FINE)
        if number + 1 < len(chapters):
            if right + 1 < COLUMNS:
                way = [Point(x + WIDE, y + HIGH / 2), Point(x + WIDE + GAP, y + HIGH / 2)]
            else:
                back = y + HIGH + GAP / 2
                down_left = 2 + WIDE / 2
                way = [
                    Point(x + WIDE / 2, y + HIGH),
                    Point(x + WIDE / 2, back),
                    Point(down_left, back),
                    Point(down_left, y + HIGH + GAP),
                ]
            canvas.arrow(*way, color="rule")
    return canvas.finish()


def short(title: str) -> str:
    """Return a title up to its first comma or colon."""
    return re.split("[,:]", title)[0]


def chapters_of(app: Sphinx, page: str) -> list[Chapter]:
    """Return the chapters of the table of contents, as seen from a page."""
    env, found = app.env, []
    for docname in in_order(env):
        if name := CHAPTER.match(docname):
            address = app.builder.get_relative_uri(page, docname)
            title = env.titles[docname].astext()
            found.append(Chapter(address, title, COLORS.get(name[1], "muted")))
    return found


def visit_map(writer: HTML5Translator, node: MapNode) -> None:
    builder = writer.builder
    drawing = chapter_map(chapters_of(builder.app, builder.current_docname), node["alt"])
    writer.body.append(f'<nav class="chapter-map" aria-label="Chapters">{drawing.svg}</nav>')
    raise nodes.SkipNode


def pages_with_maps(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Have maps drawn anew whenever any page was read: titles and chapters may be new."""
    return [docname for docname, data in env.metadata.items() if "chapter_map" in data]


def add_style(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Give pages with a map their stylesheets."""
    if "chapter_map" in app.env.metadata.get(pagename, {}):
        app.add_css_file("linked.css")
        app.add_css_file("front.css")


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("chapter-map", MapDirective)
    app.add_node(MapNode, html=(visit_map, None))
    app.connect("env-updated", pages_with_maps)
    app.connect("html-page-context", add_style)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
