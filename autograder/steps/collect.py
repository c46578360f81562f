"""Bring what students handed in into the course: submitted/STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb.

Every file of the inbox ends up as one row: collected, or not, and why. What a notebook
holds does not matter here; one that cannot be read is collected too and graded with a
zero and a reason, so nothing is lost on the way.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import msgspec

from autograder.course.directory import Course
from autograder.course.files import write_atomically
from autograder.errors import AutograderError
from autograder.steps.inbox import CLUTTER, Found, open_inbox

# What learning platforms and people call a submission, most telling first.
PATTERNS = (
    r"(?P<student>[^/]+)_\d+_assignsubmission_[^/]*/.*",  # Moodle
    r"(?P<student>[^/+]+)\+[^/]+\+[^/]+/.*",  # nbgrader's exchange
    r"(?P<student>[^/]+)/.*",  # STUDENT/whatever.ipynb
    r"(?P<student>[^/_]+)(?:_LATE)?_\d+_\d+_.*\.ipynb",  # Canvas
    r"(?P<student>.+)[_ -]{assignment}\.ipynb",  # STUDENT_ASSIGNMENT.ipynb
    r"(?P<student>.+)\.ipynb",  # STUDENT.ipynb
)


class Row(msgspec.Struct, frozen=True):
    """What became of one file of the inbox. Names are made printable."""

    file: str
    student: str = ""
    is_collected: bool = False
    reason: str = ""


class Entry(msgspec.Struct, frozen=True):
    """Where a submission came from; ``original`` is the student's id as it was written."""

    original: str
    file: str
    timestamp: str


class Manifest(msgspec.Struct):
    """What was collected for one assignment, by student, and what could not be."""

    submissions: dict[str, Entry] = {}
    refused: list[Row] = []


def read_manifest(course: Course, assignment: str) -> Manifest:
    try:
        return msgspec.json.decode(
            course.record("collected", assignment).read_bytes(), type=Manifest
        )
    except FileNotFoundError:
        return Manifest()


def collect(course: Course, source: Path, assignment: str, pattern: str | None = None) -> list[Row]:
    """Copy every notebook in ``source`` to its place; return one row per file found.

    ``pattern`` is a regular expression with a group named ``student``, matched against the
    path inside the inbox. Of several notebooks by one student the latest is taken.
    """
    course.require_released(assignment)
    patterns = _compile(pattern, assignment)
    manifest = read_manifest(course, assignment)
    rows: list[Row] = []
    candidates: dict[str, list[Found]] = {}
    with open_inbox(source) as inbox:
        listing = list(_notebooks(inbox, rows))
        prefix = _shared_folder([found.name for found in listing])
        for found in listing:
            original = _student(found.name.removeprefix(prefix), patterns)
            if original is None:
                rows.append(Row(printable(found.name), reason="no student id in its name"))
            else:
                candidates.setdefault(original, []).append(found)
        for original in sorted(candidates):
            newest_first = sorted(
                candidates[original], key=lambda found: (found.time, found.name), reverse=True
            )
            rows += _take_first(course, assignment, original, newest_first, manifest)
    manifest.refused = [row for row in rows if not row.is_collected and row.file.endswith(".ipynb")]
    write_atomically(course.record("collected", assignment), msgspec.json.encode(manifest))
    return sorted(rows, key=lambda row: row.file)


