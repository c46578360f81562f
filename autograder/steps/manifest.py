"""What was collected for an assignment, from whom, and what could not be: a small JSON record.

It also remembers which student a person of the LMS became, so that the same person stays the
same student when the next download comes.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

import msgspec

from autograder.course.directory import Course
from autograder.course.files import write_atomically
from autograder.errors import AutograderError
from autograder.steps.identity import LMS, Unclear, owner_of

SHOWN = 300  # characters of a name in a row
RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)  # on Windows


class Row(msgspec.Struct, frozen=True):
    """What became of one file of the inbox. Names are made printable."""

    file: str
    student: str = ""
    is_collected: bool = False
    reason: str = ""
    source: str = ""
    note: str = ""  # about a file that was collected


class Entry(msgspec.Struct, frozen=True):
    """Where a submission came from.

    ``original`` is the student's name as it was written, ``kind`` and ``id`` are the Owner's,
    ``source`` is the folder or archive, ``timestamp`` is the file's time, empty when none is known.
    ``is_late``: the platform says so, without saying by how much. Records of earlier versions have
    no kind, id and source.
    """

    original: str
    file: str
    timestamp: str
    kind: str = ""
    id: str = ""
    source: str = ""
    is_late: bool = False


class Manifest(msgspec.Struct):
    """What was collected for one assignment, by student, and what could not be."""

    submissions: dict[str, Entry] = {}
    refused: list[Row] = []


def read_manifest(course: Course, assignment: str) -> Manifest:
    """Return the record; of an earlier version's, as far as its file names say whose they are."""
    path = course.record("collected", assignment)
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError:
        return Manifest()
    except msgspec.DecodeError as error:
        raise AutograderError(
            f"the record of what was collected cannot be read: {error}",
            str(path),
            "Restore it from a backup. Or delete it: then nothing that is in submitted/ is "
            "replaced unless you say --replace.",
        ) from error
    manifest.submissions = {
        student: entry if entry.kind else _completed(entry, assignment)
        for student, entry in manifest.submissions.items()
    }
    return manifest


def write_manifest(course: Course, assignment: str, manifest: Manifest) -> None:
    write_atomically(course.record("collected", assignment), msgspec.json.encode(manifest))


def _completed(entry: Entry, assignment: str) -> Entry:
    """Read the person's number from the file of an old entry, where its student came from there."""
    try:
        owner = owner_of(entry.file, assignment)
    except Unclear:
        return entry
    front = f"{owner.name}_{owner.id}_"
    if owner.kind in LMS and (entry.original == owner.name or entry.original.startswith(front)):
        return msgspec.structs.replace(entry, kind=owner.kind, id=owner.id, original=owner.name)
    return entry


def printable(text: str) -> str:
    """Return the text with line breaks, control characters and broken bytes spelled out.

    A text too long for a row loses its middle.
    """
    if len(text) > SHOWN:
        text = f"{text[: SHOWN // 2]}[...]{text[-SHOWN // 2 :]}"
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def safe_id(original: str) -> str:
    """Return a student id that is safe as a folder name everywhere and still readable.

    Letters and digits of any script, and ``. _ - @``, stay; white space becomes ``_``.
    Anything else becomes ``-``, and then six hex digits keep different names apart.
    """
    text = re.sub(r"\s+", "_", unicodedata.normalize("NFC", original.strip()))
    kept = "".join(c if c in "._-@" or unicodedata.category(c)[0] in "LMN" else "-" for c in text)
    clean = kept.strip(".").lstrip(".-").encode()[:120].decode(errors="ignore")
    if clean and clean == text and not RESERVED.fullmatch(clean):
        return clean
    return f"{clean or 'student'}-{_digest(original)}"


def looks(student: str) -> str:
    """Return what two ids share that a person, or a file system, may take for one another."""
    folded = unicodedata.normalize("NFKC", student).casefold()
    return unicodedata.normalize("NFKC", folded)


def _digest(original: str) -> str:
    return hashlib.sha256(original.encode(errors="surrogateescape")).hexdigest()[:6]
