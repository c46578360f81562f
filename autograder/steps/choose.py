"""Which of several files by one person counts.

The one that the person worked on last. A file in which no answer differs from the released
notebook was not worked on. What cannot be told apart by its time and differs is a question.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from nbformat import NotebookNode

from autograder.errors import Unreadable
from autograder.notebooks.marks import answers_of, grade_id_of, is_by_hand, is_solution
from autograder.notebooks.read import read_submission
from autograder.steps.inbox import Found
from autograder.steps.manifest import printable

MAX_FILES = 20  # notebooks of one person that are read
PACKING_S = 10.0  # what an LMS needs to pack one person's files, with the time of packing on them


@dataclass(frozen=True)
class Choice:
    """The file that counts, or None, and for every other one why it does not."""

    taken: Found | None
    reasons: dict[Found, str]


def choose(
    files: list[Found],
    blank: bytes,
    *,
    packed: bool,
    uploads: Mapping[Found, tuple[str, int]] | None = None,
) -> Choice:
    """Choose among one person's files; ``blank`` is the released notebook.

    ``packed``: times are those of packing, so a small difference between them says nothing.
    ``uploads`` are a platform's names and numbers of the files; of one that was handed in again
    under its name the highest number is the last.
    """
    if len(files) == 1:
        return Choice(files[0], {})
    reasons: dict[Found, str] = {}
    contents: dict[Found, Content] = {}
    files = sorted(files, key=lambda found: (-_time(found), found.name))
    for found in files[MAX_FILES:]:
        reasons[found] = f"is one of more than {MAX_FILES} notebooks by one student"
    for found in files[:MAX_FILES]:
        try:
            contents[found] = content_of(found.read(), blank)
        except ValueError as error:
            reasons[found] = str(error)
    best = max((content.rank for content in contents.values()), default=0)
    rivals = [found for found, content in contents.items() if content.rank == best]
    reasons |= {
        found: WHY_NOT[content.rank] for found, content in contents.items() if content.rank < best
    }
    if not rivals:
        return Choice(None, reasons)
    newest = [found for found in rivals if _is_level(found, rivals[0], packed=packed)]
    again = {uploads[found] for found in newest} if uploads else set()
    if len(again) == len(newest) > 1 and len({name for name, _ in again}) == 1:
        assert uploads is not None
        newest.sort(key=lambda found: -uploads[found][1])
        reasons |= dict.fromkeys(newest[1:], f"{printable(newest[0].name)} was handed in later")
        rivals = [found for found in rivals if found not in newest[1:]]
        newest = newest[:1]
    older = f"{printable(newest[0].name)} is newer"
    reasons |= {found: older for found in rivals if found not in newest}
    if len({contents[found].digest for found in newest}) > 1:
        names = " and ".join(printable(found.name) for found in newest[:3])
        question = f"{names} are of one time and differ; say which counts with --map"
        return Choice(None, reasons | dict.fromkeys(newest, question))
    same = f"is the same as {printable(newest[0].name)}"
    return Choice(newest[0], reasons | dict.fromkeys(newest[1:], same))


@dataclass(frozen=True)
class Content:
    """What a file holds, as far as it matters: how much it speaks for being the work, and what."""

    rank: int
    digest: str


WHY_NOT = ("nothing in it was changed since it was released", "has no cell of the assignment")


def content_of(data: bytes, blank: bytes) -> Content:
    """Compare a file with the released notebook ``blank`` by its answers alone, code and words.

    Where a task asks for them, cells of the student's own are answers, too.
    """
    released = read_submission(blank)
    has_task = any(is_by_hand(cell) and not is_solution(cell) for cell in released.cells)
    try:
        submitted = read_submission(data)
    except Unreadable:  # perhaps the work, damaged
        return Content(2, hashlib.sha256(data).hexdigest())
    answers, open_ones = _answers(submitted), _answers(released)
    if not answers.keys() & open_ones.keys():
        return Content(1, _digest([cell.source for cell in submitted.cells]))
    own = [_own_cells(notebook) if has_task else [] for notebook in (submitted, released)]
    is_blank = answers == open_ones and own[0] == own[1]
    return Content(0 if is_blank else 2, _digest([sorted(answers.items()), own[0]]))


def _answers(notebook: NotebookNode) -> dict[str, str]:
    words = answers_of(notebook, "markdown")
    return answers_of(notebook) | {f"{name} in words": text for name, text in words.items()}


def _own_cells(notebook: NotebookNode) -> list[str]:
    return [cell.source for cell in notebook.cells if not grade_id_of(cell)]


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _is_level(found: Found, newest: Found, *, packed: bool) -> bool:
    """Tell whether the two files' times say nothing about which is the later one."""
    one, other = _time(found), _time(newest)
    return one == other or other - one <= (PACKING_S if packed else 0)


def _time(found: Found) -> float:
    return found.time if found.time is not None else float("-inf")
