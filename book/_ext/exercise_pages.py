"""Sphinx extension: the page of an assignment shows what a student gets, and how to work on it.

The notebook in ``exercises/`` imports its answers, and the build executes it like that, so its
visible tests are known to pass. The page then shows the cells of the *released* notebook, made by
``autograder release`` itself: stubs in place of solutions, no hidden tests, given code folded. A
box below the title says how to download, open, check and hand in.
"""

from __future__ import annotations

import ast
import re
import sys
import tempfile
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import archives
import nbformat
from docutils import nodes
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

import autograder.hidden
from autograder.course import directory as courses
from autograder.steps import student_package
from autograder.steps.release import release

FOLDER = "exercises/"
NUMBER = re.compile(r"^\d+-")  # an assignment and its chapter share a name, not always a number

BOX = """
:::{{admonition}} How to work on this assignment
:class: how-to-work

{chapter}1. **Download** the notebook <a href="{up}{name}.ipynb" download>{name}.ipynb</a> and
   keep its name. It is this page, with gaps.
2. **Open** it. You need Python 3.11 or later:

   ```text
   pip install jupyterlab {packages}
   jupyter lab {name}.ipynb
   ```
3. **Check** it as often as you like. The command comes in
   <a href="{up}{wheel}" download>a file</a> that goes into the same folder:

   ```text
   pip install ./{wheel}
   autograder check {name}.ipynb
   autograder hint {name}.ipynb 1
   ```

   The second line runs your cells and the visible tests, and says what to look at when one fails;
   with `--watch` it does so whenever you save. The third shows a hint for part 1, the next one
   each time.
4. **Hand in** the notebook as your instructor tells you, when nothing fails after a restart of the
   kernel. More checks run then.
:::
"""


def exercises(env: BuildEnvironment) -> dict[str, str]:
    """Return the text of the released notebook of every exercise page of the book."""
    if not hasattr(env, "released_exercises"):
        env.released_exercises = {}
    known: dict[str, str] = env.released_exercises
    return {docname: known[docname] for docname in sorted(known) if docname in env.found_docs}


def release_exercises(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Release the exercises whose pages are about to be read, as for a course of their own."""
    exercises(env)
    wanted = [name for name in docnames if name.startswith(FOLDER)]
    if not wanted:
        return
    with tempfile.TemporaryDirectory() as folder:
        course = courses.init(Path(folder), Path(app.srcdir, FOLDER))
        for docname in wanted:
            (made,) = release(course, [docname.removeprefix(FOLDER)])
            env.released_exercises[docname] = made.path.read_text(encoding="utf-8")


def add_box(app: Sphinx, docname: str, source: list[str]) -> None:
    """Put the box below the title, and have the page made anew when a release would change."""
    if not docname.startswith(FOLDER):
        return
    for path in [Path(__file__), *Path(autograder.hidden.__file__).parent.rglob("*.py")]:
        app.env.note_dependency(str(path))
    notebook = nbformat.reads(exercises(app.env)[docname], as_version=4)
    name = docname.removeprefix(FOLDER)
    chapter = chapter_of(name, app.env.found_docs)
    box = BOX.format(
        name=name,
        chapter=f"It goes with {{doc}}`/{chapter}`.\n\n" if chapter else "",
        packages=" ".join(packages_of(notebook)),
        wheel=student_package.file_name(),
        up=f"../{archives.FOLDER}/",
    )
    source[0] = below_title(source[0], box)


def chapter_of(name: str, docs: Iterable[str]) -> str:
    """Return the chapter of the same name as an assignment, whatever its number; "" for none."""
    topic = NUMBER.sub("", name)
    chapters = (doc for doc in sorted(docs) if doc.startswith("book/"))
    return next((doc for doc in chapters if NUMBER.sub("", doc[len("book/") :]) == topic), "")


def below_title(page: str, text: str) -> str:
    """Return a page's source with ``text`` below its title, the first line that starts with #."""
    before, mark, rest = page.partition("\n# ")
    title, _, body = rest.partition("\n")
    return f"{before}{mark}{title}\n{text}\n{body}" if mark else page


def packages_of(notebook: NotebookNode) -> list[str]:
    """Return the packages, as pip knows them, that the notebook's cells import."""
    names = {
        name.partition(".")[0]
        for cell in notebook.cells
        if cell.cell_type == "code"
        for node in ast.walk(ast.parse(cell.source))
        for name in imported(node)
    }
    return sorted({installed()[name][0] for name in names - sys.stdlib_module_names})


@cache
def installed() -> Mapping[str, list[str]]:
    """Return, by module, the packages that bring it; this looks at every installed file."""
    return packages_distributions()


def imported(node: ast.AST) -> list[str]:
    """Return the names of the modules that a statement imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [str(node.module)] if isinstance(node, ast.ImportFrom) else []


def show_released_cells(app: Sphinx, doctree: nodes.document) -> None:
    """Put the released cells in place of the executed ones; fold those that are only read."""
    text = exercises(app.env).get(app.env.docname)
    if text is None:
        return
    released = {
        cell.metadata.nbgrader.grade_id: cell
        for cell in nbformat.reads(text, as_version=4).cells
        if "nbgrader" in cell.metadata
    }
    for place in doctree.findall(nodes.container):
        grade_id = place.get("cell_metadata", {}).get("nbgrader", {}).get("grade_id")
        if grade_id is None:
            continue
        cell = released[grade_id]
        for block in list(place.findall(nodes.literal_block))[:1]:
            block.replace_self(
                nodes.literal_block(cell.source, cell.source, **block.non_default_attributes())
            )
        if not cell.metadata.nbgrader.solution and not cell.metadata.nbgrader.grade:
            place["hide_mode"] = "input"
            place["prompt_show"], place["prompt_hide"] = (
                "Show the given code",
                "Hide the given code",
            )


def add_style(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Give the pages of assignments their stylesheet."""
    if pagename.startswith(FOLDER):
        app.add_css_file("assignment.css")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("env-before-read-docs", release_exercises)
    app.connect("source-read", add_box)
    app.connect("doctree-read", show_released_cells)
    app.connect("html-page-context", add_style)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
