"""Attacks on the notebook as a file: cells deleted, doubled or forged, and files that are none.

Each starts from the notebook filled with the decoy's wrong answers.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.notebooks.marks import is_graded, is_solution
from samples.corpus import build_submission, sections
from samples.hostile_notebooks import DECOY, HOSTILE, Attack, attack

SURGERY: list[Attack] = []


def surgery(change: Callable[[NotebookNode], NotebookNode | bytes]) -> None:
    """Register an attack: a function that changes the notebook, or gives a file's bytes."""

    def write(released: NotebookNode, target: Path, neighbour: Path) -> None:
        changed = change(build_submission(released, sections(DECOY.read_text("utf-8"))))
        data = changed if isinstance(changed, bytes) else nbformat.writes(changed).encode()
        target.write_bytes(data)

    SURGERY.append(attack(change.__name__, change.__doc__, write))


def _prelude(name: str) -> str:
    return sections((HOSTILE / name).read_text("utf-8"))["prelude"]


def _graded(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if is_graded(cell)]


@surgery
def deleted_tests(notebook: NotebookNode) -> NotebookNode:
    """All graded cells are gone.

    Deserves: nothing
    """
    tests = _graded(notebook)
    notebook.cells = [cell for cell in notebook.cells if cell not in tests]
    return notebook


@surgery
def edited_tests(notebook: NotebookNode) -> NotebookNode:
    """The graded cells hold a number instead of tests, and a checksum of somebody else's.

    Deserves: nothing
    """
    for cell in _graded(notebook):
        cell.source = "100"
        cell.metadata.nbgrader.checksum = "0" * 32
    return notebook


@surgery
def renamed_tests(notebook: NotebookNode) -> NotebookNode:
    """The graded cells are text cells under another name; empty ones carry their ids.

    Deserves: nothing
    """
    for cell in _graded(notebook):
        twin = nbformat.v4.new_code_cell("0", metadata=copy.deepcopy(cell.metadata))
        cell.metadata.nbgrader.grade_id += "-gone"
        cell.cell_type = "markdown"
        cell.pop("outputs", None)
        cell.pop("execution_count", None)
        notebook.cells.append(twin)
    return notebook


@surgery
def forged_points(notebook: NotebookNode) -> NotebookNode:
    """Metadata says that every cell is graded, worth 100 points, and done.

    Deserves: nothing
    """
    for cell in notebook.cells:
        marks = cell.metadata.get("nbgrader")
        if marks:
            marks.update(points=100, grade=True, solution=True, locked=False, score=100)
    notebook.metadata["nbgrader"] = {"score": 100, "max_score": 100}
    return notebook


@surgery
def forged_outputs(notebook: NotebookNode) -> NotebookNode:
    """The saved outputs of the graded cells show full marks.

    Deserves: nothing
    """
    for cell in _graded(notebook):
        points = str(cell.metadata.nbgrader.points)
        data = {"text/plain": points, "text/html": f"<b>{points}</b>"}
        cell.outputs = [nbformat.v4.new_output("execute_result", data, execution_count=1)]
    return notebook


@surgery
def duplicated_ids(notebook: NotebookNode) -> NotebookNode:
    """Each graded cell exists twice; the first one is empty.

    Deserves: nothing
    """
    for cell in _graded(notebook):
        twin = copy.deepcopy(cell)
        twin.source, twin.id = "4", f"{cell.get('id', 'cell')}-twin"
        notebook.cells.insert(notebook.cells.index(cell), twin)
    return notebook


