"""An instructor's walk through docs/own-assignment.md, command by command."""

from __future__ import annotations

import base64
import contextlib
import copy
import io
import json
import re
import shlex
import struct
import zlib
from pathlib import Path
from typing import Any

import nbformat

from autograder import cli
from autograder.notebooks.marks import grade_id_of
from autograder.notebooks.versions import build_submission
from tests.autograder.walking import Command, steps
from tests.conftest import ROOT

NAME = "moving-average"
TEXT = (ROOT / "docs" / "own-assignment.md").read_text(encoding="utf-8")
COMMANDS = [step.text for step in steps(TEXT) if isinstance(step, Command)]
PLOT = re.search(r"````\n(.*?)\n````", TEXT, re.DOTALL)
TASK = """
+++ {"tags": ["task"], "nbgrader": {"grade_id": "try-it", "points": 1}}

## Part 5: try it

Try another decay in cells of your own.

+++
"""
WORDS = "A sigmoid lies between 0 and 1 (hers)."
ALIVE = (
    "<img src=x onerror=alert(1)> <script>alert(2)</script>\n\n[a](javascript:alert(3)) "
    "$\\href{javascript:alert(4)}{x}$\n\n</pre><b>bold</b>"
)


def png(width: int = 4, height: int = 2) -> bytes:
    """A red picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    rows = b"".join(b"\0" + bytes([200, 30, 30] * min(width, 50)) for _ in range(min(height, 50)))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def hand_in(course: Path, student: str, notebook: Any) -> None:
    path = course / "inbox" / student / f"{NAME}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook), encoding="utf-8")


def hers(course: Path) -> Any:
    """Right answers, words and a plot; and what else a browser could be made to do."""
    source = nbformat.read(course / "source" / NAME / f"{NAME}.ipynb", as_version=4)
    notebook = copy.deepcopy(build_submission(source, {}))
    for cell in notebook.cells:
        if grade_id_of(cell) == "why-sigmoid":
            cell.source = f"{WORDS}\n\n{ALIVE}"
        if grade_id_of(cell) == "my-plot":
            picture = {"image/png": base64.b64encode(png()).decode(), "text/html": ALIVE}
            cell.outputs = [
                nbformat.v4.new_output("display_data", data=picture),
                nbformat.v4.new_output("display_data", data={"image/svg+xml": ALIVE}),
                nbformat.v4.new_output("execute_result", data={"text/plain": ALIVE}),
            ]
    notebook.cells.append(nbformat.v4.new_markdown_cell(ALIVE))
    return notebook


def spying(course: Path) -> Any:
    """Right answers, but the first wants to read the hidden tests before it gives one."""
    source = nbformat.read(course / "source" / NAME / f"{NAME}.ipynb", as_version=4)
    tests = course / "assignments" / NAME / "hidden.py"
    text = f"stolen = open({str(tests)!r}).read()\n\ndef half_life(decay):\n    return decay"
    return build_submission(source, {"half-life": text})


def walk(root: Path) -> None:
    """Type every command of the document; what each said lies in said.json."""
    root.mkdir()
    here, said = root, {}
    for command in COMMANDS:
        program, *arguments = shlex.split(command)
        if program == "cd":
            here /= arguments[0]
            continue
        if arguments[0] == "release":  # what the document says next about words and pictures
            exercise = here / "assignments" / NAME / f"{NAME}.md"
            assert PLOT is not None
            more = f"\n## Part 4: a plot\n\n{PLOT[1]}\n{TASK}"
            exercise.write_text(exercise.read_text() + more, encoding="utf-8")
        if arguments[0] == "collect":
            released = here / "release" / NAME / f"{NAME}.ipynb"
            hand_in(here, "ada", hers(here))
            hand_in(here, "bob", json.loads(released.read_text()))
            hand_in(here, "eve", spying(here))
        output = io.StringIO()
        with (
            contextlib.chdir(here),
            contextlib.redirect_stdout(output),
            contextlib.redirect_stderr(output),
        ):
            code = cli.run(arguments)
        assert code == 0, f"{command}\n{output.getvalue()}"
        said[arguments[0]] = output.getvalue()
    (root / "said.json").write_text(json.dumps(said), encoding="utf-8")
