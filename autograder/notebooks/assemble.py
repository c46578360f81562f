"""Turn an exercise (a MyST notebook that imports its answers) into nbgrader's source notebook.

Five kinds of code cell are recognised; every other cell is carried over as it is.

    tag ``solution`` + grade_id         imports from ``solutions`` become the objects' source text
    tag ``given`` + grade_id            the same, but locked: the student may use, not change it;
                                        also imports from ``autograder.recipes``
    ``nbgrader: {grade_id, points}``    visible asserts; the hidden region is added here
    tag ``demonstration``               ordinary code, shown, and not run by grading
    none of these                       ordinary code, shown and run

The notebook's front matter names the hidden tests: ``autograder: {suite: rnn_limits}``.
Cell ids are derived from grade ids and positions, so equal input gives equal bytes.
"""

from __future__ import annotations

import ast
import re
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import nbformat
from nbformat import NotebookNode

from autograder.errors import AutograderError
from autograder.notebooks.excerpt import object_sources
from autograder.notebooks.marks import DEMONSTRATION, Marks, digest, is_solution, metadata_of
from autograder.notebooks.regions import (
    BEGIN,
    BEGIN_HIDDEN,
    END_HIDDEN,
    split_regions,
    without_hidden,
)
from autograder.notebooks.terms import Terms, read_terms, require_known

APART = ["", ""]  # lines between objects
GRADE_ID = re.compile(r"[A-Za-z0-9_-]{1,58}")

# Under nbgrader's own autograde the value of the last line is the cell's partial credit.
HIDDEN_REGION = f"""\
{BEGIN_HIDDEN}
from autograder.checks import run_in_kernel
run_in_kernel({{suite!r}}, {{grade_id!r}}, {{points!r}}, globals())
{END_HIDDEN}"""


class PointsOf(Protocol):
    """What assembly needs to know of a suite of hidden checks."""

    refuse: list[str]
    refuse_in: dict[str, list[str]]

    def points(self, grade_id: str) -> float: ...


def read_exercise(path: Path) -> NotebookNode:
    """Read the MyST notebook; raise AutograderError when it is not one."""
    import jupytext  # slow to import, and only assembly reads exercises

    try:
        return jupytext.read(path, fmt="md:myst")
    except Exception as error:  # jupytext raises whatever its parsers raise
        raise AutograderError(
            f"cannot read the exercise: {error}",
            str(path),
            "Check that it is a MyST notebook: YAML front matter, then {code-cell} blocks.",
        ) from error


def suite_name(notebook: NotebookNode, path: Path) -> str:
    """Return the name of the exercise's hidden tests from its front matter."""
    name = notebook.metadata.get("autograder", {}).get("suite")
    if not isinstance(name, str) or not name:
        raise AutograderError(
            "the front matter names no suite of hidden tests",
            str(path),
            "Add 'autograder: {suite: NAME}' to the YAML header.",
        )
    return name


def assemble(path: Path, suite: PointsOf) -> NotebookNode:
    """Return the instructor's notebook of the exercise at ``path``.

    Imports from ``solutions`` are looked up in the ``solutions`` folder beside the folder
    that holds the exercise; points and optional parts are those of its terms.

    Raises AutograderError, naming file, cell and grade_id, for an unknown object, one without
    solution region, a missing or repeated grade_id, points that differ from the suite's, and a
    missing kernelspec; and for terms that make no sense.
    """
    notebook = read_exercise(path)
    name = suite_name(notebook, path)
    if "kernelspec" not in notebook.metadata:
        raise AutograderError(
            "the front matter has no kernelspec",
            str(path),
            "Add 'kernelspec: {display_name: Python 3, language: python, name: python3}'.",
        )
    terms = read_terms(path)
    assembler = _Assembler(path, name, suite, terms)
    cells = [assembler.cell(number, cell) for number, cell in enumerate(notebook.cells, 1)]
    if not assembler.graded:
        raise AutograderError(
            "the exercise has no graded cell",
            str(path),
            "Give the cells with asserts 'nbgrader: {grade_id: ..., points: ...}'.",
        )
    require_known(terms, assembler.graded, path)
    # What `autograder check` on a student's machine, where only the notebook is, must know.
    facts = {
        "assignment": path.stem,
        "suite": name,
        "refuse": list(suite.refuse),
        "refuse_in": {part: list(names) for part, names in suite.refuse_in.items()},
        "optional": terms.optional,
        "limits": terms.limits,
        "cells": {cell["id"]: _digest_of(cell) for cell in cells if cell["cell_type"] == "code"},
    }
    metadata = {"kernelspec": dict(notebook.metadata["kernelspec"]), "autograder": facts}
    return nbformat.from_dict(
        {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}
    )


