"""Read a class list into the roster.

The list may be one's own CSV, Canvas's gradebook export, Moodle's list of participants or the
grading worksheet of an assignment. Columns are found by name. Whoever is on the roster, or has
handed something in, is found again by any id, address or name that only one person has; so the same
list twice changes nothing, and nobody becomes two. A row that may mean two people is refused.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from autograder.course.directory import OURS, Course
from autograder.course.sheet import Line, Sheet
from autograder.errors import AutograderError
from autograder.steps.manifest import looks, printable, read_manifest, safe_id
from autograder.steps.people import (
    CANVAS,
    LOGIN,
    MOODLE,
    NUMBER,
    Person,
    called,
    read_people,
    spelled,
)

FIRST = ("First name", "firstname", "First", "Given name")
LAST = ("Last name", "lastname", "Last", "Surname", "Family name")
FULL = ("Full name", "Name", "Student")
EMAIL = ("Email address", "Email", "E-mail", "Mail")
SECTION = ("Section", "Sections", "Groups", "Group")
IDS = {
    "username": ("Username", "User name", "Student ID", "ID", "Login", "NetID", "Student"),
    CANVAS: ("Canvas ID", "Canvas user ID", "LMS user ID"),
    "sis_user": ("SIS User ID",),
    LOGIN: ("SIS Login ID",),
    NUMBER: ("ID number", "Student number", "Matriculation number"),
    "github": ("GitHub username", "GitHub"),
}
# A folder is called by the first of these that a list has.
NAMED_BY = ("username", LOGIN, "email", NUMBER, "sis_user", "name", CANVAS)
PARTICIPANT = re.compile(r"\D*?\s*([0-9]{1,20})")  # "Participant 123", in any language
POINTS = "points possible"  # Canvas's second row
TEST_STUDENT = ("student, test", "test student")  # whom Canvas invents


@dataclass
class Enrolment:
    """What an import did."""

    people: dict[str, Person] = field(default_factory=dict)  # the roster now
    added: list[str] = field(default_factory=list)
    changed: dict[str, list[str]] = field(default_factory=dict)  # "email: old -> new"
    unchanged: int = 0
    absent: list[str] = field(default_factory=list)  # on the roster, and not in the list
    refused: list[tuple[int, str]] = field(default_factory=list)  # line and reason
    notes: list[str] = field(default_factory=list)

    @property
    def written(self) -> list[str]:
        return sorted([*self.added, *self.changed])


def enrol(course: Course, sheet: Sheet, assignment: str = "", named_by: str = "") -> Enrolment:
    """Work out what the roster is with this list; nothing is written.

    Args:
        assignment: the one that Moodle's grading worksheet belongs to; then its numbers
            ("Participant 123") are kept, by which Moodle's downloads name people.
        named_by: the column that students' ids come from, if not by NAMED_BY.
    """
    return _Import(course, _Columns(sheet, assignment, named_by)).run(sheet)


class _Columns:
    """Where things stand in the list."""

    def __init__(self, sheet: Sheet, assignment: str, named_by: str) -> None:
        self.sheet, self.assignment = sheet, assignment
        canvas = ("Section", "SIS Login ID", "SIS User ID")
        self.is_canvas = bool(
            sheet.column("Student") is not None
            and sheet.column("ID") is not None
            and any(sheet.column(name) is not None for name in canvas)
        )
        self.first, self.last = sheet.column(*FIRST), sheet.column(*LAST)
        self.email, self.section = sheet.column(*EMAIL), sheet.column(*SECTION)
        self.ids = {kind: sheet.column(*names) for kind, names in IDS.items()}
        if self.is_canvas:
            self.ids |= {"username": None, CANVAS: sheet.column("ID")}
        full = sheet.column(*FULL)
        self.full = None if full == self.ids["username"] else full
        self.participant = sheet.column("Identifier")
        self.named_by = sheet.column(named_by) if named_by else None
        if named_by and self.named_by is None:
            raise AutograderError(
                f"the list has no column {named_by!r}",
                sheet.name,
                f"Its columns: {', '.join(map(printable, sheet.head))}.",
            )
        names = [self.first, self.last, self.full, self.email, self.named_by]
        if all(column is None for column in [*names, *self.ids.values()]):
            raise AutograderError(
                "no column of the list says who anybody is",
                sheet.name,
                "Name its columns in the first line, such as: username, first name, last name, "
                f"email, section. It has: {', '.join(map(printable, sheet.head[:12]))}.",
            )

    def person(self, line: Line) -> Person:
        """Read a row; ``student`` is the id that it would get, not checked yet."""

        def text(column: int | None) -> str:
            return "" if column is None else unicodedata.normalize("NFC", line[column])

        first, last = text(self.first), text(self.last)
        if not first and not last:
            last = text(self.full)
            if self.is_canvas and last.count(",") == 1:
                last, first = (part.strip() for part in last.split(","))
        ids = {kind: text(column) for kind, column in self.ids.items()}
        if self.assignment and (number := PARTICIPANT.fullmatch(text(self.participant))):
            ids[MOODLE + self.assignment] = number[1]
        sections = text(self.section)
        parts = [sections] if self.is_canvas else re.split(r"[;,]", sections)
        person = Person(
            "",
            first,
            last,
            text(self.email),
            [part.strip() for part in parts if part.strip()],
            {kind: value for kind, value in ids.items() if value},
        )
        ways = {"email": person.email, "name": person.name, **person.ids}
        student = text(self.named_by) or next((ways[way] for way in NAMED_BY if ways.get(way)), "")
        return msgspec.structs.replace(person, student=student)


class _Import:
    def __init__(self, course: Course, columns: _Columns) -> None:
        self.columns = columns
        self.done = Enrolment(read_people(course))
        self.before = set(self.done.people)
        self.collected = _collected(course)
        self.folders = {path.name for path in (course.root / "submitted").glob("*")}

    def run(self, sheet: Sheet) -> Enrolment:
        rows = [(line, self.columns.person(line)) for line in sheet.lines]
        rows = [row for row in rows if not self._is_nobody(*row)]
        self._note_what_is_left_aside()
        often = Counter(mark for _, person in rows for mark in set(_marks(person)))
        names = Counter(spelled(person.name) for _, person in rows)
        found: dict[str, tuple[Line, Person]] = {}
        for line, person in rows:
            try:
                student = self._student_of(person, often, names)
                if student in found:
                    first = found[student][0].number
                    raise _Doubtful(f"{student} stands in line {first} already")
            except _Doubtful as doubt:
                self.done.refused.append((line.number, str(doubt)))
            else:
                found[student] = (line, person)
        for student, (_, person) in found.items():
            self._take(student, person)
        self.done.absent = sorted(self.before - found.keys())
        return self.done

    def _is_nobody(self, line: Line, person: Person) -> bool:
        """Tell whether it is a row of Canvas's that is about no person."""
        name = line[0].casefold()
        if not self.columns.is_canvas or person.ids.get(LOGIN) or person.ids.get("sis_user"):
            return False
        if name in TEST_STUDENT:
            self.done.notes.append(f"line {line.number} is Canvas's test student: left out")
        return name in TEST_STUDENT or POINTS in name or not any(line[i] for i in (0, 1))

    def _note_what_is_left_aside(self) -> None:
        if self.columns.participant is not None and not self.columns.assignment:
            self.done.notes.append(
                "this is the worksheet of one assignment in Moodle; say which with --assignment, "
                "and its numbers will say whose a download is, also where two share a name"
            )

    def _student_of(
        self, person: Person, often: Mapping[tuple[str, str], int], names: Mapping[str, int]
    ) -> str:
        """Return whose row it is: somebody's who is known, or a new id. Raise _Doubtful."""
        for kind, value in _marks(person):
            if often[kind, value] > 1:
                raise _Doubtful(f"{printable(value)!r} ({kind}) stands in more than one line")
        known = {
            student
            for student, other in self.done.people.items()
            if set(_marks(other)) & set(_marks(person))
        }
        known |= {self.collected.ids[mark] for mark in _marks(person) if mark in self.collected.ids}
        if not known and names[spelled(person.name)] == 1:
            known |= self.collected.names.get(spelled(person.name), set()) - self.before
        if person.student in self.done.people:
            known.add(person.student)
        if len(known) > 1:
            who = " and ".join(sorted(known)[:3])
            raise _Doubtful(f"may be {who}: its ids are those of more than one person")
        if known:
            return known.pop()
        return self._new(person)

    def _new(self, person: Person) -> str:
        student = person.student
        if not student:
            raise _Doubtful("nothing in it says who it is")
        if spelled(student) == spelled(person.name):  # a name makes a readable folder
            student = safe_id(student)
        if safe_id(student) != student:
            raise _Doubtful(
                f"{printable(student)!r} cannot be a student's id, which is a folder's name; "
                f"write for example {safe_id(student)}"
            )
        for other in (*self.done.people, *self.folders):
            if other != student and looks(other) == looks(student):
                raise _Doubtful(f"{student} and {other} differ only in how they are written")
        return student

    def _take(self, student: str, new: Person) -> None:
        """Put a person on the roster. What the list does not say stays as it was."""
        old = self.done.people.get(student)
        if old is None:
            self.done.people[student] = msgspec.structs.replace(new, student=student)
            self.done.added.append(student)
            return
        # A full name says no more than the same name in two columns does.
        is_news = bool(new.name) and (new.name != old.name or bool(new.first_name))
        merged = Person(
            student,
            new.first_name if is_news else old.first_name,
            new.last_name if is_news else old.last_name,
            new.email or old.email,
            new.sections or old.sections,
            old.ids | new.ids,
        )
        if merged == old:
            self.done.unchanged += 1
            return
        self.done.people[student] = merged
        self.done.changed[student] = list(_differences(old, merged))


