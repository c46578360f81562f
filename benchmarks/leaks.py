"""Which hidden lines does a student get to see?

Hidden are the lines of the hidden tests and of the solution regions. A line that the
released notebook shows too, or that the student wrote, is no secret; neither is one so short
that two people would write it alike.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.notebooks.regions import split_regions

SHORT = 24
TAG = re.compile(r"<[^>]*>")
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def hidden_lines(tests: Path, source: NotebookNode, released: NotebookNode) -> set[str]:
    """Return the distinctive lines that must never reach a student; ``tests`` is a folder."""
    modules = sorted(tests.rglob("*.py"))
    secret = [line for module in modules for line in module.read_text("utf-8").splitlines()]
    for cell in source.cells:
        _, inside = split_regions(cell.source, str(cell.get("id")))
        secret += inside
    shown = _squeeze("\n".join(cell.source for cell in released.cells))
    lines = {line for text in secret if len(line := _squeeze(text)) >= SHORT}
    return {line for line in lines if line not in shown}


def leaked(secrets: Iterable[str], wrote: str, got_back: Iterable[str]) -> list[str]:
    """Return the secret lines in the texts a student gets back, but did not hand in."""
    text = "\n".join(plain(part) for part in got_back)
    # There are thousands of secrets, and hardly one begins as some place of the text does.
    begins = {text[at : at + SHORT] for at in range(len(text))}
    # What looks like a tag may be code between a "<" and a later ">".
    mine = f"{plain(wrote)}\n{_squeeze(wrote)}"
    near = (line for line in secrets if len(line) < SHORT or line[:SHORT] in begins)
    return sorted(line for line in near if line in text and line not in mine)


def plain(text: str) -> str:
    """Return what a person reads: without HTML tags and colours, blanks squeezed."""
    without = ANSI.sub("", html.unescape(TAG.sub("", text)))
    return _squeeze(without)


def notebook_text(text: str) -> str:
    """Return the sources and outputs of a notebook, given as JSON; "" when it is none."""
    try:
        notebook = nbformat.reads(text, as_version=4)
    except (ValueError, RecursionError, AttributeError, nbformat.reader.NotJSONError):
        return ""
    parts: list[str] = []
    for cell in notebook.cells:
        parts.append(cell.source)
        for output in cell.get("outputs", []):
            parts += [output.get("text", ""), "\n".join(output.get("traceback", []))]
            parts += [str(value) for value in output.get("data", {}).values()]
    return "\n".join(parts)


def _squeeze(text: str) -> str:
    return " ".join(text.split())
