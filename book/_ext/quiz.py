"""Sphinx extension: ``{quiz} NAME`` puts the questions of ``quizzes/NAME.yaml`` on a page.

jupyterquiz 2.9 was looked at first: its questions exist only with scripts, its answers are no
form controls and its feedback is no live region, and it loads MathJax from another host. So the
questions here are native forms with the explanations beside them in the page, and one small ES
module, ``_static/quiz.js``, that shows the one that belongs to an answer. Without scripts each
question keeps its answers in a box to open.

Texts are MyST: maths, references and ``{glue:text}`` work in them.
"""

from __future__ import annotations

import json
import re
from html import escape
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from quiz_questions import Choice, Question, QuizError, compute, load
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective
from sphinx.util.osutil import relative_uri
from sphinx.writers.html5 import HTML5Translator

MEASURED = re.compile(r"\{(measured|shown):([^}]+)\}")


class QuizPart(nodes.General, nodes.Element):
    """HTML around ordinary nodes; ``{measured:KEY}`` in it is filled in when it is written.

    ``{shown:KEY}`` is the same number in fewer digits, for people.
    """


def part(before: str, *children: nodes.Node, after: str = "") -> QuizPart:
    node = QuizPart(before=before, after=after)
    node += list(children)
    return node


class QuizDirective(SphinxDirective):
    """``{quiz} NAME``: the questions of ``quizzes/NAME.yaml`` beside the page."""

    required_arguments = 1
    has_content = False
    option_spec: ClassVar[dict[str, Any]] = {"name": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        path = Path(self.env.doc2path(self.env.docname)).parent / "quizzes" / f"{name}.yaml"
        self.env.note_dependency(str(path))
        try:
            questions = load(path)
        except QuizError as error:
            raise self.error(str(error)) from error
        asked = [self.question(q, i, len(questions)) for i, q in enumerate(questions, 1)]
        return [part('<div class="quiz">', *asked, after="</div>")]

    def inline(self, text: str) -> list[nodes.Node]:
        """Parse one paragraph of MyST and return what stands in it."""
        parsed = nodes.Element()
        self.state.nested_parse(text.strip().splitlines(), self.lineno, parsed)
        blocks = parsed.children
        if len(blocks) != 1 or not isinstance(blocks[0], nodes.paragraph):
            raise self.error(f"texts of a quiz are one paragraph each, this one is not: {text!r}")
        children = blocks[0].children
        return list(children)

    def question(self, asked: Question, number: int, total: int) -> QuizPart:
        """Return one question as a form: legend, answers, button, place for the feedback."""
        key = f"quiz-{self.arguments[0]}-{number}"
        legend = part(
            f'<legend><span class="quiz-count">Question {number} of {total}.</span> ',
            *self.inline(asked.question),
            after="</legend>",
        )
        if asked.choices:
            answers = [self.choice(c, key, i) for i, c in enumerate(asked.choices)]
            reasons = [self.why(c, i) for i, c in enumerate(asked.choices)]
        else:
            answers = [
                part(
                    f'<label class="quiz-number">Your answer <input type="text" name="{key}" '
                    'inputmode="decimal" autocomplete="off" size="12"></label>'
                )
            ]
            reasons = self.numbers(asked)
        return part(
            '<form class="quiz-question" autocomplete="off"><fieldset>',
            legend,
            *answers,
            part('<button type="submit">Check</button><div role="status"></div>'),
            part(
                '<details class="quiz-answers"><summary>Answer</summary>',
                *reasons,
                after="</details>",
            ),
            after="</fieldset></form>",
        )

    def choice(self, choice: Choice, key: str, index: int) -> QuizPart:
        return part(
            '<label class="quiz-choice">'
            f'<input type="radio" name="{key}" value="{index}" required><span>',
            *self.inline(choice.text),
            after="</span></label>",
        )

    def why(self, choice: Choice, index: int) -> QuizPart:
        """Return the reason for one choice, below the choice itself."""
        word = "Right" if choice.right else "Not so"
        return part(
            f'<div class="quiz-reason" data-choice="{index}"{" data-right" * choice.right}>',
            part(f"<p><strong>{word}:</strong> ", *self.inline(choice.text), after="</p>"),
            part('<p class="quiz-because">', *self.inline(choice.because), after="</p>"),
            after="</div>",
        )

    def numbers(self, asked: Question) -> list[nodes.Node]:
        """Return the reasons for the right number, for each known mistake and for the rest."""
        known = [(asked.number, asked.measured, asked.because or "", True)]
        known += [(m.number, m.measured, m.because, False) for m in asked.mistakes]
        found: list[nodes.Node] = []
        for number, measured, because, right in known:
            if measured:
                value, shown = f"{{measured:{measured}}}", f"{{shown:{measured}}}"
            else:
                value = repr(compute(number or 0))
                shown = short(float(value))
            word = "Right" if right else "Not so"
            found.append(
                part(
                    f'<div class="quiz-reason" data-number="{value}" '
                    f'data-tolerance="{asked.tolerance}"{" data-right" * right}>'
                    f"<p><strong>{word}:</strong> {shown}</p>",
                    part('<p class="quiz-because">', *self.inline(because), after="</p>"),
                    after="</div>",
                )
            )
        otherwise = part(
            '<p class="quiz-because">', *self.inline(asked.otherwise or ""), after="</p>"
        )
        head = '<div class="quiz-reason"><p><strong>Anything else:</strong></p>'
        return [*found, part(head, otherwise, after="</div>")]


def short(value: float) -> str:
    """Return a number for people: 0.1, 78, 6.864e6."""
    return re.sub(r"e([+-])0*", lambda match: f"e{match[1].strip('+')}", f"{value:.4g}")


def measured(env: BuildEnvironment, page: str, key: str) -> float:
    """Return the number that a page has glued under this key."""
    if key not in env.nb_metadata.get(page, {}).get("glue", []):
        raise ExtensionError(f"{page}: its quiz asks for {key!r}, which the page does not glue")
    glued = Path(env.mystnb_config.output_folder, f"{page}.glue.json")
    text = json.loads(glued.read_text(encoding="utf-8"))[key]["data"]["text/plain"]
    try:
        return float(text)
    except ValueError as error:
        raise ExtensionError(f"{page}: {key!r} of its quiz is no number: {text!r}") from error


def visit_part(writer: HTML5Translator, node: QuizPart) -> None:
    builder = writer.builder

    def fill(match: re.Match[str]) -> str:
        value = measured(builder.env, builder.current_docname, match[2])
        return repr(value) if match[1] == "measured" else short(value)

    writer.body.append(MEASURED.sub(fill, node["before"]))


def depart_part(writer: HTML5Translator, node: QuizPart) -> None:
    if node["before"] == '<div class="quiz">':
        page = writer.builder.get_target_uri(writer.builder.current_docname)
        script = escape(relative_uri(page, "_static/quiz.js"))
        writer.body.append(f'<script type="module" src="{script}"></script>')
    writer.body.append(node["after"])


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_css_file("quiz.css")
    app.add_directive("quiz", QuizDirective)
    app.add_node(QuizPart, html=(visit_part, depart_part))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
