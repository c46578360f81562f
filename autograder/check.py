"""What a student runs before handing in: their cells and the visible tests, nothing hidden.

The notebook itself carries what is needed (its ``autograder`` metadata lists the cells of the
assignment), so this works on a machine that has only the notebook and this package.
"""

from __future__ import annotations

import ast
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from autograder.errors import AutograderError
from autograder.judge.pool import fresh_processes
from autograder.notebooks.assemble import source_digest
from autograder.notebooks.read import Unreadable, read_submission
from autograder.steps.autograded import grade_id_of, is_solution

STUB = "NotImplementedError"
START_S = 120.0  # importing torch on a slow machine


@dataclass(frozen=True)
class Ran:
    """How one cell ended; ``error`` is empty when it ran through."""

    error: str = ""
    kind: str = ""
    line: int = 0
    cell: str = ""  # where the error was raised: another cell's function, perhaps
    name: str = ""  # the missing name of a NameError


@dataclass(frozen=True)
class Part:
    """One graded cell: whether its visible tests pass, and if not, what to do."""

    grade_id: str
    passed: bool
    message: str = ""


@dataclass
class Outcome:
    parts: list[Part] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Cell:
    name: str  # the grade id, or the cell's own id
    source: str
    is_solution: bool
    is_test: bool


def check(path: Path, cell_s: float = 60.0) -> Outcome:
    """Run the assignment's cells of a notebook in a fresh Python and report on each part."""
    notebook, facts = _open(path)
    cells, strays, warnings = _sort(notebook, facts["cells"])
    warnings += _refused(cells, facts.get("refuse", []))
    outcome = Outcome(warnings=warnings)
    # When Python ends early there are fewer results than cells.
    runs = list(_run([(cell.name, cell.source) for cell in cells], cell_s))
    results = {cell.name: ran for cell, ran in zip(cells, runs, strict=False)}
    answers: list[str] = []
    after_test = False
    for cell in cells:
        if cell.is_solution:
            answers = [cell.name] if after_test else [*answers, cell.name]
        if cell.is_test:
            outcome.parts.append(_part(cell.name, answers, results, strays))
        after_test = cell.is_test or (after_test and not cell.is_solution)
    if not outcome.parts:
        raise AutograderError(
            "the notebook has no test cell of the assignment left",
            str(path),
            "Start again from the released notebook and copy your answers into it.",
        )
    return outcome


def _open(path: Path) -> tuple[NotebookNode, dict[str, Any]]:
    """Return the notebook and what the assembler wrote into its metadata."""
    try:
        data = path.read_bytes()
        notebook = read_submission(data)
    except OSError as error:
        raise AutograderError(
            f"the notebook cannot be read: {error.strerror}", str(path), "Check the name."
        ) from error
    except Unreadable as finding:
        raise AutograderError(
            str(finding), str(path), "Open it in Jupyter and save it as .ipynb."
        ) from finding
    metadata = json.loads(data.decode("utf-8-sig")).get("metadata")
    facts = metadata.get("autograder") if isinstance(metadata, dict) else None
    if not isinstance(facts, dict) or not isinstance(facts.get("cells"), dict):
        raise AutograderError(
            "this is not a notebook of a released assignment, or its metadata was dropped",
            str(path),
            "Start again from the released notebook and copy your answers into it.",
        )
    return notebook, facts


