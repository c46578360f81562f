"""What a student runs before handing in: their cells and the visible tests, nothing hidden.

The notebook itself carries what is needed (its ``autograder`` metadata lists the cells of the
assignment), so this works on a machine that has only the notebook and this package. Cells are
paired with the assignment's as the grader pairs them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from autograder.errors import AutograderError
from autograder.inside.refusal import message as refusal
from autograder.notebooks.hints import where_to_look
from autograder.notebooks.marks import cells_of, is_by_hand, is_code, is_solution, source_of
from autograder.notebooks.names import defined_in, used_in
from autograder.notebooks.outline import (
    cell_key,
    cell_names,
    line_of,
    outline_of_facts,
    part_titles,
    sentence,
)
from autograder.notebooks.pairing import (
    STUB,
    TEXT_STUB,
    Cell,
    Paired,
    blamed,
    pair,
    refused_parts,
)
from autograder.student.opened import Opened, open_notebook
from autograder.student.rehearsal import Ran, Rehearsal, Scan

# A cell that is not there does not tell whether it held tests. Grading has the original.
GONE = "It is missing, so nothing of it was run here; grading will"
UNFILLED = "not filled in yet"


@dataclass(frozen=True)
class Part:
    """One graded cell: whether its visible tests pass, and if not, what to do."""

    title: str
    passed: bool
    message: str = ""
    examined: str = ""  # what the test that fails is about
    came_back: str = ""  # what it met
    help: str = ""  # where to look


@dataclass
class Outcome:
    parts: list[Part] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def check(path: Path, cell_s: float = 60.0) -> Outcome:
    """Run the assignment's cells of a notebook in a fresh Python and report on each part."""
    with Rehearsal() as python:  # which imports torch while this one reads
        return check_with(path, open_notebook(path), python, cell_s)


def check_with(path: Path, opened: Opened, python: Rehearsal, cell_s: float) -> Outcome:
    """Run the cells in a Python that has run nothing yet, and report on each part."""
    notebook, facts = opened
    expected = outline_of_facts(facts["cells"], notebook)
    paired = pair(expected, notebook)
    titles = part_titles(notebook)
    if not paired.points:
        raise AutograderError(
            "the notebook has no test cell of the assignment left",
            str(path),
            "Start again from the released notebook and copy your answers into it.",
        )
    cells = [cell for cell in paired.cells if cell.source is not None]
    refuse, more = _strings(facts.get("refuse")), facts.get("refuse_in")
    refuse_in = {part: _strings(more.get(part)) for part in paired.points if isinstance(more, dict)}
    scans = python.scan(
        [(cell.id, cell.source or "") for cell in cells], refuse, list(chain(*refuse_in.values()))
    )
    # When Python ends early there are fewer results than cells.
    runs = python.run([cell.id for cell in cells], cell_s)
    results = {cell.id: ran for cell, ran in zip(cells, runs, strict=False)}
    look = where_to_look(notebook, path.name)
    outcome = Outcome(warnings=[*_warnings(paired), *_unread(cells, scans)])
    outcome.warnings += _left_to_write(notebook)
    named = {cell.id: scan.refused for cell, scan in zip(cells, scans, strict=True)}
    refused = refused_parts(paired, named, refuse, refuse_in, refusal)
    failing: dict[str, str] = {}  # names that failing parts define, with the parts' titles
    for test in paired.points:
        title, message = titles.get(test, test), _failure(paired, test, results, failing)
        examined = came_back = ""
        if test in refused:  # whatever its tests say, grading gives it nothing
            message = f"{refused[test]}. Grading gives this part no points."
        elif message and test in results:
            examined, came_back = results[test].examined, results[test].came_back
        where = look.get(test, "") if message and UNFILLED not in message else ""
        outcome.parts.append(Part(title, not message, message, examined, came_back, where))
        if message:
            failing |= dict.fromkeys(defined_in(_text(paired, paired.answers[test])), title)
    if all(part.passed for part in outcome.parts):  # otherwise the reason is told already
        outcome.warnings += _failing(paired, results)
    kept = {cell.id for cell in cells}
    outcome.parts += [
        Part(sentence(cell.name), False, f"{GONE}. Copy it back from the released notebook.")
        for cell in expected
        if cell.is_marked and cell.role == "given" and cell.id not in kept
    ]
    return outcome


