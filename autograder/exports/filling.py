"""What filling in a platform's table comes to, and how a mark is written into it."""

from __future__ import annotations

from dataclasses import dataclass, field

from autograder.errors import AutograderError
from autograder.exports.marks import Mark


@dataclass(frozen=True)
class Wishes:
    """How an instructor wants a table filled in.

    ``absent`` is the mark for what was never handed in, None to leave the cell as it is. ``scale``
    allows to turn our points into the platform's when the two maxima differ. ``column`` names
    the column of the assignment in a table that has one for each.
    """

    absent: float | None = None
    scale: bool = False
    column: str = ""


@dataclass
class Filled:
    """A table, and what to know about it."""

    data: bytes
    marks: int = 0  # how many are in it
    left: list[str] = field(default_factory=list)  # what was not filled in, and why
    notes: list[str] = field(default_factory=list)

    def add(self, mark: Mark) -> None:
        """Count a mark that was filled in, and say what is provisional about it."""
        self.marks += 1
        if mark.score is not None and mark.score.needs_manual_grade:
            self.notes.append(
                f"{mark.student} is to be looked at in formgrader: the mark may change"
            )


def scaled(points: float, maximum: float, theirs: float | None, wishes: Wishes) -> float:
    """Return the points as the platform counts them."""
    if theirs is None or not wishes.scale or not maximum:
        return points
    return points * theirs / maximum


def require_same(maximum: float, theirs: float | None, wishes: Wishes, where: str) -> None:
    """Refuse to write points into a column that counts otherwise, unless that is wished."""
    if theirs is not None and not wishes.scale and abs(theirs - maximum) > 1e-9:
        raise AutograderError(
            f"the assignment is worth {maximum:g} points, and the platform's column {theirs:g}",
            where,
            "Change its points on the platform and download the table again, or say --scale to "
            "have every mark converted.",
        )


def number(value: float) -> str:
    """Return a mark as platforms read it: a point, and no more than five decimals."""
    return f"{value:.5f}".rstrip("0").rstrip(".")


def read_number(text: str) -> float | None:
    """Return a number of a platform's table, which may have a decimal comma; None for no number."""
    *front, last = text.strip().replace(",", ".").split(".")
    try:
        return float(f"{''.join(front)}.{last}" if front else last)
    except ValueError:
        return None
