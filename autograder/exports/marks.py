"""Everybody's mark in an assignment, with all that a platform may know them by.

Everybody: who is on the roster, who has handed something in, and whom the gradebook has a mark of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from autograder.course.directory import Course
from autograder.course.sheet import Line
from autograder.steps.identity import BY_NAME
from autograder.steps.manifest import Entry, read_manifest
from autograder.steps.people import CANVAS, MOODLE, Person, read_people, spelled
from autograder.steps.scores import Score, maximum, read_scores
from autograder.verdict import Verdict

State = Literal["graded", "waiting", "missing"]  # waiting: handed in, and not graded yet


@dataclass(frozen=True)
class Mark:
    """One student in one assignment."""

    person: Person
    state: State
    max_points: float
    score: Score | None = None
    verdict: Verdict | None = None
    entry: Entry | None = None  # what was collected
    is_on_roster: bool = False

    @property
    def student(self) -> str:
        return self.person.student

    @property
    def points(self) -> float | None:
        """The gradebook's mark; None where there is none yet."""
        return self.score.points if self.score is not None and self.state == "graded" else None

    @property
    def late_s(self) -> float:
        return self.score.late_s if self.score is not None else 0.0

    @property
    def is_late(self) -> bool:
        """After the date that holds for them, or so the platform says."""
        return self.late_s > 0 or (self.entry is not None and self.entry.is_late)

    def given(self, absent: float | None) -> float | None:
        """Return what a platform is told: ``absent`` for what was never handed in."""
        return absent if self.state == "missing" else self.points


def marks(course: Course, assignment: str) -> list[Mark]:
    """Return everybody's mark, by student."""
    people, found = read_people(course), read_scores(course, assignment)
    entries = read_manifest(course, assignment).submissions
    submitted = set(course.students(assignment))
    worth = maximum(course, assignment)
    rows = []
    for student in sorted({*people, *submitted, *found}):
        verdict = course.read_verdict(assignment, student)
        score = found.get(student)
        is_marked = score is not None and (verdict is not None or _by_hand(score))
        state: State = "graded" if is_marked else "waiting" if student in submitted else "missing"
        entry = entries.get(student)
        person = people.get(student) or Person(student)
        rows.append(
            Mark(
                with_ids(person, entry, assignment),
                state,
                score.max_points if score else worth,
                score,
                verdict,
                entry,
                student in people,
            )
        )
    return rows


def with_ids(person: Person, entry: Entry | None, assignment: str) -> Person:
    """Return the person with the number that the platform had for the collected work."""
    if entry is None:
        return person
    name = person.last_name if person.name else entry.original
    ids = dict(person.ids)
    if entry.kind == "canvas":
        ids.setdefault(CANVAS, entry.id)
    elif entry.kind == "moodle":
        ids[MOODLE + assignment] = entry.id
    return Person(person.student, person.first_name, name, person.email, person.sections, ids)


def lms_of(mark: Mark) -> tuple[str, str]:
    """Return the platform that the work came from, and its own number for the person."""
    entry = mark.entry
    if entry is None or entry.kind in ("", "given", *BY_NAME):
        return "", ""
    return entry.kind if entry.kind != "pattern" else "", entry.id


class Finder:
    """Finds the mark that a row of a platform's table is about."""

    def __init__(self, rows: Iterable[Mark], assignment: str) -> None:
        self._by: dict[tuple[str, str], list[Mark]] = {}
        for mark in rows:
            person = mark.person
            keys = [*person.ids.items(), ("email", person.email), ("name", spelled(person.name))]
            keys += [("username", person.student), ("login", person.student)]
            for kind, value in {(kind, value.casefold()): None for kind, value in keys}:
                if value:
                    self._by.setdefault((kind, value), []).append(mark)
        self.assignment = assignment

    def find(self, said: Mapping[str, str]) -> Mark | None:
        """Return whose row says this, by kind; the first kind that one person alone has decides.

        Nobody is found by a name whose number is another one than the row's.
        """
        for kind, value in said.items():
            text = spelled(value) if kind == "name" else value.casefold()
            found = self._by.get((kind, text), []) if value else []
            if len(found) == 1 and not _contradicts(found[0].person, said):
                return found[0]
        return None


def _contradicts(person: Person, said: Mapping[str, str]) -> bool:
    """Tell whether the person is known to have another id than the one that is said."""
    return any(
        value and person.ids.get(kind, value).casefold() != value.casefold()
        for kind, value in said.items()
    )


def read_cells(line: Line, columns: Mapping[str, int | None]) -> dict[str, str]:
    """Return what a row says in these columns, as far as the table has them."""
    return {kind: line[column] for kind, column in columns.items() if column is not None}


def _by_hand(score: Score) -> bool:
    return any(part.manual is not None for part in score.parts.values())
