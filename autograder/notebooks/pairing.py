"""Put a submission's solution cells into the instructor's notebook.

Only cells that the instructor marked as solutions come from the submission, found by their
nbgrader id. Everything else is the instructor's own, hidden regions removed, so a deleted,
edited or added cell changes nothing but what the student is told.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from autograder.errors import AutograderError

BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"


@dataclass(frozen=True)
class Cell:
    """One code cell to run. `source` is None when the submission does not have it."""

    id: str
    role: Literal["given", "solution", "test"]
    source: str | None


@dataclass
class Paired:
    """The notebook to judge and what is odd about the submission."""

    cells: list[Cell] = field(default_factory=list)
    points: dict[str, float] = field(default_factory=dict)  # graded cell -> its points
    answers: dict[str, list[str]] = field(default_factory=dict)  # graded cell -> solution cells
    homes: dict[str, str] = field(default_factory=dict)  # name -> solution cell meant to define it
    strays: dict[str, str] = field(default_factory=dict)  # name -> why its definition is not run
    problems: list[str] = field(default_factory=list)


def pair(source: Any, submission: Any) -> Paired:
    """Combine the instructor's assembled notebook with a submission (both NotebookNodes)."""
    paired = Paired()
    submitted: dict[str, list[Any]] = {}
    for cell in _cells(submission):
        submitted.setdefault(_grade_id(cell), []).append(cell)
    known: set[str] = set()
    group: list[str] = []
    grouping = False
    for index, cell in enumerate(_cells(source)):
        meta, grade_id = _meta(cell), _grade_id(cell)
        known.add(grade_id)
        is_solution, is_graded = meta.get("solution") is True, meta.get("grade") is True
        if cell.get("cell_type") != "code":
            continue
        if is_solution:
            if not grouping:
                group = []
            group, grouping = [*group, grade_id], True
            for name in _defined_in(_text(cell)):
                paired.homes[name] = grade_id
            text = _solution(grade_id, submitted.get(grade_id, []), paired.problems)
            paired.cells.append(Cell(grade_id, "solution", text))
            continue
        text = without_hidden(_text(cell), grade_id)
        if is_graded:
            grouping = False
            paired.points[grade_id] = float(meta.get("points") or 0)
            paired.answers[grade_id] = group
        role: Literal["given", "test"] = "test" if is_graded else "given"
        if grade_id:
            _compare(role, grade_id, text, submitted.get(grade_id, []), paired.problems)
        paired.cells.append(Cell(grade_id or f"cell-{index + 1}", role, text))
    if not any(grade_id in submitted for grade_id in known - {""}):
        paired.problems = [
            "no cell of this notebook carries an id of the assignment; it was probably saved by a "
            "program that drops cell metadata. Start again from the released notebook"
        ]
    _find_strays(paired, submitted)
    return paired


def without_hidden(text: str, where: str = "") -> str:
    """The text without its hidden regions."""
    kept: list[str] = []
    hidden = False
    for line in text.splitlines():
        if line.strip() in (BEGIN_HIDDEN, END_HIDDEN):
            if hidden == (line.strip() == BEGIN_HIDDEN):
                raise AutograderError(
                    "hidden regions do not open and close in turn",
                    f"cell {where}",
                    f"Write {BEGIN_HIDDEN} and {END_HIDDEN} in pairs.",
                )
            hidden = not hidden
        elif not hidden:
            kept.append(line)
    if hidden:
        raise AutograderError("a hidden region never ends", f"cell {where}", f"Add {END_HIDDEN}.")
    return "\n".join(kept)


def _solution(grade_id: str, candidates: list[Any], problems: list[str]) -> str | None:
    """The submission's text for one solution cell, or None and a problem."""
    if not candidates:
        problems.append(
            f"the cell `{grade_id}` is missing. Copy it back from the released notebook"
        )
        return None
    codes = [cell for cell in candidates if cell.get("cell_type") == "code"]
    if not codes:
        problems.append(f"the cell `{grade_id}` is not a code cell any more. Change its type back")
        return None
    texts = {_text(cell) for cell in codes}
    if len(texts) > 1:
        problems.append(
            f"{len(codes)} cells carry the id `{grade_id}` and differ, so none of them counts. "
            "Keep the one you mean and delete the others"
        )
        return None
    if len(codes) > 1:
        problems.append(f"{len(codes)} identical cells carry the id `{grade_id}`; one was used")
    return texts.pop()


def _compare(role: str, grade_id: str, text: str, found: list[Any], problems: list[str]) -> None:
    """Say when a cell that is not the student's to change was changed all the same."""
    if not found:
        problems.append(f"the {role} cell `{grade_id}` is missing; the original was used")
    elif any(_bare(_text(cell)) != _bare(text) for cell in found):
        problems.append(f"the {role} cell `{grade_id}` was changed; the original was used")


def _find_strays(paired: Paired, submitted: dict[str, list[Any]]) -> None:
    """Note which names the student defined where grading does not look."""
    roles = {cell.id: cell.role for cell in paired.cells}
    for grade_id, cells in submitted.items():
        if roles.get(grade_id) == "solution":
            continue
        reason = (
            "is defined in a change to a given cell, and grading uses the original"
            if grade_id in roles
            else "is defined in a cell of your own, which grading does not run"
        )
        for cell in cells:
            if cell.get("cell_type") == "code":
                for name in _defined_in(_text(cell)):
                    paired.strays[name] = reason


def _defined_in(text: str) -> Iterator[str]:
    """Names that the top level of a cell binds by def, class, import or assignment."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in body:
        match node:
            case ast.FunctionDef() | ast.ClassDef() | ast.AsyncFunctionDef():
                yield node.name
            case ast.Import() | ast.ImportFrom():
                for item in node.names:
                    yield item.asname or item.name.partition(".")[0]
            case ast.Assign() | ast.AnnAssign():
                for part in ast.walk(node):
                    if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                        yield part.id


def _cells(notebook: Any) -> list[Any]:
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    return [cell for cell in cells if isinstance(cell, dict)] if isinstance(cells, list) else []


def _meta(cell: Any) -> dict[str, Any]:
    metadata = cell.get("metadata")
    found = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) else {}


def _grade_id(cell: Any) -> str:
    grade_id = _meta(cell).get("grade_id")
    return grade_id if isinstance(grade_id, str) else ""


def _text(cell: Any) -> str:
    source = cell.get("source")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    return source if isinstance(source, str) else ""


def _bare(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines() if line.strip()]
