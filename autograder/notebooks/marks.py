"""What a cell is, by nbgrader's marks in its metadata: given, a solution, or graded tests.

Everything that asks this asks here. A notebook may come from anywhere, so nothing about its
shape is taken for granted: what is not a mark of the right type counts as no mark.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Literal

Role = Literal["given", "solution", "test"]
FLAGS = ("grade", "solution", "locked", "task")
DEMONSTRATION = "demonstration"  # the tag of such a cell
MAX_ID = 200  # characters kept of a grade_id that a student may have written
MAX_SHOWN = 300_000  # characters of all the cells together that carry one id


@dataclass(frozen=True)
class Marks:
    """What nbgrader knows of a cell. A cell without marks is given, and has no grade_id.

    Points of a test are its checks'; those of an answer or a task `by_hand`, a person gives.
    """

    grade_id: str = ""
    role: Role = "given"
    points: float = 0.0
    by_hand: bool = False

    @property
    def is_task(self) -> bool:
        """Whether it asks for cells of the student's own."""
        return self.by_hand and self.role != "solution"


def marks_of(cell: Any) -> Marks:
    """Return the marks of a cell, read from its metadata."""
    marks = _marks(cell)
    grade_id = marks.get("grade_id")
    role: Role = "given"
    if marks.get("solution") is True:
        role = "solution"
    elif marks.get("grade") is True:
        role = "test"
    flag = {"solution": "grade", "given": "task"}.get(role, "")
    by_hand = marks.get(flag) is True
    points = marks.get("points")
    if not isinstance(points, int | float) or not (role == "test" or by_hand):
        points = 0.0
    return Marks(grade_id if isinstance(grade_id, str) else "", role, float(points), by_hand)


def grade_id_of(cell: Any) -> str:
    """Return the id that nbgrader knows the cell by, or nothing."""
    return marks_of(cell).grade_id


def is_solution(cell: Any) -> bool:
    """Tell whether students write this cell."""
    return marks_of(cell).role == "solution"


def is_graded(cell: Any) -> bool:
    """Tell whether the cell holds tests that points are given for."""
    return marks_of(cell).role == "test"


def is_by_hand(cell: Any) -> bool:
    """Tell whether a person gives the points of this cell."""
    return marks_of(cell).by_hand


def metadata_of(marks: Marks, *, locked: bool, cell_type: str = "code") -> dict[str, Any]:
    """Return a cell's metadata with these marks, as nbgrader (schema 3) writes them."""
    written: dict[str, Any] = {
        "cell_type": cell_type,
        "grade": marks.role == "test" or (marks.by_hand and not marks.is_task),
        "grade_id": marks.grade_id,
        "locked": locked,
        "schema_version": 3,
        "solution": marks.role == "solution",
        "task": marks.is_task,
    }
    if marks.role == "test" or marks.by_hand:
        written["points"] = marks.points
    return {"nbgrader": written}


def kept_metadata(cell: Any) -> dict[str, Any]:
    """Return what is kept of a submitted cell's metadata: marks of the right type, no more."""
    marks = _marks(cell)
    if not isinstance(marks.get("grade_id"), str):
        return {}
    kept: dict[str, Any] = {
        "grade_id": marks["grade_id"][:MAX_ID].encode("utf-8", "replace").decode()
    }
    return {"nbgrader": kept | {flag: marks.get(flag) is True for flag in FLAGS}}


def cells_of(notebook: Any) -> list[Any]:
    """Return the cells of a notebook; none for what is not one."""
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    return [cell for cell in cells if isinstance(cell, dict)] if isinstance(cells, list) else []


def is_code(cell: Any) -> bool:
    return bool(cell.get("cell_type") == "code")


def is_demonstration(cell: Any) -> bool:
    """Tell whether the cell only shows something: grading does not run it."""
    metadata = cell.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    return is_code(cell) and isinstance(tags, list) and DEMONSTRATION in tags


def source_of(cell: Any) -> str:
    """Return a cell's text, which the format allows to be a list of lines."""
    source = cell.get("source")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    return source if isinstance(source, str) else ""


def digest(source: str) -> str:
    """Return a short hash of a cell that blank lines and trailing spaces do not change."""
    lines = (line.rstrip() for line in source.splitlines())
    text = "\n".join(filter(None, lines)).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:16]


def answers_of(notebook: Any, kind: str = "code") -> dict[str, str]:
    """Return the source of each cell of a kind that carries a grade id, all of them if they differ.

    With ``kind="markdown"`` these are the written answers.
    """
    found: dict[str, dict[str, None]] = {}  # the sources of an id, each once and in order
    for cell in cells_of(notebook):
        if cell.get("cell_type") == kind and grade_id_of(cell):
            found.setdefault(grade_id_of(cell), {})[source_of(cell)] = None
    between = "\n\n# Another cell with the same id:\n" if kind == "code" else "\n\n"
    return {grade_id: _together(list(sources), between) for grade_id, sources in found.items()}


def _together(sources: list[str], between: str) -> str:
    text = between.join(sources)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}\n[...]"


def _marks(cell: Any) -> dict[str, Any]:
    metadata = cell.get("metadata")
    found = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) else {}
