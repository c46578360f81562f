"""Submissions as small files: only the cells a student would have written.

A file holds sections ``# %% GRADE_ID``, each the full source of one solution cell. Cells that a
file does not name are those of the notebook it is put into, so over the instructor's assembled
notebook they are right. A wrong version says in ``BREAKS`` which checks of which graded cells it
fails, and in ``SAYS`` which of them is meant for it and what words the message must have; every
check that is not named must pass. ``KIND`` says what may cost more or less than a bug usually does
(see ``KINDS``).
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from autograder.notebooks.marks import grade_id_of, is_solution
from autograder.notebooks.regions import without_hidden

KINDS = (
    "bug",  # costs a part of its part's points
    "wrapping",  # right numbers in a wrong form: costs one check
    "grave",  # wrong about every call: may cost the whole part
    "ready-made",  # is refused: costs the whole part
)
SECTION = re.compile(r"^# %% ([\w-]+)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Version:
    """One right or wrong version of an assignment's answers."""

    name: str
    about: str  # what is special about it
    sections: dict[str, str]  # solution cell -> source
    breaks: dict[str, list[str]]  # graded cell -> checks that must fail; empty when right
    says: dict[str, str]  # the check meant for the bug -> what its message must contain
    kind: str = "bug"  # one of KINDS


def versions(folder: Path, kind: str) -> list[Version]:
    """Return the versions of a ``kind`` ("right", "wrong") in a folder: files KIND_NAME.py."""
    return [read_version(path) for path in sorted(folder.glob(f"{kind}_*.py"))]


def read_version(path: Path) -> Version:
    """Read one file of the corpus; raise ValueError when it is not laid out like one."""
    text = path.read_text(encoding="utf-8")
    found = sections(text)
    about = ast.get_docstring(ast.parse(text, filename=str(path)))
    if not found or not about:
        raise ValueError(f"{path} needs a docstring and at least one section '# %% GRADE_ID'")
    breaks, says = (dict(_constant(text, name, {})) for name in ("BREAKS", "SAYS"))
    kind = _constant(text, "KIND", "bug")
    if kind not in KINDS:
        raise ValueError(f"{path} has KIND = {kind!r}; known are {', '.join(KINDS)}")
    return Version(path.stem, about, found, breaks, says, kind)


def sections(text: str) -> dict[str, str]:
    """Return the source of every ``# %% NAME`` section."""
    _, *pieces = SECTION.split(text)
    return {name: body.strip() for name, body in zip(pieces[::2], pieces[1::2], strict=True)}


def build_submission(notebook: NotebookNode, answers: Mapping[str, str]) -> NotebookNode:
    """Return a copy of a notebook with these solution cells and without hidden regions.

    ``notebook`` is the instructor's (what is not answered is right) or the released one (what is
    not answered is left open). Raises KeyError when it has no solution cell of some name.
    """
    submission = copy.deepcopy(notebook)
    left = dict(answers)
    for cell in submission.cells:
        if cell.cell_type != "code":
            continue
        if is_solution(cell) and grade_id_of(cell) in left:
            cell.source = left.pop(grade_id_of(cell))
        cell.source = without_hidden(cell.source, cell.id)
    if left:
        raise KeyError(f"the notebook has no solution cell {', '.join(map(repr, left))}")
    return submission


def _constant(text: str, name: str, otherwise: Any) -> Any:
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return ast.literal_eval(node.value)
    return otherwise
