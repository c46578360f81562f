"""Feedback pages in an archive that Moodle or Canvas takes back, each where the work came from.

Moodle ("Upload multiple feedback files in a zip") reads the person's number from the second place
of ``NAME_NUMBER_assignsubmission_file/``. Canvas ("Upload submissions") reads the numbers of person
and file from ``name_USERID_FILEID_...``, as in its own download. Names must hold no more than that.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from autograder.course.directory import Course
from autograder.steps.feedback import Written
from autograder.steps.manifest import Entry, read_manifest

CANVAS_FRONT = re.compile(r".+?_[0-9]{1,20}_[0-9]{1,20}_")
ANONYMOUS_FRONT = re.compile(r"(?:LATE_)?anon_[A-Za-z0-9]{1,20}_[0-9]{1,20}_")


@dataclass
class Packed:
    """The archive, how many pages are in it, and whose are not."""

    data: bytes = b""
    pages: int = 0
    left: list[str] = field(default_factory=list)


def pack(course: Course, assignment: str, pages: Iterable[Written]) -> Packed:
    """Return an archive of these pages; of students whose work came from no platform it says so."""
    entries = read_manifest(course, assignment).submissions
    packed, stream = Packed(), io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for page in pages:
            entry = entries.get(page.student)
            place = _place(entry, assignment) if entry is not None else ""
            if not place:
                packed.left.append(page.student)
                continue
            archive.writestr(zipfile.ZipInfo(place), page.path.read_bytes())
            packed.pages += 1
    packed.data = stream.getvalue()
    return packed


def _place(entry: Entry, assignment: str) -> str:
    """Return the name by which the platform will know whose page it is; empty for none."""
    if entry.kind == "moodle":
        name = re.sub(r"[_/\\]+", " ", entry.original).strip() or "Participant"
        return f"{name}_{entry.id}_assignsubmission_file/{assignment}.html"
    if entry.kind == "canvas":
        file = PurePosixPath(entry.file).name
        front = ANONYMOUS_FRONT.match(file) or CANVAS_FRONT.match(file)
        return f"{front[0]}{assignment}.html" if front else ""
    return ""
