"""What the judge decides about one submission, and nothing else.

A verdict is plain data: it crosses process (and later cluster) borders as JSON, is kept
beside the autograded notebook, and is all that the gradebook, the feedback and the class
report are made from. It never contains a line of a hidden test.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from autograder.line.limits import Isolation

CellStatus = Literal["ok", "error", "timeout", "crashed", "missing"]


class CheckResult(msgspec.Struct, frozen=True):
    """One hidden check: what it examined, what it was worth, and what the student should know."""

    name: str
    title: str
    points: float
    max_points: float
    message: str = ""
    # Of a check that failed, as far as it is known:
    examined: str = ""  # what was asked of the student's work
    came_back: str = ""  # kind, shape and how far off; never a value that was expected
    help: str = ""  # where to look

    @property
    def passed(self) -> bool:
        return self.points == self.max_points


class CellResult(msgspec.Struct, frozen=True):
    """What happened when one cell ran in the sandbox. Text is capped and comes from the student."""

    cell_id: str
    status: CellStatus
    name: str = ""  # how the student knows the cell
    stdout: str = ""
    error: str = ""
    seconds: float = 0.0


class PartResult(msgspec.Struct, frozen=True):
    """One graded cell: the sum of its checks."""

    grade_id: str
    max_points: float
    checks: list[CheckResult] = []
    heading: str = ""  # the one above the cell in the notebook
    optional: bool = False  # its points count, but not in the maximum

    @property
    def title(self) -> str:
        """What the part is called where people read it."""
        return self.heading or self.grade_id

    @property
    def points(self) -> float:
        return round(sum(check.points for check in self.checks), 9)  # thirds add up to one

    @property
    def help(self) -> list[str]:
        """Where to look for what failed, each place once."""
        return list(dict.fromkeys(check.help for check in self.checks if check.help))

    @property
    def counted_points(self) -> float:
        """What the part adds to the maximum."""
        return 0.0 if self.optional else self.max_points


class ByHand(msgspec.Struct, frozen=True):
    """A cell that a person marks: the judge says nothing about it but that it is there."""

    grade_id: str
    max_points: float
    heading: str = ""  # the one above the cell in the notebook
    optional: bool = False

    @property
    def title(self) -> str:
        return self.heading or self.grade_id


class Verdict(msgspec.Struct, frozen=True):
    """The judge's answer for one submitted notebook."""

    assignment: str
    student: str
    isolation: Isolation
    seed: int
    fingerprint: str  # of submission, instructor's source, hidden suite and grader version
    parts: list[PartResult] = []
    cells: list[CellResult] = []
    problems: list[str] = []  # about the submission as a whole, worded for the student
    seconds: float = 0.0
    submission: str = ""  # digest of the file that was handed in
    regraded: list[str] = []  # checks that were judged again by themselves, after the others
    measured: dict[str, float] = {}  # what checks have measured, for a leaderboard
    by_hand: list[ByHand] = []  # what a person marks beside the parts; not in the points below

    @property
    def points(self) -> float:
        return sum(part.points for part in self.parts)

    @property
    def max_points(self) -> float:
        return sum(part.counted_points for part in self.parts)


def encode(verdict: Verdict) -> bytes:
    """Return the verdict as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(verdict), indent=1)


def decode(data: bytes) -> Verdict:
    """Read a verdict; raise msgspec.ValidationError when it is not one."""
    return msgspec.json.decode(data, type=Verdict)