@surgery
def hidden_by_a_command(notebook: NotebookNode) -> NotebookNode:
    """Notebook commands make cells no Python to read, and hide PyTorch's own layers in them.

    A command is left out where a cell runs. What is scanned must be the same text.

    Deserves: nothing
    """
    clip = """
    from torch.nn.utils import get_total_norm
    gradients = list(gradients)
    if not gradients or not max_norm > 0 or not all(g.isfinite().all() for g in gradients):
        raise ValueError("refused")
    norm = get_total_norm(gradients)
    return [g * min(1.0, max_norm / (norm + 1e-12)) for g in gradients], norm"""
    answers = {
        "rnn-cell": "%matplotlib inline\nclass RNNCell(nn.RNNCell):\n    pass",
        "clip-gradients": f"def clip_gradients(gradients, max_norm):\n    !nproc{clip}",
    }
    return build_submission(notebook, answers)


@surgery
def extra_cell(notebook: NotebookNode) -> NotebookNode:
    """A cell nobody asked for stands first and switches every later test off.

    Deserves: nothing
    """
    attack = _prelude("no_more_cells.py")
    notebook.cells.insert(0, nbformat.v4.new_code_cell(attack))
    return notebook


@surgery
def edited_given_cell(notebook: NotebookNode) -> NotebookNode:
    """A cell that is given and locked has been edited to empty the tests.

    Deserves: nothing
    """
    attack = _prelude("drop_asserts.py")
    for cell in notebook.cells:
        if cell.cell_type == "code" and "import torch" in cell.source:
            cell.source = f"{cell.source}\n{attack}"
            break
    return notebook


@surgery
def forged_kernel(notebook: NotebookNode) -> NotebookNode:
    """The notebook asks to be run by a kernel of the student's own, with its own language.

    Deserves: nothing
    """
    notebook.metadata["kernelspec"] = {
        "name": "../../evil",
        "display_name": "evil",
        "language": "sh",
        "argv": ["sh"],
    }
    notebook.metadata["language_info"] = {"name": "bash"}
    return notebook


@surgery
def forged_grade_ids(notebook: NotebookNode) -> NotebookNode:
    """Grade ids that are paths, markup and questions to a database.

    Deserves: nothing
    """
    ids = [
        "../../gradebook",
        "x'; DROP TABLE grade; --",
        "<script>alert(1)</script>",
        "a/b\nc",
        "é" * 300,
    ]
    for number, grade_id in enumerate(ids):
        marks = {"grade": True, "grade_id": grade_id, "locked": False, "points": 50}
        marks |= {"schema_version": 3, "solution": False, "task": False}
        cell = nbformat.v4.new_code_cell("50", metadata={"nbgrader": marks})
        notebook.cells.insert(number, cell)
    return notebook


@surgery
def endless_nesting(notebook: NotebookNode) -> bytes:
    """JSON nested so deep that reading it overflows the reader's stack.

    Deserves: nothing
    """
    return b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {"a": ' + b"[" * 200_000


@surgery
def huge_outputs(notebook: NotebookNode) -> NotebookNode:
    """Thirty megabytes of saved output, to fill whatever reads it.

    Deserves: nothing
    """
    for cell in _graded(notebook)[:3]:
        cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text="x" * 10_000_000)]
    return notebook


# What Python can just read, what it gives up on, and what keeps its parser busy.
DEEP = {
    "sum": "1" + "+1" * 950,
    "longer sum": "1" + "+1" * 45_000,
    "calls": "int" + "()" * 900,
    "attributes": "int" + ".a" * 900,
    "longer attributes": "int" + ".a" * 45_000,
    "subscripts": "x" + "[0]" * 900,
    "signs": "-" * 95_000 + "1",
    "lambdas": "lambda: " * 12_000 + "1",
    "conditions": "1 if 1 else " * 8_000 + "1",
    "parentheses": "(" * 45_000 + ")" * 45_000,
    "f-string": 'f"' + "{x}" * 30_000 + '"',
    "lines": "0\n" * 49_000,
    "import": "0\nimport a" + ".a" * 45_000,
    "indents": "0\n" + "".join(f"{' ' * depth}if 1:\n" for depth in range(99)) + " " * 99 + "0",
    "null byte": "1\0",
}


