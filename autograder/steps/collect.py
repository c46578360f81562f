"""Bring what students handed in into the course: submitted/STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb.

Every file of the inbox ends up as one row: collected, or not, and why. What a notebook
holds does not matter here, unless one person handed in several; one that cannot be read is
collected too and graded with a zero and a reason, so nothing is lost on the way.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from autograder.course.directory import Course
from autograder.course.files import write_atomically
from autograder.errors import AutograderError
from autograder.steps.answers import NONE, Answers
from autograder.steps.choose import choose
from autograder.steps.identity import BY_NAME, Owner, Pattern, Unclear, owner_of
from autograder.steps.inbox import Found, notebooks, open_inbox
from autograder.steps.manifest import (
    Entry,
    Row,
    printable,
    read_manifest,
    write_manifest,
)
from autograder.steps.people import read_people
from autograder.steps.who import Who, conflict

MAX_TOTAL = 4 * 2**30  # bytes that one collection may bring into the course
PLATFORMS = ("moodle", "canvas")
PACKING_TOTAL_S = 3_600.0  # what a platform needs, at most, to pack a class
TIME = "%Y-%m-%d %H:%M:%S.%f UTC"
MACHINE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)  # to blame, not the submission


def collect(
    course: Course,
    source: Path,
    assignment: str,
    pattern: str | None = None,
    answers: Answers = NONE,
    times: Mapping[str, float] | None = None,
) -> list[Row]:
    """Copy every notebook in ``source`` to its place; return one row per file found.

    ``pattern`` is a regular expression with a group named ``student``, matched against the
    path inside the inbox. ``times`` are those at which Moodle's participants handed in, by number.
    What was collected from one person or place is never replaced from
    another, unless ``answers`` say so. Raises AutograderError when there is nothing to collect
    from, OSError when the course cannot be written; the same call then goes on.
    """
    course.require_released(assignment)
    _refuse_own_folders(course, source)
    with open_inbox(source) as inbox:
        return _Collection(course, source, assignment, answers, times or {}).run(inbox, pattern)


@dataclass(frozen=True)
class _Work:
    """A file and whose it is; ``path`` is its path below --inside."""

    found: Found
    path: str
    owner: Owner
    is_told: bool  # by the instructor


class _Collection:
    """One run of ``collect``."""

    def __init__(
        self,
        course: Course,
        source: Path,
        assignment: str,
        answers: Answers,
        times: Mapping[str, float],
    ) -> None:
        self.course, self.assignment, self.answers = course, assignment, answers
        self.times = times
        home, place = course.root, source.resolve()
        self.source = str(place.relative_to(home) if place.is_relative_to(home) else place)
        self.manifest = read_manifest(course, assignment)
        self.blank = course.notebook("release", assignment).read_bytes()
        self.people = read_people(course)
        self.is_packed = False  # the times are those of packing
        self.rows: list[Row] = []
        self.bytes_left = MAX_TOTAL

    def run(self, inbox: list[Found], pattern: str | None) -> list[Row]:
        named = Pattern(pattern) if pattern is not None else None
        works = self._without_wrapper(list(self._works(inbox, named)))
        self.is_packed = _is_packing_time(works)
        owners = [work.owner for work in works]
        who = Who(self.course, self.assignment, self.manifest, owners, self.people)
        by_student: dict[str, list[_Work]] = {}
        for work in works:
            try:
                told = self.answers.student_of(work.found.name)
                student = told or who.student_of(work.owner)
            except Unclear as question:
                self._refuse(work.found, str(question))
            else:
                by_student.setdefault(student, []).append(work)
        try:
            for student in sorted(by_student):
                self._take_one(student, by_student[student])
        finally:
            self._write_manifest()
        return sorted(self.rows, key=lambda row: row.file)

    def _works(self, inbox: list[Found], named: Pattern | None) -> Iterator[_Work]:
        """Yield the files that may be notebooks with their owners; everything else is a row."""
        inside = f"{self.answers.inside.strip('/')}/" if self.answers.inside else ""
        for found in notebooks(inbox):
            path = found.name.removeprefix(inside)
            if found.refusal:
                self._refuse(found, found.refusal)
            elif not found.name.startswith(inside):
                self._refuse(found, f"lies outside of {self.answers.inside}")
            elif student := self.answers.student_of(found.name):
                yield _Work(found, path, self._given(path, student), is_told=True)
            else:
                try:
                    owner = named.owner_of(path) if named else owner_of(path, self.assignment)
                    if owner.kind == "moodle" and owner.id in self.times:
                        owner = replace(owner, time=self.times[owner.id])
                    found = replace(found, time=owner.time) if owner.time else found
                    yield _Work(found, path, owner, is_told=False)
                except Unclear as question:
                    self._refuse(found, str(question))

    def _given(self, path: str, student: str) -> Owner:
        """Return the owner of a file whose student was told; an LMS's number is kept."""
        try:
            owner = owner_of(path, self.assignment)
        except Unclear:
            owner = Owner("given", student, student)
        return Owner("given", student, student) if owner.kind in BY_NAME else owner

    def _without_wrapper(self, works: list[_Work]) -> list[_Work]:
        """Ask when one folder holds everything: a student's, or one around everybody's work."""
        asked = [work for work in works if not work.is_told]
        tops = {work.path.partition("/")[0] for work in works}
        if len(works) < 2 or len(tops) > 1 or any(w.owner.kind != "folder" for w in asked):
            return works
        top = printable(tops.pop())
        for work in asked:
            self._refuse(
                work.found,
                f"is {top!r} the student, or a folder around everybody's work? "
                f"Say --student ID, or --inside {top!r}",
            )
        return [work for work in works if work.is_told]

    def _take_one(self, student: str, works: list[_Work]) -> None:
        """Collect the one file of a student's that counts."""
        told = [work for work in works if work.is_told]
        for work in works:
            if told and not work.is_told:
                file = printable(told[0].found.name)
                self._refuse(work.found, f"{file} was named in its place", student)
        works = told or works
        packed = all(work.owner.kind in PLATFORMS for work in works)
        uploads = {work.found: work.owner.upload for work in works}
        files = [work.found for work in works]
        choice = choose(files, self.blank, packed=packed, uploads=uploads)
        for work in works:
            if work.found is not choice.taken:
                self._refuse(work.found, choice.reasons[work.found], student)
                continue
            reason = self._place(student, work)
            file = printable(work.found.name)
            note = "" if reason else self._note(student, work)
            self.rows.append(Row(file, student, not reason, reason, self.source, note))

    def _refuse(self, found: Found, reason: str, student: str = "") -> None:
        self.rows.append(Row(printable(found.name), student, reason=reason, source=self.source))

    def _place(self, student: str, work: _Work) -> str:
        """Write one submission into the course; return why not, or nothing."""
        target = self.course.notebook("submitted", self.assignment, student)
        if not target.parent.resolve().is_relative_to(self.course.root / "submitted"):
            return "the student's folder in submitted/ is a link to elsewhere"
        try:
            data = work.found.read()
            if len(data) > self.bytes_left:
                return f"more than {MAX_TOTAL // 2**30} GB in all; collect it by itself"
            if reason := self._objection(student, work, target, data):
                return reason
            stamp = target.parent / "timestamp.txt"
            timestamp = _timestamp(work.found.time)
            if timestamp and not self._has_no_time(work):
                write_atomically(stamp, timestamp.encode())
            else:
                stamp.unlink(missing_ok=True)
            write_atomically(target, data)
        except ValueError as error:
            return str(error)
        except OSError as error:
            if error.errno in MACHINE:
                raise
            return f"cannot be written: {error.strerror}"
        self.bytes_left -= len(data)
        self.manifest.submissions[student] = Entry(
            printable(work.owner.name),
            printable(work.found.name),
            timestamp,
            work.owner.kind,
            work.owner.id,
            self.source,
            work.owner.is_late,
        )
        return ""

    def _has_no_time(self, work: _Work) -> bool:
        """Tell whether the file's time says nothing about when the work was handed in."""
        return self.is_packed and work.owner.kind in PLATFORMS and work.owner.time is None

    def _note(self, student: str, work: _Work) -> str:
        """Say what the instructor should know of a file that was collected."""
        unknown = self.people and student not in self.people
        notes = [
            "not on the roster" if unknown else "",
            "late, says Canvas" if work.owner.is_late else "",
        ]
        return "; ".join(filter(None, notes))

    def _objection(self, student: str, work: _Work, target: Path, data: bytes) -> str:
        """Return why this file must not replace what is there, or nothing."""
        known = self.manifest.submissions.get(student)
        if work.is_told or self.answers.may_replace(student) or not target.is_file():
            return ""
        is_there = _holds(target, data)
        if known is None and is_there:  # written by a run that was killed
            return ""
        timestamp = _timestamp(work.found.time)
        reason = conflict(student, work.owner, self.source, known)
        if known and timestamp < known.timestamp and not is_there:
            reason = (
                f"a newer one was collected before: {known.file} of {_short(known.timestamp)}, "
                f"this one is of {_short(timestamp)}"
            )
        return f"{reason}; --replace {student} takes this one all the same" if reason else ""

    def _write_manifest(self) -> None:
        """Write the record; what other sources could not give stays in it until they can."""
        taken = {row.file for row in self.rows if row.is_collected}
        refused = [row for row in self.rows if not row.is_collected and _is_notebook(row.file)]
        kept = [
            row
            for row in self.manifest.refused
            if row.source not in ("", self.source) and row.file not in taken
        ]
        self.manifest.refused = [*kept, *refused]
        write_manifest(self.course, self.assignment, self.manifest)


