"""Sphinx extension: ``{touch} NAME`` puts a figure to touch on a page, with its caption.

    ```{touch} error-through-time
    :name: fig-touch-error

    How far error travels. Move the sliders ...
    ```

The picture, the sentence and the controls are part of the page; the figure's own script, a plain
ES module that only this page loads, moves them. Without scripts the controls are not shown.
"""

from __future__ import annotations

import json
from html import escape
from typing import Any, ClassVar

from committed import ROOT
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.osutil import relative_uri
from sphinx.writers.html5 import HTML5Translator
from touch import HERE, SCRIPTS, Choice, Control, TouchFigure, Word, figure


class TouchNode(nodes.General, nodes.Element):
    """The live part of a figure; the caption is the ordinary one of the figure around it."""


class TouchDirective(SphinxDirective):
    """``{touch} NAME``: the figure ``book/touch/NAME.py``; the content is its caption."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {"name": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        for path in (HERE / f"{name.replace('-', '_')}.py", SCRIPTS / f"{name}.js"):
            self.env.note_dependency(str(path))
        try:
            made = figure(name)
        except KeyError as error:
            raise self.error(error.args[0]) from error
        for file in made.files:
            self.env.note_dependency(str(ROOT / file))
        if not self.content:
            raise self.error(f"the figure {name!r} needs a caption: what to try, what to see")
        box = nodes.figure()
        box += TouchNode(figure=name)
        caption = nodes.caption()
        parsed = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, parsed)
        for paragraph in parsed.findall(nodes.paragraph):
            caption += paragraph.children
        box += caption
        self.add_name(box)
        return [box]


def html(name: str, what: TouchFigure, script: str) -> str:
    """Return the live part of a figure as HTML; ``script`` is the address of its module."""
    start = what.start()
    # In a script element only "</" could end it early.
    data = json.dumps(what.payload(), ensure_ascii=False).replace("</", "<\\/")
    rows = "".join(row(name, control) for control in what.controls)
    return (
        f'<div class="touch" data-figure="{escape(name)}">{what.picture().svg}'
        f'<form class="touch-controls" autocomplete="off"><fieldset disabled>'
        f"<legend>Try it</legend>{rows}"
        '<button type="reset">Start again</button></fieldset></form>'
        f'<p class="touch-sentence" role="status">{escape(what.sentence(start))}</p>'
        f'<script type="application/json" class="touch-data">{data}</script>'
        f'<script type="module" src="{escape(script)}"></script></div>'
    )


def row(name: str, control: Control) -> str:
    """Return one control with its label and, for a slider, its value."""
    key = f"touch-{name}-{control.name}"
    label = f'<label for="{key}">{escape(control.label)}</label>'
    if isinstance(control, Choice):
        options = "".join(
            f'<option value="{number}"{" selected" * (number == control.start)}>'
            f"{escape(option)}</option>"
            for number, option in enumerate(control.options)
        )
        choice = f'<select id="{key}" name="{control.name}">{options}</select>'
        return f'<div class="touch-row">{label}{choice}</div>'
    if isinstance(control, Word):
        picks = "".join(
            f'<button type="button" value="{escape(word)}">{escape(word)}</button>'
            for word in control.picks
        )
        return (
            f'<div class="touch-row">{label}<input type="text" id="{key}" name="{control.name}" '
            f'value="{escape(control.start)}" maxlength="{control.longest}" spellcheck="false" '
            f'autocapitalize="none"></div><div class="touch-picks" data-for="{key}" role="group" '
            f'aria-label="Words to pick">{picks}</div>'
        )
    return (
        f'<div class="touch-row">{label}'
        f'<input type="range" id="{key}" name="{control.name}" min="{control.low:g}" '
        f'max="{control.high:g}" step="{control.step:g}" value="{control.start:g}">'
        f'<output for="{key}" aria-live="off">{control.start:g}</output></div>'
    )


def visit_touch(writer: HTML5Translator, node: TouchNode) -> None:
    name = node["figure"]
    page = writer.builder.get_target_uri(writer.builder.current_docname)
    script = relative_uri(page, f"_static/touch/{name}.js")
    writer.body.append(html(name, figure(name), script))
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_css_file("figures.css")
    app.add_directive("touch", TouchDirective)
    app.add_node(TouchNode, html=(visit_touch, None))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