def printable(text: str) -> str:
    """Return the text with line breaks, control characters and broken bytes spelled out."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def safe_id(original: str) -> str:
    """Return a student id that is safe as a folder name and still readable.

    Letters and digits of any script, and ``. _ - @``, stay; white space becomes ``_``.
    Anything else becomes ``-``, and then six hex digits keep different names apart.
    """
    text = re.sub(r"\s+", "_", unicodedata.normalize("NFC", original.strip()))
    kept = "".join(c if c in "._-@" or unicodedata.category(c)[0] in "LMN" else "-" for c in text)
    clean = kept.lstrip(".-").encode()[:120].decode(errors="ignore")
    return clean if clean and clean == text else f"{clean or 'student'}-{_digest(original)}"


def _digest(original: str) -> str:
    return hashlib.sha256(original.encode(errors="surrogateescape")).hexdigest()[:6]


def _unique_id(original: str, manifest: Manifest) -> str:
    """Keep 'Ada Lovelace' and 'Ada_Lovelace' apart: the second to come gets a suffix."""
    student = safe_id(original)
    known = manifest.submissions.get(student)
    if known and known.original != printable(original):
        return f"{student}-{_digest(original)}"
    return student


def _notebooks(inbox: Iterable[Found], rows: list[Row]) -> Iterable[Found]:
    """Yield the files that may be notebooks; everything else becomes a row."""
    for found in inbox:
        reason = found.refusal
        if any(part in CLUTTER for part in PurePosixPath(found.name).parts):
            reason = "left behind by a program, not handed in"
        elif not reason and not found.name.lower().endswith(".ipynb"):
            reason = "not a notebook (.ipynb)"
        if reason:
            rows.append(Row(printable(found.name), reason=reason))
        else:
            yield found


def _compile(pattern: str | None, assignment: str) -> list[re.Pattern[str]]:
    if pattern is None:
        texts = [text.replace("{assignment}", re.escape(assignment)) for text in PATTERNS]
        return [re.compile(text, re.DOTALL) for text in texts]
    try:
        compiled = re.compile(pattern, re.DOTALL)
    except re.error as error:
        raise AutograderError(
            f"the pattern is not a regular expression: {error}", pattern, "Correct --pattern."
        ) from error
    if "student" not in compiled.groupindex:
        raise AutograderError(
            "the pattern has no group named student", pattern, "Write (?P<student>...) in it."
        )
    return [compiled]


def _student(name: str, patterns: list[re.Pattern[str]]) -> str | None:
    for pattern in patterns:
        match = pattern.fullmatch(name)
        if match and match["student"] and match["student"].strip():
            return match["student"]
    return None


def _shared_folder(names: list[str]) -> str:
    """Return the one folder that holds all the notebooks directly, as some archives have."""
    folders = {name.rpartition("/")[0] for name in names}
    return f"{folders.pop()}/" if len(names) > 1 and len(folders) == 1 and folders != {""} else ""


def _take_first(
    course: Course,
    assignment: str,
    original: str,
    newest_first: list[Found],
    manifest: Manifest,
) -> Iterable[Row]:
    """Collect the newest notebook of one student that can be read."""
    student = _unique_id(original, manifest)
    taken: Found | None = None
    for found in newest_first:
        file = printable(found.name)
        if taken:
            yield Row(file, student, reason=f"{printable(taken.name)} is newer")
            continue
        reason = _place(course, assignment, student, original, found, manifest)
        taken = None if reason else found
        yield Row(file, student, is_collected=not reason, reason=reason)


def _place(
    course: Course,
    assignment: str,
    student: str,
    original: str,
    found: Found,
    manifest: Manifest,
) -> str:
    """Write one submission into the course; return why not, or nothing."""
    target = course.notebook("submitted", assignment, student)
    if not target.parent.resolve().is_relative_to(course.root / "submitted"):
        return "the student's folder in submitted/ is a link to elsewhere"
    timestamp = datetime.fromtimestamp(found.time, UTC).strftime("%Y-%m-%d %H:%M:%S.%f UTC")
    known = manifest.submissions.get(student)
    if known and known.timestamp > timestamp and target.is_file():
        return f"a newer one was collected before: {known.file}"
    try:
        write_atomically(target, found.read())
    except ValueError as error:
        return str(error)
    write_atomically(target.parent / "timestamp.txt", timestamp.encode())
    manifest.submissions[student] = Entry(printable(original), printable(found.name), timestamp)
    return ""
