"""Which submissions of an assignment share more than chance: a reason to look, and no proof.

Reads what was handed in, and runs none of it. What is compared, and how, is `similarity/`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from autograder.course.directory import Course
from autograder.course.files import write_atomically
from autograder.errors import AutograderError, Unreadable
from autograder.notebooks.marks import cells_of, digest, grade_id_of, is_code, source_of
from autograder.notebooks.outline import outline, part_titles, sentence
from autograder.notebooks.pairing import pair
from autograder.notebooks.read import read_bytes, read_plain
from autograder.similarity.pairs import Collection, Pair, Piece, Text
from autograder.similarity.tokens import Token
from autograder.steps.pages import render, script

MAX_CHARS = 100_000  # of one cell, as in grading
MAX_TEXT = 300_000  # of one submission
MAX_EARLIER = 20_000  # submissions of other years
OWN = "in a cell of their own"


@dataclass(frozen=True)
class Similar:
    """What came of a comparison."""

    assignment: str
    pairs: list[Pair]
    compared: int  # this year's submissions
    earlier: int  # other years'
    unread: list[tuple[str, str]]  # whose cell or file was left out, and why


class Reader:
    """Reads submissions of one assignment: what their authors wrote, by part."""

    def __init__(self, course: Course, assignment: str) -> None:
        source, release = (
            _notebook(course.notebook(step, assignment)) for step in ("source", "release")
        )
        expected = outline(source)
        titles = part_titles(source)
        self._parts = {
            cell: titles.get(part, part)
            for part, cells in pair(expected, source).answers.items()
            for cell in cells
        }
        self._names = {cell.id: cell.name for cell in expected}
        self._given = {digest(source_of(cell)) for cell in cells_of(release)}
        self.unread: list[tuple[str, str]] = []

    def text(self, owner: str, data: bytes, *, is_earlier: bool = False) -> Text | None:
        """Return what one submission holds that was not handed out; None for no notebook."""
        try:
            notebook = read_plain(data)
        except Unreadable as error:
            self.unread.append((owner, str(error)))
            return None
        pieces, room = [], MAX_TEXT
        for piece in self._pieces(notebook):
            if len(piece.source) > min(MAX_CHARS, room):
                self.unread.append((owner, f"{piece.name}: too long to compare"))
                continue
            room -= len(piece.source)
            pieces.append(piece)
        return Text(owner, pieces, is_earlier=is_earlier)

    def _pieces(self, notebook: Any) -> Iterator[Piece]:
        for cell in cells_of(notebook):
            name, source = grade_id_of(cell), source_of(cell)
            is_answer = name in self._names
            if digest(source) in self._given or not source.strip():
                continue
            if is_code(cell) or is_answer:
                part = self._parts.get(name, self._names.get(name, OWN))
                title = self._names.get(name, "a cell of their own")
                yield Piece(part, sentence(title), source, is_prose=not is_code(cell))


def similar(
    course: Course, assignment: str, against: Sequence[Path] = (), most: int = 20
) -> Similar:
    """Compare all submissions of an assignment, and with those in other folders.

    Raises AutograderError when a folder has no submission of the assignment in it.
    """
    course.require_released(assignment)
    reader = Reader(course, assignment)
    texts = []
    for student in course.students(assignment):
        data = read_bytes(course.notebook("submitted", assignment, student))
        texts.append(reader.text(student, data))
    this_year = [text for text in texts if text is not None]
    earlier = [
        text
        for folder in against
        for owner, path in _submissions(folder, assignment)
        if (text := reader.text(owner, read_bytes(path), is_earlier=True)) is not None
    ]
    found = Collection([*this_year, *earlier], _handed_out(course)).pairs(most)
    return Similar(assignment, found, len(this_year), len(earlier), reader.unread)


def write_page(found: Similar, target: Path) -> None:
    """Write the pairs side by side, with what matches marked."""
    code, digest_ = script("site/tables.js")
    pairs = [
        {
            "pair": each,
            "sides": [
                list(_shown(text, marks))
                for text, marks in zip(each.texts, each.marks, strict=True)
            ],
        }
        for each in found.pairs
    ]
    page = render("similar.html.j2", found=found, pairs=pairs, script=code, script_hash=digest_)
    write_atomically(target, page.encode())


def _handed_out(course: Course) -> list[Text]:
    """Return what everybody has: the course's releases, and the reference that the book shows."""
    return [
        Text(
            name,
            [
                Piece(name, name, source_of(cell), is_prose=not is_code(cell))
                for cell in cells_of(_notebook(course.notebook(step, name)))
            ],
        )
        for name in course.released()
        for step in ("source", "release")
    ]


def _notebook(path: Path) -> Any:
    """Return a notebook of the course's own as plain JSON."""
    try:
        return read_plain(path.read_bytes())
    except (OSError, Unreadable) as error:
        raise AutograderError(
            f"a notebook of the course cannot be read: {error}",
            str(path),
            "Run 'autograder release --force' to make it again.",
        ) from error


def _submissions(folder: Path, assignment: str) -> list[tuple[str, Path]]:
    """Return the notebooks of another course, or of any folder, each with its author."""
    base = folder / "submitted" if (folder / "submitted").is_dir() else folder
    label = folder.resolve().name
    found = sorted(islice(base.glob(f"*/{assignment}/{assignment}.ipynb"), MAX_EARLIER + 1))
    named = [(f"{path.parent.parent.name} ({label})", path) for path in found]
    if not found and base == folder:
        found = sorted(islice(base.rglob("*.ipynb"), MAX_EARLIER + 1))
        named = [(f"{path.relative_to(base)} ({label})", path) for path in found]
    if not found:
        raise AutograderError(
            f"there is no submission of {assignment!r} to compare with",
            str(folder),
            "Name another course's directory, or a folder with notebooks in it.",
        )
    if len(found) > MAX_EARLIER:
        raise AutograderError(
            f"there are more than {MAX_EARLIER:,} notebooks",
            str(folder),
            "Name the folder of one assignment.",
        )
    return named


def _shown(text: Text, marks: Sequence[bytearray]) -> Iterator[tuple[str, Markup]]:
    """Yield name and source of every cell in which something matches, with marks."""
    for piece, found, marked in zip(text.pieces, text.tokens(), marks, strict=True):
        if any(marked):
            yield piece.name, _highlighted(piece.source, found, marked)


def _highlighted(source: str, found: Sequence[Token], marked: bytearray) -> Markup:
    pieces, done, begin = [], 0, -1
    for place, token in enumerate(found):
        if marked[place] and begin < 0:
            begin = token.start
        is_last = place + 1 == len(found) or not marked[place + 1]
        if begin >= 0 and is_last:
            pieces += [
                escape(source[done:begin]),
                Markup("<mark>{}</mark>").format(source[begin : token.end]),
            ]
            done, begin = token.end, -1
    return Markup("").join([*pieces, escape(source[done:])])
