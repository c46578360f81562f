"""Whose file is it? Read from the path it has inside an inbox, and never guessed.

A learning platform puts its own name and number for the person in front of what the student
chose. Only that front part counts, and it is looked for where the platform writes it, so that a
file that a student called like somebody else's work stays the student's. What can be read in two
ways comes back as a question.

    Moodle       NAME_NUMBER_assignsubmission_file/...     a folder for each person
                 NAME_NUMBER_assignsubmission_file_...     or all files in one folder
    Canvas       name[_LATE]_USERID_FILEID_file[-N].ipynb  all files in one folder
                 [LATE_]anon_CODE_FILEID_...               when marking is anonymous
    nbgrader     STUDENT+ASSIGNMENT+TIME[+RANDOM]/...      the exchange's folder inbound/
    classroom    ASSIGNMENT-STUDENT/...                    checkouts of GitHub Classroom
    people       STUDENT/... or STUDENT.ipynb or STUDENT_ASSIGNMENT.ipynb

Moodle's number is the participant's in this assignment (for a group, the group's): the same
person has another one in the next assignment. Canvas numbers a person once.
"""

from __future__ import annotations

import re
import signal
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import FrameType

from autograder.errors import AutograderError

MAX_NAME = 1_000  # characters of a path inside the inbox
PATTERN_S = 0.5  # processor time that one name may take of an instructor's pattern
PATTERN_TOTAL_S = 10.0

MOODLE = re.compile(
    r"(?P<name>[^_]*)(?:_(?P<id>[0-9]{1,20}))?_assignsubmission_[a-z]+(?:_.*)?", re.DOTALL
)
EXCHANGE_TIME = re.compile(r"\d{4}-\d\d-\d\d[ T_]\d\d[:\-]\d\d[:\-]\d\d.*")
ANONYMOUS = re.compile(r"(?:LATE_)?anon_(?P<id>[A-Za-z0-9]{1,20})_[0-9]{1,20}_.+", re.DOTALL)
EXCHANGE_FORMAT = "%Y-%m-%d %H:%M:%S"
AGAIN = re.compile(r"-[0-9]{1,4}\.(?=[^.]*\Z)")  # how Canvas renames a file that comes again
NUMBER = re.compile(r"[0-9]{1,20}")

LMS = ("moodle", "canvas", "exchange")  # the id is the platform's own, not a name
# These rest on names that people chose: only the place they came from tells them apart.
BY_NAME = ("folder", "file", "classroom")
NAMELESS = {"participant", "anon"}  # what a platform calls everybody when marking is anonymous


@dataclass(frozen=True)
class Owner:
    """Who a file belongs to: which kind of source says so, its own id, and the name to read."""

    kind: str
    id: str
    name: str = field(compare=False)
    is_late: bool = field(default=False, compare=False)  # says the platform
    time: float | None = field(default=None, compare=False)  # when it came, where the name has it
    upload: tuple[str, int] = field(default=("", 0), compare=False)  # a file's name, its number

    @property
    def is_nameless(self) -> bool:
        return self.name.rpartition("-")[2].casefold() in NAMELESS  # a group may stand in front

    def __str__(self) -> str:
        return f"{self.name} ({self.kind} {self.id})" if self.kind in LMS else self.name


class Unclear(Exception):
    """The path does not say whose file it is; the text says why and what answers it."""


def owner_of(path: str, assignment: str) -> Owner:
    """Return whose file it is; raise Unclear when the path does not say, or says two things."""
    top, slash, rest = unicodedata.normalize("NFC", path).partition("/")
    owner = _by_platform(top, assignment, is_folder=bool(slash))
    if owner is None and slash:
        if any(_looks_packed(part, assignment) for part in rest.split("/")):
            raise Unclear(
                f"lies in the folder {top!r}, around what looks like a download from your LMS; "
                f"say --inside {top!r}"
            )
        name = top.removeprefix(f"{assignment}-")
        owner = Owner("folder" if name == top else "classroom", name.strip(), name)
    elif owner is None:
        owner = _by_file(top, assignment)
    if not owner.name.strip():
        raise Unclear("no student id in its name; say whose it is with --student or --map")
    return owner