def _sort(notebook: NotebookNode, known: dict[str, str]) -> tuple[list[_Cell], set[str], list[str]]:
    """Return (cells to run, names defined in the student's own cells, warnings)."""
    by_digest = {digest: cell_id for cell_id, digest in known.items() if digest}
    cells: list[_Cell] = []
    strays: set[str] = set()
    warnings: list[str] = []
    seen: set[str] = set()
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        grade_id = grade_id_of(cell)
        key = f"cell-{grade_id}" if grade_id else cell.id
        digest = source_digest(cell.source)
        if key not in known and not grade_id:
            key = by_digest.get(digest, key)  # older programs do not keep cell ids
        if key not in known:
            strays.update(_defined_in(cell.source))
            continue
        name = grade_id or key
        if key in seen:
            warnings.append(
                f"two cells carry the id {name}. Keep the one you mean and delete the other; "
                "if they differ, grading counts neither."
            )
        seen.add(key)
        if known[key] and digest != known[key]:
            warnings.append(
                f"the cell {name} was changed. Grading uses the original, so move your own code "
                "into a cell that says YOUR CODE HERE."
            )
        marks = cell.metadata.get("nbgrader", {})
        cells.append(_Cell(name, cell.source, is_solution(cell), bool(marks.get("grade"))))
    warnings += [
        f"the cell {cell_id.removeprefix('cell-')} is missing. Copy it back from the released "
        "notebook."
        for cell_id in known
        if cell_id not in seen
    ]
    if strays:
        warnings.append(
            f"{', '.join(sorted(strays))}: defined in cells of your own. Grading runs only the "
            "assignment's cells, so move what your answers need into them."
        )
    return cells, strays, warnings


def _refused(cells: list[_Cell], refuse: list[str]) -> list[str]:
    from autograder.inside.guard import message, refused_names

    aliases: dict[str, str] = {}
    return [
        f"cell {cell.name}, line {line}: {message(name)}"
        for cell in cells
        for line, name in refused_names(cell.source, refuse, aliases)
        if cell.is_solution
    ]


def _part(test: str, answers: list[str], results: dict[str, Ran], strays: set[str]) -> Part:
    """Judge one test cell; a failing answer above it explains more than the test's own error."""
    for name in [*answers, test]:
        ran = results.get(name, Ran("was not run, because an earlier cell ended Python"))
        if ran.error:
            return Part(test, False, _advice(name, ran, strays))
    return Part(test, True)


def _advice(name: str, ran: Ran, strays: set[str]) -> str:
    where = f"cell {ran.cell or name}" + (f", line {ran.line}" if ran.line else "")
    if ran.kind == STUB:
        return f"{where}: not filled in yet. Replace 'raise {STUB}()' by your code."
    if ran.kind == "NameError" and ran.name in strays:
        return (
            f"{where}: {ran.error}. You define {ran.name} in a cell of your own, which grading "
            "does not run; move it into the answer."
        )
    if ran.kind == "AssertionError" and ran.error == ran.kind:
        return f"{where}: the assertion does not hold."
    return f"{where}: {ran.error}"


def _run(cells: list[tuple[str, str]], cell_s: float) -> Iterator[Ran]:
    """Run the cells in a process of their own; what hangs or dies ends the run."""
    context = fresh_processes()
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, cells), daemon=True)
    process.start()
    theirs.close()
    try:
        if not ours.poll(START_S):
            raise AutograderError("Python did not start in time", todo="Try it again.")
        ours.recv()
        for name, _ in cells:
            if not ours.poll(cell_s):
                yield Ran(
                    f"did not finish within {cell_s:g} s. Is there an endless loop?", cell=name
                )
                return
            yield ours.recv()
    except EOFError:
        yield Ran("ended the Python process. Remove exit() and the like")
    finally:
        process.kill()
        process.join()


def _serve(connection: Connection, cells: list[tuple[str, str]]) -> None:
    """Run in the other process: execute the cells one by one and say how each went."""
    from autograder.inside import wire
    from autograder.line.transport import LocalTransport

    os.environ["MPLBACKEND"] = "agg"  # a window would wait for somebody to close it
    transport = LocalTransport()
    connection.send("ready")
    for name, source in cells:
        body, _ = transport.request(wire.Exec(name, source), timeout=0.0)
        if isinstance(body, wire.Failure):
            error = f"{body.kind}: {body.message}".removesuffix(": ")
            connection.send(Ran(error, body.kind, body.line, body.cell, body.name))
        else:
            connection.send(Ran())


def _defined_in(source: str) -> list[str]:
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError):
        return []
    return [node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
