"""Sphinx extension: the page on lineage. ``{lineage}`` is the graph, ``{lineage-list}`` its text.

The list says all that the graph says, and more, without a script and without sight. Both are made
from ``lineage.yaml`` when the page is written, so that links can be held against the built pages.
"""

from __future__ import annotations

from typing import Any, ClassVar

from bibliography import papers
from docutils import nodes
from lineage_graph import LINEAGE_FILE, LINES, Step, graph, load_lineage
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

PAGE = "book/lineage"


class GraphNode(nodes.General, nodes.Element):
    """The place of the graph, drawn when the page is written."""


class GraphDirective(SphinxDirective):
    """``{lineage}`` draws the graph; the content is its alternative text."""

    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {}

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(LINEAGE_FILE))
        self.assert_has_content()
        return [GraphNode(alt=" ".join(self.content))]


class ListDirective(SphinxDirective):
    """``{lineage-list}`` says the graph in words."""

    has_content = False

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(LINEAGE_FILE))
        steps = load_lineage()
        names = {step.id: f"{step.name} ({step.year})" for step in steps}
        entries = (self.entry(step, names) for step in steps)
        return [nodes.definition_list("", *entries, classes=["lineage-list"])]

    def entry(self, step: Step, names: dict[str, str]) -> nodes.definition_list_item:
        """Return one step: name and year, then what it added, changed and took over."""
        paper, address = papers()[step.paper]
        line = nodes.paragraph("", f"Added: {step.added}. Changed: {step.changed}. ")
        if step.took:
            took = "; ".join(f"{what}, from {names[who]}" for who, what in step.took.items())
            line += nodes.Text(f"Took over: {took}. ")
        line += nodes.reference("", f"{step.name} in the book", refuri=place(self.env.app, step))
        line += nodes.Text(". Paper: ")
        line += nodes.reference("", paper, refuri=address)
        line += nodes.Text(".")
        key = f"lineage-{step.id}"
        term = nodes.term("", f"{step.year}: {step.name}, {LINES[step.line][0]}", ids=[key])
        return nodes.definition_list_item("", term, nodes.definition("", line))


def place(app: Sphinx, step: Step) -> str:
    """Return the address of a step's section of the book, seen from the page on lineage."""
    page, _, anchor = step.place.partition("#")
    uri = app.builder.get_relative_uri(PAGE, f"book/{page}")
    return f"{uri}#{anchor}" if anchor else uri


def visit_graph(writer: HTML5Translator, node: GraphNode) -> None:
    app = writer.builder.app
    drawing = graph(load_lineage(), lambda step: place(app, step), node["alt"])
    writer.body.append(f'<div class="lineage">{drawing.svg}</div>')
    raise nodes.SkipNode


def add_style(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Give the page its stylesheet."""
    if pagename == PAGE:
        app.add_css_file("linked.css")


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("lineage", GraphDirective)
    app.add_directive("lineage-list", ListDirective)
    app.add_node(GraphNode, html=(visit_graph, None))
    app.connect("html-page-context", add_style)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