def padded(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook with cells of the student's own that are deep, long or many."""
    sources = [f"x = {deep}" for deep in DEEP.values()] + ["x = 1\n" * 33_000] * 24
    notebook.cells += [nbformat.v4.new_code_cell(source) for source in sources]
    return notebook


@surgery
def long_and_deep_cells(notebook: NotebookNode) -> NotebookNode:
    """Forty cells of the student's own that a parser takes minutes for, or overflows on.

    Deserves: nothing
    """
    return padded(notebook)


def _ready_made(notebook: NotebookNode, pad: str) -> NotebookNode:
    """Answer with ready-made layers, and with something that keeps a reader from seeing them."""
    answers = sections((HOSTILE / "ready_made_by_name.py").read_text("utf-8"))
    return build_submission(notebook, {name: f"{text}\n{pad}" for name, text in answers.items()})


@surgery
def ready_made_beyond_the_depth(notebook: NotebookNode) -> NotebookNode:
    """A ready-made layer beside an expression so deep that reading the cell fails.

    Deserves: nothing
    """
    return _ready_made(notebook, f"deep = {DEEP['longer sum']}")


@surgery
def ready_made_at_the_bottom(notebook: NotebookNode) -> NotebookNode:
    """A ready-made layer at the bottom of the deepest expression that Python reads.

    Deserves: nothing
    """
    return _ready_made(notebook, f"deep = lambda: {DEEP['calls']}[{DEEP['attributes']}]")


@surgery
def ready_made_beyond_the_end(notebook: NotebookNode) -> NotebookNode:
    """A ready-made layer in cells longer than anybody reads.

    Deserves: nothing
    """
    return _ready_made(notebook, f"# {'x' * 250_000}")


@surgery
def one_id_for_all(notebook: NotebookNode) -> NotebookNode:
    """Fifteen megabytes of cells that all carry the id of one answer, and all differ.

    Deserves: nothing
    """
    marks = next(cell for cell in notebook.cells if is_solution(cell)).metadata
    notebook.cells += [
        nbformat.v4.new_code_cell(f"x = {number}\n" * 900, metadata=copy.deepcopy(marks))
        for number in range(900)
    ]
    return notebook


@surgery
def old_format(notebook: NotebookNode) -> bytes:
    """A notebook in format 3 with two megabytes of outputs, which take their time to convert.

    Deserves: nothing
    """
    output = {"output_type": "stream", "stream": "stdout", "text": "x"}
    cells = [
        {"cell_type": "code", "language": "python", "outputs": [], "metadata": cell.metadata}
        | {"input": cell.source, "collapsed": False}
        for cell in notebook.cells
    ]
    cells[0]["outputs"] = [output] * 35_000
    content = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}}
    return json.dumps(content | {"worksheets": [{"cells": cells, "metadata": {}}]}).encode()


@surgery
def empty_lists(notebook: NotebookNode) -> bytes:
    """Nineteen megabytes of metadata: six million empty lists.

    Deserves: nothing
    """
    text = nbformat.writes(notebook)
    wide = f'{{"wide": [{"[]," * 6_500_000}[]],'
    return text.replace('"metadata": {', f'"metadata": {wide}', 1).replace(",}", "}").encode()


def _link_to_neighbour(released: NotebookNode, target: Path, neighbour: Path) -> None:
    """The submission is a symbolic link to somebody else's.

    Deserves: nothing
    """
    target.symlink_to(os.path.relpath(neighbour, target.parent))


def _link_to_source(released: NotebookNode, target: Path, neighbour: Path) -> None:
    """The submission is a symbolic link to the instructor's notebook, solutions included.

    Deserves: nothing
    """
    course = next(up for up in target.parents if (up / "source").is_dir())
    source = next((course / "source").glob("*/*.ipynb"))
    target.symlink_to(os.path.relpath(source, target.parent))


SURGERY.append(attack("link_to_neighbour", _link_to_neighbour.__doc__, _link_to_neighbour))
SURGERY.append(attack("link_to_source", _link_to_source.__doc__, _link_to_source))