def dumps(notebook: NotebookNode) -> str:
    """Return the notebook as the text of an .ipynb file."""
    text: str = nbformat.writes(notebook)
    return text.rstrip("\n") + "\n"


def _digest_of(cell: dict[str, Any]) -> str:
    """Return the digest of what students see of a cell; none for a cell they are to change."""
    if is_solution(cell):
        return ""
    return digest(without_hidden(cell["source"], cell["id"]))


class _Assembler:
    """Converts cells one after the other and remembers the grade ids it has met."""

    def __init__(self, path: Path, suite_name: str, suite: PointsOf, terms: Terms) -> None:
        self.path, self.suite_name, self.suite, self.terms = path, suite_name, suite, terms
        self.seen: dict[str, int] = {}
        self.graded: list[str] = []

    def cell(self, number: int, cell: NotebookNode) -> dict[str, Any]:
        tags = set(cell.metadata.get("tags", []))
        declared = cell.metadata.get("nbgrader", {})
        if cell.cell_type != "code":
            if declared or tags & {"solution", "given"}:
                raise self.error("only code cells can be solutions or graded", number, declared)
            return _plain(cell, f"text-{number:03d}")
        if DEMONSTRATION in tags and (declared or tags & {"solution", "given"}):
            raise self.error("a demonstration is neither answer nor test", number, declared)
        if "solution" in tags:
            return self.answer(number, cell, declared, is_solution=True)
        if "given" in tags:
            return self.answer(number, cell, declared, is_solution=False)
        if declared:
            return self.tests(number, cell, declared)
        return _plain(cell, f"code-{number:03d}")

    def answer(
        self, number: int, cell: NotebookNode, declared: dict[str, Any], *, is_solution: bool
    ) -> dict[str, Any]:
        grade_id = self.grade_id(number, declared)
        if "points" in declared:
            raise self.error(
                "points belong to the cell with the asserts, not to the answer", number, declared
            )
        source = self.replace_imports(number, cell.source, declared, is_solution=is_solution)
        marks = Marks(grade_id, "solution" if is_solution else "given")
        return _marked(source, marks, locked=not is_solution)

    def tests(self, number: int, cell: NotebookNode, declared: dict[str, Any]) -> dict[str, Any]:
        grade_id = self.grade_id(number, declared)
        points = declared.get("points")
        if isinstance(points, bool) or not isinstance(points, int | float) or points <= 0:
            raise self.error("a graded cell needs points above zero", number, declared)
        worth = self.suite.points(grade_id)
        if worth == 0:
            raise self.error(
                f"the suite {self.suite_name!r} has no check for this grade_id", number, declared
            )
        if abs(worth - points) > 1e-9:
            raise self.error(
                f"the cell offers {points:g} points, its hidden checks add up to {worth:g}",
                number,
                declared,
            )
        self.graded.append(grade_id)
        points = self.terms.points.get(grade_id, points)
        hidden = HIDDEN_REGION.format(suite=self.suite_name, grade_id=grade_id, points=points)
        source = f"{cell.source.rstrip()}\n{hidden}".lstrip("\n")
        return _marked(source, Marks(grade_id, "test", points), locked=True)

    def grade_id(self, number: int, declared: dict[str, Any]) -> str:
        grade_id = declared.get("grade_id")
        if not isinstance(grade_id, str) or not GRADE_ID.fullmatch(grade_id):
            raise self.error(
                "the cell needs a grade_id of at most 58 letters, digits, - or _", number, declared
            )
        if grade_id in self.seen:
            raise self.error(
                f"the grade_id is already that of cell {self.seen[grade_id]}", number, declared
            )
        self.seen[grade_id] = number
        return grade_id

    def replace_imports(
        self, number: int, source: str, declared: dict[str, Any], *, is_solution: bool
    ) -> str:
        """Put the objects' source in place of ``from solutions.module import name``."""
        try:
            tree = ast.parse(source)
        except SyntaxError as error:
            raise self.error(f"the cell does not parse: {error.msg}", number, declared) from error
        lines = source.splitlines()
        imports = [node for node in tree.body if _is_to_be_replaced(node)]
        if not imports or (is_solution and len(imports) != len(tree.body)):
            raise self.error(
                "the cell must hold 'from solutions.MODULE import NAME'"
                + (" and nothing else" if is_solution else ""),
                number,
                declared,
            )
        for node in reversed(imports):
            assert isinstance(node, ast.ImportFrom)
            objects = [
                self.object_text(number, node, alias, declared, is_solution=is_solution)
                for alias in node.names
            ]
            first, last = node.lineno - 1, node.end_lineno or node.lineno
            above = APART if "".join(lines[:first][-1:]).strip() else []
            below = APART if "".join(lines[last : last + 1]).strip() else []
            lines[first:last] = [*above, _in_a_row(objects), *below]
        return "\n".join(lines).strip("\n")

    def object_text(
        self,
        number: int,
        node: ast.ImportFrom,
        alias: ast.alias,
        declared: dict[str, Any],
        *,
        is_solution: bool,
    ) -> str:
        module = self.path.parent.parent.joinpath(*str(node.module).split(".")).with_suffix(".py")
        text = object_sources(module).get(alias.name)
        if text is None or alias.asname:
            raise self.error(
                f"{node.module} has no class, function or constant {alias.name!r}"
                if text is None
                else f"{alias.name!r} is imported under another name",
                number,
                declared,
            )
        _, inside = split_regions(text, f"{module}: {alias.name}")
        if is_solution and not inside:
            raise self.error(
                f"{node.module}.{alias.name} has no solution region: the answer would be released",
                number,
                declared,
                f"Mark it with '### {BEGIN}', or tag the cell 'given'.",
            )
        if not is_solution and inside:
            raise self.error(
                f"{node.module}.{alias.name} holds a solution region but the cell is 'given'",
                number,
                declared,
                "Tag the cell 'solution' instead.",
            )
        return text

    def error(
        self, what: str, number: int, declared: dict[str, Any], todo: str = "Correct the exercise."
    ) -> AutograderError:
        grade_id = declared.get("grade_id", "none") if isinstance(declared, dict) else "none"
        return AutograderError(what, f"{self.path}, cell {number}, grade_id {grade_id}", todo)


