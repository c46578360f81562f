"""Turn an exercise (a MyST notebook that imports its answers) into nbgrader's source notebook.

Some kinds of cell are recognised; every other one is carried over as it is.

    tag ``solution`` + grade_id         imports from ``solutions`` become the objects' source text
    tag ``given`` + grade_id            the same, but locked: the student may use, not change it;
                                        also imports from ``autograder.recipes``
    ``nbgrader: {grade_id, points}``    visible asserts; the hidden region is added here
    tag ``manual`` + grade_id, points   code or text that a person marks; what stands in it is the
                                        model answer, which students do not get
    tag ``task`` + grade_id, points     text that asks for cells of the student's own; a person
                                        marks those
    tag ``demonstration``               ordinary code, shown, and not run by grading
    none of these                       ordinary code, shown and run

The notebook's front matter names the hidden tests: ``autograder: {suite: rnn_limits}``, or
``{suite: hidden.py}``, a file beside the exercise. In a folder of its own an exercise imports from
the modules beside it (``from solution import ...``) as others do from ``solutions``.
Cell ids are derived from grade ids and positions, so equal input gives equal bytes.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Protocol

import nbformat
from nbformat import NotebookNode

from autograder.errors import AutograderError
from autograder.notebooks.marks import DEMONSTRATION, Marks, digest, is_solution, metadata_of
from autograder.notebooks.reference import Place, imports_of, replaced
from autograder.notebooks.regions import BEGIN_HIDDEN, END_HIDDEN, split_regions, without_hidden
from autograder.notebooks.terms import Terms, read_terms, require_known

GRADE_ID = re.compile(r"[A-Za-z0-9_-]{1,58}")
SUITE_FILE = re.compile(r"\w+\.py")
BY_HAND = {"manual", "task"}  # tags

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
    """Return the name of the exercise's hidden tests from its front matter.

    That of a file is its path in the course: ``assignments/NAME/hidden.py``.
    """
    facts = notebook.metadata.get("autograder")
    name = facts.get("suite") if isinstance(facts, dict) else None
    if not isinstance(name, str) or not name:
        raise AutograderError(
            "the front matter names no suite of hidden tests",
            str(path),
            "Add 'autograder: {suite: NAME}' to the YAML header, or '{suite: hidden.py}'.",
        )
    if not name.endswith(".py"):
        return name
    if not (SUITE_FILE.fullmatch(name) and (path.parent / name).is_file()):
        raise AutograderError(
            f"there is no file {name!r} beside the exercise",
            str(path),
            "Write the hidden tests into it, or correct 'autograder: {suite: ...}'.",
        )
    return "/".join((*path.parent.parts[-2:], name))


def assemble(path: Path, suite: PointsOf) -> NotebookNode:
    """Return the instructor's notebook of the exercise at ``path``.

    Points and optional parts are those of its terms.

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
    require_known(terms, [*assembler.graded, *assembler.by_hand], path)
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
        self.is_own = suite_name.endswith(".py")
        self.seen: dict[str, int] = {}
        self.graded: list[str] = []
        self.by_hand: list[str] = []

    def cell(self, number: int, cell: NotebookNode) -> dict[str, Any]:
        tags = set(cell.metadata.get("tags", []))
        declared = cell.metadata.get("nbgrader", {})
        if DEMONSTRATION in tags and (declared or tags & {"solution", "given", *BY_HAND}):
            raise self.error("a demonstration is neither answer nor test", number, declared)
        if tags & BY_HAND:
            return self.marked_by_hand(number, cell, declared, tags)
        if cell.cell_type != "code":
            if declared or tags & {"solution", "given"}:
                raise self.error(
                    "only code cells can be solutions or graded by tests",
                    number,
                    declared,
                    "Tag a text that a person is to mark 'manual'.",
                )
            return _plain(cell, f"text-{number:03d}")
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
        at = Place(self.path, number, declared)
        source = replaced(at, cell.source, is_own=self.is_own, is_solution=is_solution)
        marks = Marks(grade_id, "solution" if is_solution else "given")
        return _marked(source, marks, locked=not is_solution)

    def tests(self, number: int, cell: NotebookNode, declared: dict[str, Any]) -> dict[str, Any]:
        grade_id = self.grade_id(number, declared)
        points = self.points(number, declared)
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

    def marked_by_hand(
        self, number: int, cell: NotebookNode, declared: dict[str, Any], tags: set[str]
    ) -> dict[str, Any]:
        """Convert a cell whose points a person gives: an answer, or a task for the cells below."""
        if len(tags & {"solution", "given", *BY_HAND}) > 1:
            raise self.error(
                "a cell has one tag of manual, task, solution, given", number, declared
            )
        is_task = "task" in tags
        if is_task and cell.cell_type != "markdown":
            raise self.error("a task is text; the cells below it are its answer", number, declared)
        grade_id = self.grade_id(number, declared)
        points = self.points(number, declared)
        if self.suite.points(grade_id):
            raise self.error(
                f"a person marks this cell, and the suite {self.suite_name!r} has checks for it",
                number,
                declared,
                "Make two cells, each with a grade_id and points of its own.",
            )
        source = cell.source
        at = Place(self.path, number, declared)
        if cell.cell_type == "code" and imports_of(at, source, is_own=self.is_own):
            source = replaced(at, source, is_own=self.is_own, is_solution=True)
        split_regions(source, f"{self.path}, cell {number}")  # which must open and close in turn
        self.by_hand.append(grade_id)
        points = self.terms.points.get(grade_id, points)
        marks = Marks(grade_id, "given" if is_task else "solution", points, by_hand=True)
        return _marked(source, marks, locked=is_task, cell_type=cell.cell_type)

    def points(self, number: int, declared: dict[str, Any]) -> float:
        points = declared.get("points")
        if isinstance(points, bool) or not isinstance(points, int | float) or points <= 0:
            raise self.error("a graded cell needs points above zero", number, declared)
        return points

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

    def error(
        self, what: str, number: int, declared: dict[str, Any], todo: str = "Correct the exercise."
    ) -> AutograderError:
        return Place(self.path, number, declared).error(what, todo)


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


def _marked(source: str, marks: Marks, *, locked: bool, cell_type: str = "code") -> dict[str, Any]:
    """Return a cell that nbgrader knows."""
    marked = {
        "id": f"cell-{marks.grade_id}",
        "cell_type": cell_type,
        "metadata": metadata_of(marks, locked=locked, cell_type=cell_type),
        "source": source,
    }
    return marked | ({"execution_count": None, "outputs": []} if cell_type == "code" else {})
