"""Which of several files by one person counts.

The one that the person worked on last. A file in which no answer differs from the released
notebook was not worked on. What cannot be told apart by its time and differs is a question.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from autograder.errors import Unreadable
from autograder.notebooks.marks import answers_of
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


def choose(files: list[Found], blank: bytes, *, packed: bool) -> Choice:
    """Choose among one person's files; ``blank`` is the released notebook.

    ``packed``: times are those of packing, so a small difference between them says nothing.
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
    older = f"{printable(newest[0].name)} is newer"
    reasons |= dict.fromkeys(rivals[len(newest) :], older)
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
    """Compare a file with the released notebook ``blank`` by its answers alone."""
    released = answers_of(read_submission(blank))
    try:
        submitted = read_submission(data)
    except Unreadable:  # perhaps the work, damaged
        return Content(2, hashlib.sha256(data).hexdigest())
    answers = answers_of(submitted)
    if not answers.keys() & released.keys():
        return Content(1, _digest([cell.source for cell in submitted.cells]))
    return Content(0 if answers == released else 2, _digest(sorted(answers.items())))


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _is_level(found: Found, newest: Found, *, packed: bool) -> bool:
    """Tell whether the two files' times say nothing about which is the later one."""
    one, other = _time(found), _time(newest)
    return one == other or other - one <= (PACKING_S if packed else 0)


def _time(found: Found) -> float:
    return found.time if found.time is not None else float("-inf")