def _in_a_row(objects: list[str]) -> str:
    """Return the objects' texts with two empty lines between them, and none between one-liners."""
    text = objects[0]
    for before, after in pairwise(objects):
        text += ("\n\n\n" if "\n" in before + after else "\n") + after
    return text


def _is_to_be_replaced(node: ast.stmt) -> bool:
    """Tell whether a statement imports from the reference, or from a recipe that judges use too."""
    if not isinstance(node, ast.ImportFrom):
        return False
    parts = str(node.module).split(".")
    return parts[0] == "solutions" or parts[:2] == ["autograder", "recipes"]


def _plain(cell: NotebookNode, cell_id: str) -> dict[str, Any]:
    """Carry a cell over; only its tags survive of the metadata."""
    metadata = {"tags": list(cell.metadata["tags"])} if cell.metadata.get("tags") else {}
    plain = {
        "id": cell_id,
        "cell_type": cell.cell_type,
        "metadata": metadata,
        "source": cell.source,
    }
    return plain | ({"execution_count": None, "outputs": []} if cell.cell_type == "code" else {})


def _marked(source: str, marks: Marks, *, locked: bool) -> dict[str, Any]:
    """Return a code cell that nbgrader knows."""
    return {
        "id": f"cell-{marks.grade_id}",
        "cell_type": "code",
        "execution_count": None,
        "metadata": metadata_of(marks, locked=locked),
        "outputs": [],
        "source": source,
    }
