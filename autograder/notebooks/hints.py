"""The hints in a notebook's text, part by part, and the part that a student means.

An author writes a hint where it is read: below the answer, as a drop-down.

    <details>
    <summary>Hint 1: which way round does the weight go?</summary>

    Write the shapes down. [...]

    </details>

It belongs to the part under whose heading it stands, or to the next one where that heading has no
tests. So the notebook is all that it takes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from autograder.notebooks.marks import grade_id_of, is_code, is_graded, source_of
from autograder.notebooks.outline import under_headings

DROP_DOWN = re.compile(
    r"<details[^<>]*>\s*<summary>([^<>]*)</summary>(.*?)</details>", re.DOTALL | re.IGNORECASE
)
COUNT = re.compile(r"^hint(\s+\d+)?:\s*", re.IGNORECASE)
FORMULA = re.compile(r"\$([^$`\n]+)\$")
NUMBERED = re.compile(r"part\s+(\w+)", re.IGNORECASE)


@dataclass(frozen=True)
class Hint:
    """What an author would say to somebody who is stuck."""

    title: str
    text: str  # Markdown

    @property
    def topic(self) -> str:
        """The title without the count, which is ours to say."""
        return COUNT.sub("", self.title)

    @property
    def readable(self) -> str:
        """The text for a terminal, where formulas stay as they are typed."""
        return FORMULA.sub(r"`\1`", self.text)


@dataclass
class Section:
    """A part of the assignment as its reader sees it: what stands under one heading."""

    title: str
    grade_ids: list[str] = field(default_factory=list)  # of the tests in it
    answers: list[str] = field(default_factory=list)  # the ids of the cells to fill in
    hints: list[Hint] = field(default_factory=list)

    @property
    def number(self) -> str:
        """What the heading counts it as ("2" for "Part 2: the layer"), or nothing."""
        found = NUMBERED.match(self.title)
        return found[1].lower() if found else ""


def sections(notebook: Any) -> list[Section]:
    """Return the parts that have tests, in the notebook's order, each with its hints."""
    found: list[Section] = []
    above = None
    for heading, _, cell in under_headings(notebook):
        if heading != above or (not heading and found[-1].grade_ids):
            found.append(Section(heading))
            above = heading
        section = found[-1]
        if is_graded(cell):
            section.grade_ids.append(grade_id_of(cell))
            section.title = section.title or grade_id_of(cell)
        elif is_code(cell) and grade_id_of(cell):
            section.answers.append(grade_id_of(cell))
        elif cell.get("cell_type") == "markdown":
            section.hints += hints_in(source_of(cell))
    parts: list[Section] = []
    waiting = Section("")  # what stands under headings without tests is for the next part
    for section in found:
        waiting.answers += section.answers
        waiting.hints += section.hints
        if section.grade_ids:
            parts.append(replace(section, answers=waiting.answers, hints=waiting.hints))
            waiting = Section("")
    return parts


def hints_in(text: str) -> Iterator[Hint]:
    """Yield the hints of a piece of Markdown, in order."""
    for title, body in DROP_DOWN.findall(text.replace("\r\n", "\n")):
        yield Hint(" ".join(title.split()), body.strip())


def where_to_look(notebook: Any, name: str) -> dict[str, str]:
    """Return, for each graded cell, where its student should look; ``name`` is the file's."""
    return {
        grade_id: _look(part, number, name)
        for number, part in enumerate(sections(notebook), 1)
        for grade_id in part.grade_ids
    }


def _look(part: Section, number: int, name: str) -> str:
    """Say where a part is explained, and how to get its hints."""
    place = f"Read “{part.title}” in the notebook again"
    if not part.hints:
        return f"{place}."
    count = "a hint" if len(part.hints) == 1 else f"{len(part.hints)} hints"
    return f"{place}; it has {count}: autograder hint {name} {part.number or number}"


def meant(parts: list[Section], said: str) -> list[Section]:
    """Return the parts that may be meant by a number, an id, a title or a piece of one."""
    wanted = " ".join(said.split()).casefold()
    bare = wanted.removeprefix("part").strip(" :")
    numbered = [part for part in parts if part.number]
    if bare.isdigit() and not numbered:
        return parts[int(bare) - 1 : int(bare)] if int(bare) else []
    ways = (
        lambda part: bool(bare) and part.number == bare,
        lambda part: wanted in map(str.casefold, [*part.grade_ids, *part.answers]),
        lambda part: part.title.casefold() == wanted,
        lambda part: bool(wanted) and wanted in part.title.casefold(),
    )
    for way in ways:
        found = [part for part in parts if way(part)]
        if found:
            return found
    return []
