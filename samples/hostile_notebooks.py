"""The hostile corpus: submissions that try for a mark they did not earn, or for damage.

Most attacks are files in ``hostile/``: sections ``# %% GRADE_ID`` with the answers, which
replace those of ``rnn_limits/decoy.py``, and ``# %% prelude``, which runs first. The docstring
says what the attack tries, and ``Deserves:`` what an honest mark gives it: "nothing", or points
per graded cell. Attacks on the notebook as a file are in ``hostile_surgery.py``.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from samples.corpus import build_submission, sections

HERE = Path(__file__).parent
HOSTILE = HERE / "hostile"
DECOY = HERE / "rnn_limits" / "decoy.py"
FIRST = "rnn-cell"
DESERVES = re.compile(r"^Deserves: (.+)$", re.M)


@dataclass(frozen=True)
class Attack:
    """One hostile submission.

    ``write(released, path, neighbour)`` makes it from the released notebook and puts it at
    ``path``; ``neighbour`` is where another student's submission lies.
    """

    name: str
    tries: str
    deserves: dict[str, float]
    write: Callable[[NotebookNode, Path, Path], None]


def attacks() -> list[Attack]:
    """Return the whole corpus, by name."""
    from samples.hostile_surgery import SURGERY

    files = [DECOY, *HOSTILE.glob("*.py")]
    return sorted([*map(_from_file, files), *SURGERY], key=lambda attack: attack.name)


def answers_in(path: Path) -> dict[str, str]:
    """Return the answers of an attack file by grade_id: the decoy's, unless it has its own."""
    answers = {**sections(DECOY.read_text("utf-8")), **sections(path.read_text("utf-8"))}
    answers[FIRST] = f"{answers.pop('prelude', '')}\n\n\n{answers[FIRST]}".strip()
    return answers


def attack(
    name: str, docstring: str | None, write: Callable[[NotebookNode, Path, Path], None]
) -> Attack:
    """Return the attack that a docstring describes."""
    text = inspect.cleandoc(docstring or "")
    deserves = DESERVES.search(text)
    if deserves is None:
        raise ValueError(f"{name}: the docstring has no line 'Deserves: ...'")
    words = [] if deserves[1] == "nothing" else deserves[1].split(", ")
    marks = {part: float(points) for part, points in (word.split() for word in words)}
    return Attack(name, text.splitlines()[0], marks, write)


def _from_file(path: Path) -> Attack:
    def write(released: NotebookNode, target: Path, neighbour: Path) -> None:
        nbformat.write(build_submission(released, answers_in(path)), target)

    return attack(path.stem, ast.get_docstring(ast.parse(path.read_text())), write)