def _strings(value: object) -> list[str]:
    """Return the texts in what should be a list of texts; the notebook is the student's."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _warnings(paired: Paired) -> list[str]:
    """Return what is odd about the notebook, and what grading will not see of it."""
    used = {name for cell in paired.cells for name in _used_by_answer(cell)}
    strays = sorted(used & paired.strays.keys())
    lost = (
        f"defined where grading does not look: {', '.join(strays)}. It runs only the "
        "assignment's own cells, so move what your answers need into them"
    )
    odd = [*paired.problems, *paired.remarks, *([lost] if strays else [])]
    return [f"{sentence(text)}." for text in odd]


def _left_to_write(notebook: Any) -> list[str]:
    """Return which answers that a person marks are still as they were handed out."""
    names = cell_names(notebook)
    return [
        f"{sentence(names[cell_key(cell, number)])} is not filled in yet. A person marks it."
        for number, cell in enumerate(cells_of(notebook), 1)
        if is_by_hand(cell) and is_solution(cell) and _is_stub(cell)
    ]


def _is_stub(cell: Any) -> bool:
    lines = [line.strip() for line in source_of(cell).splitlines()]
    return f"raise {STUB}()" in lines if is_code(cell) else TEXT_STUB in lines


def _used_by_answer(cell: Cell) -> set[str]:
    return used_in(cell.source or "") if cell.role == "solution" else set()


def _unread(cells: list[Cell], scans: list[Scan]) -> list[str]:
    """Return what grading will not even read."""
    return [
        f"{sentence(cell.name)} is {scan.unread}. Grading will not run it."
        for cell, scan in zip(cells, scans, strict=True)
        if scan.unread
    ]


def _failure(paired: Paired, test: str, results: dict[str, Ran], failing: Mapping[str, str]) -> str:
    """Say why a part fails, or nothing; a failing answer explains more than its test does."""
    for name in [*paired.answers[test], test]:
        ran = results.get(name) or Ran(_not_run(paired, name))
        if ran.error:
            said = sentence(_advice(paired, name, ran))
            return said if ran.kind == STUB else said + _begin(paired, test, failing)
    return next((left for name in paired.answers[test] if (left := _stub_in(paired, name))), "")


def _begin(paired: Paired, test: str, failing: Mapping[str, str]) -> str:
    """Say which earlier part, failing too, this one is made of, or nothing."""
    own = _text(paired, [*paired.answers[test], test])
    used = used_in(own) - set(defined_in(own))
    first = next((name for name in failing if name in used), "")
    if not first:
        return ""
    return f"\nThis part uses `{first}` of “{failing[first]}”, which fails, too: begin there."


def _text(paired: Paired, names: list[str]) -> str:
    """Return the text of some cells."""
    return "\n".join(cell.source or "" for cell in paired.cells if cell.id in names)


def _stub_in(paired: Paired, name: str) -> str:
    """Say where a stub is left in an answer, or nothing: no visible test may come by there."""
    cell = next(cell for cell in paired.cells if cell.id == name)
    for number, line in enumerate((cell.source or "").splitlines(), 1):
        if line.strip() == f"raise {STUB}()":
            return sentence(_advice(paired, name, Ran(STUB, STUB, number, name)))
    return ""


def _failing(paired: Paired, results: dict[str, Ran]) -> list[str]:
    """Return what fails in cells that are no part's answer or test: demonstrations, mostly."""
    return [
        f"{sentence(_advice(paired, cell.id, results[cell.id])).removesuffix('.')}. No test looks "
        "at this, but see why."
        for cell in paired.cells
        if cell.role == "given" and cell.id in results and results[cell.id].error
    ]


def _not_run(paired: Paired, name: str) -> str:
    if any(cell.id == name and cell.source is None for cell in paired.cells):
        return "it is missing. Copy it back from the released notebook"
    return "was not run, because an earlier cell ended Python"


def _advice(paired: Paired, name: str, ran: Ran) -> str:
    cells = {cell.id: cell for cell in paired.cells}
    place, line = blamed(paired, ran)
    cell = cells.get(place, cells[name])
    where = line_of(cell.name, line, cell.source)
    if ran.kind == STUB:
        return f"{where}: {UNFILLED}. Replace 'raise {STUB}()' by your code."
    if ran.kind == "NameError" and ran.name in paired.strays:
        why = f"`{ran.name}` {paired.strays[ran.name]}"
        return f"{where}: {ran.error}. {why}; move it into the answer."
    if ran.kind == "AssertionError" and ran.error == ran.kind:
        return f"{where}: the assertion does not hold."
    return f"{where}: {ran.error}"
