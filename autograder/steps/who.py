"""Give every person who handed something in a student id, always the same one.

The number that an LMS knows a person by decides who is who. The class list (`people`) says whose it
is, or else a name that only one person on it has. Without a list, the id is made from the name,
because people read it; two people of one name get the number behind it. Where only names speak,
and they are as good as equal, the instructor is asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from autograder.course.directory import OURS, Course
from autograder.steps.identity import BY_NAME, Owner, Unclear
from autograder.steps.manifest import Entry, Manifest, looks, printable, read_manifest, safe_id
from autograder.steps.people import CANVAS, MOODLE, Person, spelled


class Who:
    """Who is who in a course, for one collection of one assignment."""

    def __init__(
        self,
        course: Course,
        assignment: str,
        manifest: Manifest,
        owners: Collection[Owner],
        people: Mapping[str, Person],
    ) -> None:
        self._here = _Known(manifest)
        self._list = _ClassList(assignment, people)
        self._others = [
            _Known(read_manifest(course, path.stem))
            for path in sorted((course.root / OURS / "collected").glob("*.json"))
            if path.stem != assignment
        ]
        self._folders = {path.name for path in (course.root / "submitted").glob("*")}
        self._spellings = {looks(name): name for name in sorted(self._folders)}
        self._names: dict[Owner, set[str]] = {}
        for owner in owners:
            self._names.setdefault(owner, set()).add(owner.name)
        fresh = [owner for owner in owners if self._here.student_of(owner) is None]
        self._namesakes = Counter((owner.kind, looks(safe_id(owner.name))) for owner in set(owners))
        self._fresh = {owner: self._name(owner) for owner in fresh}
        self._claims = Counter(looks(student) for student in self._fresh.values())

    def student_of(self, owner: Owner) -> str:
        """Return the person's id; raise Unclear when it might be somebody else's."""
        names = sorted(map(printable, self._names[owner]))
        if owner.kind in ("moodle", "canvas") and len(names) > 1:
            raise Unclear(
                f"{owner.kind} {owner.id} is called {' and '.join(names[:3])} here; "
                "say who it is with --map"
            )
        known = self._here.student_of(owner)
        if known is not None:
            return known
        listed = sorted(self._list.students_of(owner))
        if len(listed) > 1:
            raise Unclear(
                f"may be {' or '.join(listed[:3])} of the class list; say whose it is with --map"
            )
        student = self._fresh[owner]
        if self._claims[looks(student)] > 1:
            raise Unclear(f"more than one person here may be {student}; say who it is with --map")
        spelled = self._spellings.get(looks(student), student)
        if student not in self._folders and spelled != student:
            raise Unclear(
                f"{student} and {spelled}, who is in this course, differ only in how they are "
                "written; say who it is with --map"
            )
        return student

    def _name(self, owner: Owner) -> str:
        """Return the id that a person new to this assignment would get."""
        listed = self._list.students_of(owner)
        if len(listed) == 1:
            return next(iter(listed))
        name = safe_id(owner.name)
        if owner.kind == "canvas":  # whose numbers hold for every assignment
            for other in self._others:
                if (known := other.student_of(owner)) is not None:
                    return known
        if owner.kind in ("moodle", "canvas") and self._is_shared(owner):
            return safe_id(f"{owner.name}_{owner.id}")
        return name

    def _is_shared(self, owner: Owner) -> bool:
        """Tell whether the course has more than one person of this name, as far as it knows."""
        if owner.is_nameless or self._namesakes[owner.kind, looks(safe_id(owner.name))] > 1:
            return True
        # A participant of Moodle has another number elsewhere: one there may be this person.
        elsewhere = 1 if owner.kind == "moodle" else 0
        return self._here.namesakes(owner) > 0 or any(
            other.namesakes(owner) > elsewhere for other in self._others
        )


class _ClassList:
    """The people of the roster, by the platforms' numbers and by name."""

    def __init__(self, assignment: str, people: Mapping[str, Person]) -> None:
        self._numbers: dict[tuple[str, str], set[str]] = {}
        self._names: dict[str, set[str]] = {}  # what a platform calls a person
        self._called: dict[str, set[str]] = {}  # what people call their folders and files
        for student, person in people.items():
            for kind, key in (("canvas", CANVAS), ("moodle", MOODLE + assignment)):
                if key in person.ids:
                    self._numbers.setdefault((kind, person.ids[key]), set()).add(student)
            self._names.setdefault(spelled(person.name), set()).add(student)
            for name in person.known_as():
                self._called.setdefault(name, set()).add(student)

    def students_of(self, owner: Owner) -> set[str]:
        """Return who it is: one, nobody, or more than one where the names leave it open."""
        if owner.kind in ("moodle", "canvas"):
            by_number = self._numbers.get((owner.kind, owner.id))
            return by_number or (set() if owner.is_nameless else self._named(owner.name))
        return self._called.get(spelled(owner.name), set())

    def _named(self, name: str) -> set[str]:
        """Return who is called so; Moodle may write a group's name and a hyphen in front."""
        parts = name.split("-")
        endings = ("-".join(parts[start:]) for start in range(len(parts)))
        found = (self._names.get(spelled(ending)) for ending in endings if ending.strip())
        return next(filter(None, found), set())


class _Known:
    """The people in one assignment's record, by number and by name."""

    def __init__(self, manifest: Manifest) -> None:
        self._students: dict[tuple[str, str], str] = {}
        self._called: dict[tuple[str, str], set[str]] = {}
        for student, entry in manifest.submissions.items():
            self._students[entry.kind, entry.id] = student
            look = looks(safe_id(entry.original))
            self._called.setdefault((entry.kind, look), set()).add(entry.id)

    def student_of(self, owner: Owner) -> str | None:
        """Return who this person became when their work was collected."""
        return self._students.get((owner.kind, owner.id))

    def namesakes(self, owner: Owner) -> int:
        """Return how many people the same kind of source knows by the owner's name."""
        return len(self._called.get((owner.kind, looks(safe_id(owner.name))), ()))


def conflict(student: str, owner: Owner, source: str, known: Entry | None) -> str:
    """Say why this person's work must not replace what submitted/ has of the student, or nothing.

    ``known`` is what the record says of it.
    """
    if known is None:
        return f"submitted/ has work of {student} that 'collect' did not bring"
    is_same = (known.kind, known.id) == (owner.kind, owner.id)
    if is_same and (owner.kind not in BY_NAME or known.source == source):
        return ""
    place = f"{known.file} in {known.source}" if known.source else known.file
    return (
        f"{student}'s work was collected from {place}, and only the name says that "
        f"{printable(str(owner))} is the same person"
    )