class _Doubtful(Exception):
    """The row may mean two people, or nobody; the text says why."""


@dataclass(frozen=True)
class _Collected:
    """Who has handed something in: by the platform's number, and by name."""

    ids: dict[tuple[str, str], str]
    names: dict[str, set[str]]


def _collected(course: Course) -> _Collected:
    ids: dict[tuple[str, str], str] = {}
    names: dict[str, set[str]] = {}
    for path in sorted((course.root / OURS / "collected").glob("*.json")):
        for student, entry in read_manifest(course, path.stem).submissions.items():
            kind = MOODLE + path.stem if entry.kind == "moodle" else entry.kind
            if entry.kind in ("canvas", "moodle"):
                ids[kind, entry.id] = student
            elif entry.kind == "exchange":
                ids["username", entry.id.casefold()] = student
            names.setdefault(spelled(entry.original), set()).add(student)
    return _Collected(ids, names)


def _marks(person: Person) -> Iterable[tuple[str, str]]:
    """Return what only this person has."""
    yield from ((kind, value.casefold()) for kind, value in person.ids.items())
    if person.email:
        yield "email", person.email.casefold()


def _differences(old: Person, new: Person) -> Iterable[str]:
    pairs = [
        ("name", old.name, new.name),
        ("email", old.email, new.email),
        ("section", ", ".join(old.sections), ", ".join(new.sections)),
        *((called(kind), old.ids.get(kind, ""), value) for kind, value in new.ids.items()),
    ]
    for what, was, now in pairs:
        if was != now:
            yield f"{what}: {printable(was) or 'nothing'} -> {printable(now)}"
