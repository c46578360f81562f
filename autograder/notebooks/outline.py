"""The code cells an assignment consists of, in order, and how to speak of them to a student.

Jupyter shows neither ids nor line numbers, so a cell is named by the heading above it ("the
answer cell of “Part 1: one step”") and a line by its number in the cell and its text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

from autograder.notebooks.marks import (
    Role,
    cells_of,
    digest,
    grade_id_of,
    is_by_hand,
    is_code,
    is_demonstration,
    is_graded,
    is_solution,
    marks_of,
    source_of,
)
from autograder.notebooks.regions import without_hidden

HEADING = re.compile(r"^#{1,6}[ \t]+(\S.*)$", re.MULTILINE)
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
KINDS: dict[Role, str] = {"given": "given", "solution": "answer", "test": "test"}
LINE_CHARS = 100  # of a quoted line


@dataclass(frozen=True)
class Expected:
    """One code cell that the assignment has."""

    id: str  # its grade_id, or the notebook's own id for a cell without marks
    role: Role
    name: str  # for the student
    is_marked: bool
    text: str | None = None  # without hidden regions; None where only the digest is known
    digest: str = ""  # of what students see; none for a cell they are to change
    points: float = 0.0
    is_demonstration: bool = False
    by_hand: bool = False  # a person gives its points


def outline(source: Any) -> list[Expected]:
    """Return the cells of the instructor's assembled notebook."""
    names = cell_names(source)
    expected = []
    for number, cell in _numbered(source):
        marks, key = marks_of(cell), cell_key(cell, number)
        text = without_hidden(source_of(cell), key)
        seen = "" if marks.role == "solution" else digest(text)
        marked, shows = bool(marks.grade_id), is_demonstration(cell)
        worth = marks.points
        expected.append(
            Expected(key, marks.role, names[key], marked, text, seen, worth, shows, marks.by_hand)
        )
    return expected


def outline_of_facts(known: Mapping[str, str], notebook: Any) -> list[Expected]:
    """Return the cells that a released notebook lists in its metadata, as id -> digest.

    What students change has no digest. The order of the cells, which of them are tests, and what
    stands above them, only the notebook at hand can tell: a student's copy of the released one.
    """
    names = cell_names(notebook)
    places: dict[str, int] = {}
    for number, cell in _numbered(notebook):
        places.setdefault(cell_key(cell, number), number)
        places.setdefault(digest(source_of(cell)), number)  # older programs do not keep cell ids
    tests = {grade_id_of(cell) for cell in cells_of(notebook) if is_graded(cell)}
    by_hand = {grade_id_of(cell) for cell in cells_of(notebook) if is_by_hand(cell)}
    shows = {cell_key(cell, n) for n, cell in _numbered(notebook) if is_demonstration(cell)}
    expected = []

    def place(cell_id: str) -> float:
        keys = (cell_id.removeprefix("cell-"), cell_id, known[cell_id])
        return next((places[key] for key in keys if key in places), inf)

    for cell_id in sorted(known, key=place):
        key, seen = cell_id.removeprefix("cell-"), known[cell_id]
        role: Role = "test" if key in tests else "given" if seen else "solution"
        name = names.get(key, f"the {KINDS[role]} cell `{key}`")
        expected.append(
            Expected(
                key,
                role,
                name,
                key != cell_id,
                digest=seen,
                is_demonstration=key in shows,
                by_hand=key in by_hand,
            )
        )
    return expected


def cell_key(cell: Any, number: int) -> str:
    """Return what a code cell is known by: its grade_id, its own id, or its place."""
    own = cell.get("id")
    return grade_id_of(cell) or (own if isinstance(own, str) and own else f"cell-{number}")


def cell_names(notebook: Any) -> dict[str, str]:
    """Return how to name each cell of code or with an answer: by its kind and the heading above."""
    places: dict[str, tuple[str, str]] = {}
    for heading, number, cell in under_headings(notebook):
        if not (is_code(cell) or is_solution(cell) or is_by_hand(cell)):
            continue
        places.setdefault(cell_key(cell, number), (KINDS[marks_of(cell).role], heading))
    total, met = Counter(places.values()), Counter[tuple[str, str]]()
    names = {}
    for key, (kind, heading) in places.items():
        met[kind, heading] += 1
        several = total[kind, heading] > 1
        which = f"{kind} cell {met[kind, heading]}" if several else f"the {kind} cell"
        names[key] = f"{which} of “{heading}”" if heading else f"the {kind} cell `{key}`"
    return names


def part_titles(notebook: Any) -> dict[str, str]:
    """Return the heading above each graded cell, by grade_id; nothing where there is none.

    Cells that a person marks are among them.
    """
    titles: dict[str, str] = {}
    met = Counter[str]()
    for heading, _, cell in under_headings(notebook):
        if (is_graded(cell) or is_by_hand(cell)) and heading:
            met[heading] += 1
            again = f" ({met[heading]})" if met[heading] > 1 else ""
            titles.setdefault(grade_id_of(cell), heading + again)
    return titles


def line_of(name: str, line: int, source: str | None) -> str:
    """Say where a line is: its number, its cell, and what stands in it."""
    lines = (source or "").splitlines()
    if not line:
        return name
    text = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    shown = text if len(text) <= LINE_CHARS else f"{text[:LINE_CHARS]} [...]"
    return f"line {line} of {name}" + (f", `{shown}`" if shown else "")


def sentence(text: str) -> str:
    """Return the text with a capital first letter."""
    return text[:1].upper() + text[1:]


def _numbered(notebook: Any) -> Iterator[tuple[int, Any]]:
    for number, cell in enumerate(cells_of(notebook), 1):
        if is_code(cell):
            yield number, cell


def under_headings(notebook: Any) -> Iterator[tuple[str, int, Any]]:
    """Yield every cell with the last heading above or in it, and its number.

    An answer in words has no heading of its own: it is the student's.
    """
    heading = ""
    for number, cell in enumerate(cells_of(notebook), 1):
        if cell.get("cell_type") == "markdown" and not is_solution(cell):
            found = HEADING.findall(FENCE.sub("", source_of(cell)))
            heading = _without_markup(found[-1]) if found else heading
        yield heading, number, cell


def _without_markup(heading: str) -> str:
    return re.sub(r"[*`$]", "", heading.rstrip().rstrip("#")).strip()
