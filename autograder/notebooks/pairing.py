"""Put a submission's solution cells into the assignment's notebook.

Only cells that the instructor marked as solutions come from the submission, found by their
nbgrader id. Everything else is the instructor's own, hidden regions removed, so a deleted,
edited or added cell changes nothing but what the student is told. The student's own `check`
pairs in the same way; it does not have the original of a cell, only its digest.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from autograder.notebooks.marks import (
    Role,
    answers_of,
    cells_of,
    digest,
    grade_id_of,
    is_by_hand,
    is_code,
    is_solution,
    source_of,
)
from autograder.notebooks.names import defined_in
from autograder.notebooks.outline import Expected, cell_key, cell_names, line_of, sentence

STUB = "NotImplementedError"  # what a blank answer raises
TEXT_STUB = "YOUR ANSWER HERE"  # what stands in a blank answer in words
OWN = "is defined in a cell of your own, which grading does not run"
SHOWN = "is defined in a demonstration, which grading does not run"
CHANGED = "is defined in a change to a given cell, and grading uses the original"


@dataclass(frozen=True)
class Cell:
    """One code cell to run. `source` is None when the submission does not have it."""

    id: str
    role: Role
    name: str  # for the student
    source: str | None
    is_demonstration: bool = False


@dataclass
class Paired:
    """The notebook to judge and what is odd about the submission."""

    cells: list[Cell] = field(default_factory=list)
    points: dict[str, float] = field(default_factory=dict)  # graded cell -> its points
    answers: dict[str, list[str]] = field(default_factory=dict)  # graded cell -> solution cells
    homes: dict[str, str] = field(default_factory=dict)  # name -> solution cell meant to define it
    strays: dict[str, str] = field(default_factory=dict)  # name -> why its definition is not run
    problems: list[str] = field(default_factory=list)  # with cells that nbgrader knows
    remarks: list[str] = field(default_factory=list)  # on other cells of the assignment

    @property
    def written(self) -> str:
        """The text of all answers."""
        found = [cell.source or "" for cell in self.cells if cell.role == "solution"]
        return "\n\n".join(found)


def pair(expected: list[Expected], submission: Any) -> Paired:
    """Combine the cells of an assignment with a submission (a notebook's JSON, trusted in nothing).

    A cell whose text is not known (`text` None) is taken from the submission.
    """
    paired = Paired()
    submitted, own = _match(expected, cells_of(submission))
    group: list[str] = []
    grouping = False
    for cell in expected:
        found = submitted.get(cell.id, [])
        if cell.role == "solution":
            if not cell.by_hand:  # no test looks at it
                group, grouping = [*(group if grouping else []), cell.id], True
            paired.homes |= dict.fromkeys(defined_in(cell.text or ""), cell.id)
            text = _solution(cell, found, paired.problems)
        else:
            if not cell.is_demonstration:
                _compare(cell, found, paired.problems if cell.is_marked else paired.remarks)
            text = source_of(found[0]) if cell.text is None and found else cell.text
        if cell.role == "test":
            grouping = False
            paired.points[cell.id] = cell.points
            paired.answers[cell.id] = group
        paired.cells.append(Cell(cell.id, cell.role, cell.name, text, cell.is_demonstration))
    if not any(submitted.get(cell.id) for cell in expected if cell.is_marked):
        paired.problems = [
            "no cell of this notebook carries an id of the assignment; it was probably saved by a "
            "program that drops cell metadata. Start again from the released notebook"
        ]
    paired.strays = _strays(expected, submitted) | _names(own, OWN)
    return paired


def unwritten(source: Any, submission: Any) -> list[str]:
    """Return what is missing or unclear of the answers in words that a person marks."""
    names, given = cell_names(source), answers_of(submission, "markdown")
    problems = []
    for number, cell in enumerate(cells_of(source), 1):
        if is_by_hand(cell) and is_solution(cell) and not is_code(cell):
            name = names[cell_key(cell, number)]
            if grade_id_of(cell) not in given:
                problems.append(f"{name} is missing. Copy it back from the released notebook")
    return problems


class Raised(Protocol):
    """An error in a student's process: where it was raised, and the cells it came through."""

    @property
    def kind(self) -> str: ...
    @property
    def cell(self) -> str: ...
    @property
    def line(self) -> int: ...
    @property
    def way(self) -> Sequence[tuple[str, int]]: ...


def blamed(paired: Paired, error: Raised) -> tuple[str, int]:
    """Return the cell and line that a student should look at.

    That is where the error was raised, if that is an answer or a stub. What is given raises when an
    answer calls it in the wrong way: then it is the last line of an answer on its way, if any.
    """
    answers = {cell.id for cell in paired.cells if cell.role == "solution"}
    if error.kind == STUB or error.cell in answers:
        return error.cell, error.line
    on_the_way = (place for place in reversed(error.way) if place[0] in answers)
    return next(on_the_way, (error.cell, error.line))


def refused_parts(
    paired: Paired,
    found: Mapping[str, Mapping[str, int]],
    refuse: Collection[str],
    refuse_in: Mapping[str, Collection[str]],
    why: Callable[[str], str],
) -> dict[str, str]:
    """Return, for graded cells whose answers name what they may not, where the first does and why.

    `found` gives, by cell, the refused names in it and the first line of each. They are refused
    everywhere (`refuse`, and what lies behind those) or to the answers of one graded cell
    (`refuse_in`). Grading gives such a part no points, and the student's own `check` fails it:
    both ask here.
    """
    cells = {cell.id: cell for cell in paired.cells}
    told = {}
    for part, answers in paired.answers.items():
        others = set().union(*refuse_in.values()) - {*refuse, *refuse_in.get(part, ())}
        named = [
            (order, line, name)
            for order, answer in enumerate(answers)
            for name, line in found.get(answer, {}).items()
            if name not in others
        ]
        if named:
            order, line, name = min(named)
            cell = cells[answers[order]]
            told[part] = f"{sentence(line_of(cell.name, line, cell.source))}: {why(name)}"
    return told


def _match(
    expected: list[Expected], cells: Iterable[Any]
) -> tuple[dict[str, list[Any]], list[Any]]:
    """Return the submitted cells by the expected one they stand for, and the student's own.

    Marked cells are found by their grade_id. The others are found by the notebook's own id, and
    where a program has lost that, by their text.
    """
    marked = {cell.id for cell in expected if cell.is_marked}
    plain = {cell.id for cell in expected if not cell.is_marked}
    by_digest = {cell.digest: cell.id for cell in expected if not cell.is_marked}
    found: dict[str, list[Any]] = {}
    own = []
    for cell in cells:
        grade_id, own_id = grade_id_of(cell), cell.get("id")
        if grade_id in marked:
            found.setdefault(grade_id, []).append(cell)
        elif not is_code(cell):
            continue
        elif not grade_id and isinstance(own_id, str) and own_id in plain:
            found.setdefault(own_id, []).append(cell)
        elif not grade_id and digest(source_of(cell)) in by_digest:
            found.setdefault(by_digest[digest(source_of(cell))], []).append(cell)
        else:
            own.append(cell)
    return found, own


def _solution(cell: Expected, candidates: list[Any], problems: list[str]) -> str | None:
    """The submission's text for one solution cell, or None and a problem."""
    if not candidates:
        problems.append(f"{cell.name} is missing. Copy it back from the released notebook")
        return None
    codes = [candidate for candidate in candidates if is_code(candidate)]
    if not codes:
        problems.append(f"{cell.name} is not a code cell any more. Change its type back")
        return None
    texts = {source_of(code) for code in codes}
    if len(texts) > 1:
        problems.append(
            f"{len(codes)} cells carry the id of {cell.name} and differ, so none of them counts. "
            "Keep the one you mean and delete the others"
        )
        return None
    if len(codes) > 1:
        problems.append(f"{len(codes)} identical cells carry the id of {cell.name}; one was used")
    return texts.pop()


def _compare(cell: Expected, found: list[Any], problems: list[str]) -> None:
    """Say when a cell that is not the student's to change was changed all the same."""
    if not found:
        problems.append(f"{cell.name} is missing; grading uses the original")
    elif any(_is_changed(cell, other) for other in found):
        problems.append(
            f"{cell.name} was changed; grading uses the original. Code of your own belongs into "
            "a cell that says YOUR CODE HERE"
        )


def _is_changed(cell: Expected, found: Any) -> bool:
    return digest(source_of(found)) != cell.digest


def _strays(expected: list[Expected], submitted: dict[str, list[Any]]) -> dict[str, str]:
    """Return names that are defined in demonstrations, or in changes to cells that are given."""
    strays: dict[str, str] = {}
    for cell in expected:
        if cell.is_demonstration:
            strays |= dict.fromkeys(defined_in(cell.text or ""), SHOWN)
            strays |= _names(submitted.get(cell.id, []), SHOWN)
        elif cell.role != "solution":
            changed = [other for other in submitted.get(cell.id, []) if _is_changed(cell, other)]
            kept = set(defined_in(cell.text or ""))
            strays |= {n: why for n, why in _names(changed, CHANGED).items() if n not in kept}
    return strays


def _names(cells: list[Any], why: str) -> dict[str, str]:
    return {name: why for cell in cells if is_code(cell) for name in defined_in(source_of(cell))}