def _by_platform(top: str, assignment: str, *, is_folder: bool) -> Owner | None:
    """Read the front part as a platform writes it."""
    if moodle := MOODLE.fullmatch(top):
        if not moodle["id"]:
            raise Unclear(
                "is handed in by a group that Moodle has no number for; "
                "say whose it is with --student or --map"
            )
        return Owner("moodle", moodle["id"], moodle["name"])
    if is_folder:
        return _by_exchange(top, assignment)
    if anonymous := ANONYMOUS.fullmatch(top):
        return Owner("canvas", anonymous["id"], "anon", top.startswith("LATE_"))
    return _by_canvas(top)


def _by_exchange(top: str, assignment: str) -> Owner | None:
    student, *rest = top.split("+")
    if len(rest) not in (2, 3) or not EXCHANGE_TIME.fullmatch(rest[1]):
        return None
    if rest[0] != assignment:
        raise Unclear(f"is a submission of {rest[0]!r}, not of {assignment!r}")
    return Owner("exchange", student.strip(), student, time=_exchange_time(rest[1]))


def _exchange_time(text: str) -> float | None:
    """Return when nbgrader took the submission; it writes UTC into the folder's name."""
    try:
        stamp = datetime.strptime(text[:19].replace("_", " ").replace("T", " "), EXCHANGE_FORMAT)
    except ValueError:
        return None
    return stamp.replace(tzinfo=UTC).timestamp() if text.endswith("UTC") else None


def _by_canvas(top: str) -> Owner | None:
    """Find the person's number: the first of two that stand side by side.

    Three side by side can be read in two ways, for a person may be called ``x_13``.
    """
    parts = top.split("_")
    numeric = [bool(NUMBER.fullmatch(part)) for part in parts]
    for place in range(1, len(parts) - 2):
        if numeric[place] and numeric[place + 1]:
            if numeric[place + 2] and place + 3 < len(parts):
                raise Unclear(
                    f"may be Canvas user {parts[place]} or {parts[place + 1]}: "
                    "say whose it is with --map"
                )
            front = parts[:place]
            is_late = len(front) > 1 and front[-1] in ("LATE", "late")
            if is_late:
                front.pop()
            file = AGAIN.sub(".", "_".join(parts[place + 2 :]))
            upload = (file, int(parts[place + 1]))
            return Owner("canvas", parts[place], "_".join(front), is_late, upload=upload)
    return None


def _by_file(file: str, assignment: str) -> Owner:
    stem = file[: -len(".ipynb")]
    following = stem.removeprefix(assignment)
    if stem.startswith(assignment) and not following[:1].isalnum():
        raise Unclear("no student id in its name; say whose it is with --student or --map")
    for mark in "_ -":
        if stem.endswith(f"{mark}{assignment}"):
            stem = stem.removesuffix(f"{mark}{assignment}")
            break
    return Owner("file", stem.strip(), stem)


def _looks_packed(part: str, assignment: str) -> bool:
    """Tell whether a platform writes such names, further down than it should stand."""
    try:
        is_folder = not part.lower().endswith(".ipynb")
        return _by_platform(part, assignment, is_folder=is_folder) is not None
    except Unclear:
        return True


class Pattern:
    """An instructor's own pattern: a regular expression with a group named ``student``.

    A group named ``id`` is the number that the platform knows the person by. Names are the
    students', so a pattern that backtracks over one of them is stopped by the clock.
    """

    def __init__(self, text: str) -> None:
        try:
            self._compiled = re.compile(text, re.DOTALL)
        except (re.error, RecursionError, OverflowError) as error:
            raise AutograderError(
                f"the pattern is not a regular expression: {error}", text, "Correct --pattern."
            ) from error
        if "student" not in self._compiled.groupindex:
            raise AutograderError(
                "the pattern has no group named student", text, "Write (?P<student>...) in it."
            )
        self._left_s = PATTERN_TOTAL_S

    def owner_of(self, path: str) -> Owner:
        """Return whose file it is; raise Unclear when the pattern does not say."""
        if self._left_s <= 0:
            raise Unclear("the pattern took too long on other names; write a simpler one")
        try:
            with processor_time(min(PATTERN_S, self._left_s)):
                match = self._compiled.fullmatch(unicodedata.normalize("NFC", path))
        except TimeoutError:
            self._left_s -= PATTERN_S
            raise Unclear("the pattern takes too long on this name; write a simpler one") from None
        if not match or not (match["student"] or "").strip():
            raise Unclear("no student id in its name")
        student = match["student"].strip()
        return Owner("pattern", match.groupdict().get("id") or student, student)


@contextmanager
def processor_time(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in the block once this process has computed for so long in it.

    For the main thread: the only one that Python lets a signal interrupt.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
