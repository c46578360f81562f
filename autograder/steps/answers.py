"""What an instructor says about an inbox that the names in it do not say."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from autograder.errors import AutograderError
from autograder.steps.manifest import printable, safe_id

HEADER = ["file", "student"]


@dataclass(frozen=True)
class Answers:
    """The options of ``collect``.

    ``inside`` is the folder in it that holds the submissions, ``student`` the one whose files
    these all are, ``whose`` says it for single files, and ``replace`` names (or patterns such as
    ``*``) of students whose collected work may be replaced by another origin's.
    """

    inside: str = ""
    student: str = ""
    whose: Mapping[str, str] = field(default_factory=dict)
    replace: Sequence[str] = ()

    def __post_init__(self) -> None:
        for student in filter(None, [self.student, *self.whose.values()]):
            if safe_id(student) != student:
                raise AutograderError(
                    f"{student!r} cannot be a student's id",
                    "--student or --map",
                    f"Use letters, digits and . _ - @, for example {safe_id(student)}.",
                )

    def student_of(self, file: str) -> str:
        """Return whose the file is said to be, or nothing."""
        return self.whose.get(printable(file), self.student)

    def may_replace(self, student: str) -> bool:
        return any(fnmatchcase(student, pattern) for pattern in self.replace)


NONE = Answers()


def read_map(path: Path) -> dict[str, str]:
    """Read a CSV file of two columns, ``file,student``, as ``collect`` lists the files."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            lines = [line for line in csv.reader(stream) if line]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise AutograderError(
            f"the file cannot be read: {reason}", str(path), "Give a CSV file: file,student."
        ) from error
    for number, line in enumerate(lines, 1):
        if len(line) != 2:
            raise AutograderError(
                f"line {number} does not have two columns",
                str(path),
                "Write file,student in each line, with the file as 'collect' lists it.",
            )
    return {file: student.strip() for file, student in lines if [file, student] != HEADER}
