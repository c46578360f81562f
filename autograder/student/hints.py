"""One hint after the other: which part a student means, and which hint comes next.

What has been shown is kept in a small file of the user's own, so that the next call goes on from
there. Where that file cannot be written, hints are still shown, from the first one on.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from autograder.errors import AutograderError
from autograder.notebooks.hints import Hint, Section, meant, sections
from autograder.student.opened import open_notebook

Shown = dict[str, dict[str, int]]  # assignment -> part -> how many of its hints


@dataclass(frozen=True)
class Told:
    """What is shown now: hints of one part, and where they stand among all of them."""

    part: Section
    hints: list[Hint]
    first: int  # the number of the first of them

    @property
    def last(self) -> int:
        return self.first + len(self.hints) - 1


def hint(notebook: Path, said: str, memory: Path, *, everything: bool = False) -> Told:
    """Return the next hint for a part, or all of them; after the last one they begin anew.

    Args:
        said: the part, by its number, its title or a piece of it, or the id of one of its cells.
        memory: the file that keeps what has been shown.

    Raises AutograderError for a file that is no notebook of an assignment, and, naming what there
    is, for a part that is not one and for one without hints.
    """
    found, facts = open_notebook(notebook)
    parts = sections(found)
    part = _the_one(parts, said, notebook)
    if not part.hints:
        raise AutograderError(
            f"“{part.title}” has no hints",
            str(notebook),
            f"Parts with hints: {_listed([each for each in parts if each.hints])}.",
        )
    if everything:
        return Told(part, part.hints, 1)
    assignment = str(facts.get("assignment", notebook.name))
    shown = _read(memory)
    before = shown.setdefault(assignment, {})
    index = before.get(part.grade_ids[0], 0) % len(part.hints)
    before[part.grade_ids[0]] = index + 1
    with contextlib.suppress(OSError):
        memory.parent.mkdir(parents=True, exist_ok=True)
        memory.write_bytes(msgspec.json.encode(shown))
    return Told(part, part.hints[index : index + 1], index + 1)


def parts_of(notebook: Path) -> list[Section]:
    """Return the parts of a notebook that have tests."""
    return sections(open_notebook(notebook)[0])


def _the_one(parts: list[Section], said: str, notebook: Path) -> Section:
    found = meant(parts, said)
    if len(found) == 1:
        return found[0]
    what = f"several parts may be meant by {said!r}" if found else f"there is no part {said!r}"
    raise AutograderError(what, str(notebook), f"Parts: {_listed(found or parts)}.")


def _listed(parts: list[Section]) -> str:
    return "; ".join(part.title for part in parts) or "none"


def _read(memory: Path) -> Shown:
    """Return what has been shown; nothing where nothing is kept, or nothing that can be read."""
    try:
        return msgspec.json.decode(memory.read_bytes(), type=Shown)
    except (OSError, msgspec.DecodeError):
        return {}
