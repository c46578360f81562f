"""Attacks on the notebook as a file: cells deleted, doubled or forged, and files that are none.

Each starts from the notebook filled with the decoy's wrong answers.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.notebooks.marks import is_graded
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
