"""When an assignment is due, and who may hand it in later.

The date is the gradebook's, where nbgrader and formgrader look. Extensions are granted before
anything is handed in, and the gradebook has no place for that; so they stand in
``.autograder/extensions/``, and whoever writes a submission into the gradebook takes the student's
along (`GradebookWriter`, `nbgrader_plugin.Judge`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from autograder.course.directory import Course
from autograder.course.files import write_atomically
from autograder.course.moments import zone_of
from autograder.errors import AutograderError
from autograder.steps.people import read_people
from autograder.steps.scores import reading

LONGEST = timedelta(days=3_660)  # ten years: more is a slip of the keyboard


class Extension(msgspec.Struct, frozen=True):
    """More time for one student: until a moment (UTC), or so much more than everybody has."""

    until: datetime | None = None
    hours: float = 0.0

    def beyond(self, due: datetime) -> timedelta:
        """Return how much later than ``due`` (UTC) it is; never earlier."""
        if self.until is None:
            return timedelta(hours=self.hours)
        return max(self.until - due, timedelta())


@dataclass(frozen=True)
class Deadline:
    """When one assignment is due (UTC), and for whom later."""

    assignment: str
    due: datetime | None
    extended: dict[str, datetime]  # by student; none without a date to extend


def set_timezone(course: Course, name: str) -> Course:
    """Write down where the course's clocks are, and return the course."""
    zone_of(name)
    settings = msgspec.structs.replace(course.settings, timezone=name)
    data = msgspec.json.format(msgspec.json.encode(settings))
    write_atomically(course.root / ".autograder" / "course.json", data, mode=0o600)
    return Course(course.root, settings)


def deadlines(course: Course) -> list[Deadline]:
    """Return the dates of all released assignments."""
    found = []
    with reading(course) as session:
        for name in course.released():
            due = _due(session, name)
            granted = read_extensions(course, name)
            in_book = _in_gradebook(session, name)
            extended = {}
            if due is not None:
                beyond = in_book | {who: one.beyond(due) for who, one in granted.items()}
                extended = {who: due + more for who, more in sorted(beyond.items())}
            found.append(Deadline(name, due, extended))
    return found


def set_due(course: Course, assignment: str, due: datetime | None) -> None:
    """Make the assignment due at a moment, or at none; extensions that hang on it move along."""
    course.require_released(assignment)
    with course.changing_gradebook() as book:
        in_utc = due.astimezone(UTC).replace(tzinfo=None) if due else None
        book.update_or_create_assignment(assignment, duedate=in_utc)
        for student, extension in read_extensions(course, assignment).items():
            write_extension(book, assignment, student, extension)
        book.db.commit()


def extend(course: Course, assignment: str, student: str, extension: Extension | None) -> datetime:
    """Give a student until later, or with None no longer; return when it is due for them (UTC).

    An extension takes the place of the one before: two days and then three are three.
    """
    course.require_released(assignment)
    _require_known(course, student)
    with course.changing_gradebook() as book:
        due = _due(book.db, assignment)
        if due is None:
            raise AutograderError(
                f"{assignment} is due at no time, so there is nothing to extend",
                str(course.root),
                f'Set the date first: autograder due {assignment} "2026-12-01 23:59".',
            )
        granted = read_extensions(course, assignment)
        granted.pop(student, None)
        if extension is not None:
            if extension.until is not None and extension.until <= due:
                raise AutograderError(
                    f"{extension.until:%Y-%m-%d %H:%M} UTC is not after the date it is due anyway, "
                    f"{due:%Y-%m-%d %H:%M} UTC",
                    assignment,
                    "Name a later moment, or take the extension away with --none.",
                )
            if not timedelta() < extension.beyond(due) <= LONGEST:
                raise AutograderError(
                    "an extension is longer than nothing and at most ten years",
                    assignment,
                    "Correct --days, --hours or --until.",
                )
            granted[student] = extension
        write_atomically(
            course.record("extensions", assignment),
            msgspec.json.format(msgspec.json.encode(dict(sorted(granted.items()))), indent=1),
        )
        write_extension(book, assignment, student, extension)
        book.db.commit()
    return due + (extension.beyond(due) if extension else timedelta())


def read_extensions(course: Course, assignment: str) -> dict[str, Extension]:
    """Return what was granted for an assignment, by student."""
    path = course.record("extensions", assignment)
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Extension])
    except FileNotFoundError:
        return {}
    except msgspec.DecodeError as error:
        raise AutograderError(
            f"the extensions cannot be read: {error}",
            str(path),
            "Restore the file from a backup, or delete it and grant them again.",
        ) from error


def write_extension(book: Any, assignment: str, student: str, extension: Extension | None) -> None:
    """Put a student's extension into the gradebook, if it knows of a submission. No commit."""
    from nbgrader.api import MissingEntry

    try:
        submission = book.find_submission(assignment, student)
    except MissingEntry:
        return
    due = submission.assignment.duedate
    more = None if extension is None or due is None else extension.beyond(due.replace(tzinfo=UTC))
    if submission.extension != more:
        submission.extension = more


def apply_extension(course: Course, assignment: str, student: str) -> None:
    """Do the same when somebody else, such as nbgrader, has written the submission."""
    extension = read_extensions(course, assignment).get(student)
    if extension is not None:
        with course.changing_gradebook() as book:
            write_extension(book, assignment, student, extension)
            book.db.commit()


def _due(session: Any, assignment: str) -> datetime | None:
    from nbgrader import api
    from sqlalchemy import select

    found = session.execute(
        select(api.Assignment.duedate).where(api.Assignment.name == assignment)
    ).scalar()
    return found.replace(tzinfo=UTC) if found is not None else None


def _in_gradebook(session: Any, assignment: str) -> dict[str, timedelta]:
    """Return the extensions that submissions have, whoever granted them."""
    from nbgrader import api
    from sqlalchemy import select

    submission = api.SubmittedAssignment
    rows = session.execute(
        select(submission.student_id, submission.extension)
        .join(api.Assignment, api.Assignment.id == submission.assignment_id)
        .where(api.Assignment.name == assignment, submission.extension.is_not(None))
    )
    return {student: more for student, more in rows if more}


def _require_known(course: Course, student: str) -> None:
    """Refuse a name that is no student of the course: it is a slip of the keyboard."""
    people = read_people(course)
    folders = {path.name for path in (course.root / "submitted").glob("*")}
    if student in people or student in folders:
        return
    known = sorted(people or folders)
    shown = ", ".join(known[:8]) + (", ..." if len(known) > 8 else "")
    raise AutograderError(
        f"there is no student {student!r}",
        str(course.root),
        f"Name one of: {shown or 'nobody yet'}. Or import the class list: autograder roster import",
    )
