"""Who is in the class: the roster.

Two places, each for what it alone can hold. The gradebook's table of students, where nbgrader and
formgrader look, has names, addresses and the LMS's main number. ``.autograder/roster.json`` has
what that table has no column for: who is on the roster at all (the gradebook also knows whoever
handed something in), sections, and the other ids by which platforms know a person.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping

import msgspec

from autograder.course.directory import OURS, Course
from autograder.course.files import write_atomically
from autograder.errors import AutograderError
from autograder.steps.scores import reading

CANVAS, NUMBER, LOGIN = "canvas", "number", "login"
# The kinds of ids that people are known by, and what they are called where people read it.
KINDS = {
    "username": "username",
    CANVAS: "Canvas ID",
    "sis_user": "SIS User ID",
    LOGIN: "SIS Login ID",
    NUMBER: "ID number",
    "github": "GitHub",
}
MOODLE = "moodle:"  # with the assignment behind it: Moodle numbers people anew in each


def called(kind: str) -> str:
    """Return what people call a kind of id."""
    if kind.startswith(MOODLE):
        return f"Moodle's number in {kind.removeprefix(MOODLE)}"
    return KINDS.get(kind, kind)


class Person(msgspec.Struct, frozen=True):
    """One student of the roster."""

    student: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    sections: list[str] = []
    ids: dict[str, str] = {}  # by kind

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    def known_as(self) -> set[str]:
        """Return what a folder or a file of this person's may be called, as `spelled` has it."""
        names = [self.student, self.email, self.name, *self.ids.values()]
        names += [f"{self.last_name}, {self.first_name}"] if self.first_name else []
        return {spelled(name) for name in names if name}


class _Entry(msgspec.Struct):
    """What roster.json has of a person."""

    sections: list[str] = []
    ids: dict[str, str] = {}


def read_people(course: Course) -> dict[str, Person]:
    """Return the roster by student id; empty when there is none."""
    path = course.root / OURS / "roster.json"
    try:
        entries = msgspec.json.decode(path.read_bytes(), type=dict[str, _Entry])
    except FileNotFoundError:
        return {}
    except msgspec.DecodeError as error:
        raise AutograderError(
            f"the roster cannot be read: {error}",
            str(path),
            "Restore it from a backup. Or delete it and import the class list again: "
            "autograder roster import FILE.csv",
        ) from error
    known = _in_gradebook(course)
    return {
        student: Person(student, *known.get(student, ("", "", "")), entry.sections, entry.ids)
        for student, entry in sorted(entries.items())
    }


def write_people(course: Course, people: Mapping[str, Person], changed: Iterable[str]) -> None:
    """Write the roster; of the gradebook only the rows of those who ``changed``."""
    with course.changing_gradebook() as book:
        for student in changed:
            person = people[student]
            book.update_or_create_student(
                student,
                first_name=person.first_name or None,
                last_name=person.last_name or None,
                email=person.email or None,
                lms_user_id=person.ids.get(CANVAS) or person.ids.get(NUMBER),
            )
    entries = {name: _Entry(who.sections, who.ids) for name, who in sorted(people.items())}
    data = msgspec.json.format(msgspec.json.encode(entries), indent=1)
    write_atomically(course.root / OURS / "roster.json", data, mode=0o600)


def missing(course: Course, assignment: str, people: Mapping[str, Person]) -> list[str]:
    """Return who is on the roster and has not handed this in."""
    return sorted(people.keys() - set(course.students(assignment)))


def spelled(name: str) -> str:
    """Return a name as it is compared with another: case and white space do not matter."""
    text = unicodedata.normalize("NFKC", name).casefold().replace("_", " ")
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _in_gradebook(course: Course) -> dict[str, tuple[str, str, str]]:
    from nbgrader import api
    from sqlalchemy import select

    with reading(course) as session:
        who = api.Student
        rows = session.execute(select(who.id, who.first_name, who.last_name, who.email))
        return {row[0]: (row[1] or "", row[2] or "", row[3] or "") for row in rows}