def _is_packing_time(works: list[_Work]) -> bool:
    """Tell whether a platform's files all have the time at which it packed them, or may have.

    Canvas, and Moodle since 4.1, pack a download as it is asked for, and write that time on
    everything; nobody's work may count as late for it.
    """
    packed = [w for w in works if w.owner.kind in PLATFORMS and w.owner.time is None]
    times = [work.found.time for work in packed if work.found.time]
    return not times or max(times) - min(times) <= PACKING_TOTAL_S


def _timestamp(seconds: float | None) -> str:
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime(TIME)


def _short(timestamp: str) -> str:
    return timestamp.partition(".")[0] or "an unknown time"


def _holds(path: Path, data: bytes) -> bool:
    return path.stat().st_size == len(data) and path.read_bytes() == data


def _is_notebook(file: str) -> bool:
    return file.lower().endswith(".ipynb")


def _refuse_own_folders(course: Course, source: Path) -> None:
    """Refuse to collect from what the course itself has written."""
    place = source.resolve()
    ours = [course.root / step for step in ("source", "release", "submitted", "autograded")]
    if course.root.is_relative_to(place) or any(place.is_relative_to(own) for own in ours):
        raise AutograderError(
            "this is the course itself, not an inbox",
            str(source),
            f"Give the folder or archive with the submissions, such as {course.root / 'inbox'}.",
        )
