"""What an instructor may set for an assignment: points, weight, optional parts, date.

It stands beside the exercise, in one file of the same name: ``03-gates.toml`` for ``03-gates.md``.

    weight = 2                          # in the mark of the course; 1 if left out
    due = 2026-12-01T23:59:00+01:00     # none if left out
    optional = ["peephole-tests"]       # these points count, but not in the maximum

    [points]                            # of graded cells; what is left out is as the exercise says
    lstm-cell-tests = 6

    [late]                              # what handing in late costs; see below
    grace_minutes = 15
    percent = 10
    per = "day"
    at_most = 50
    zero_after_days = 7

    [limits]                            # of the sandbox; what is left out is as usual
    total_s = 240

Whoever is late by more than the grace loses so many percent of what was earned for each day (or
``per = "hour"``) that has begun since the date, ``at_most`` so many percent in all, and everything
after so many days. Without ``[late]`` the rule in the course's nbgrader_config.py holds;
``percent = 0`` says that nothing is taken off here, whatever that rule is.

The date is where a course begins: `release` hands it to the gradebook when it is new or changed,
and what is set there later (`autograder due`) holds.

The limits are those of `line/limits.py`: seconds by the clock for a cell (`cell_s`), for a call
from a check (`call_s`) and for all of a submission (`total_s`), processor seconds of one process
(`cpu_s`), its memory (`memory_mb`), its files (`tmp_mb`), its threads and processes (`threads`).

The hidden checks of a part share its points in the proportion that their suite gives them.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from autograder.errors import AutograderError

DAY, HOUR = 86_400, 3_600  # seconds
# Those of line/limits.py; `notebooks/` knows no lines, and a test holds the two together.
LIMITS = ("cell_s", "call_s", "total_s", "cpu_s", "memory_mb", "tmp_mb", "threads")


class Late(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What handing in late costs."""

    grace_minutes: float = 0.0
    percent: float = 0.0  # of what was earned
    per: Literal["day", "hour"] = "day"  # that has begun
    at_most: float = 100.0  # percent in all
    zero_after_days: float | None = None

    def penalty(self, score: float, late_s: float) -> float:
        """Return what is taken off a score; 1 second into a day, that day counts.

        penalty = score min(percent ceil(late / per), at_most) / 100, or score after zero_after_days
        """
        if late_s <= self.grace_minutes * 60:
            return 0.0
        if self.zero_after_days is not None and late_s > self.zero_after_days * DAY:
            return score
        begun = math.ceil(late_s / (DAY if self.per == "day" else HOUR))
        return round(score * min(self.percent * begun, self.at_most) / 100, 6)

    def __str__(self) -> str:
        parts = [f"{self.grace_minutes:g} minutes of grace"] if self.grace_minutes else []
        if self.percent:
            capped = f", at most {self.at_most:g} %" if self.at_most < 100 else ""
            parts.append(f"{self.percent:g} % for each {self.per} begun{capped}")
        if self.zero_after_days is not None:
            parts.append(f"nothing left after {self.zero_after_days:g} days")
        return "; ".join(parts) if self.percent or self.zero_after_days else "nothing is taken off"


class Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The terms of one assignment; without a file it is these."""

    weight: float = 1.0
    due: datetime | None = None
    optional: list[str] = []
    points: dict[str, float] = {}
    limits: dict[str, float] = {}
    late: Late | None = None


def terms_path(exercise: Path) -> Path:
    return exercise.with_suffix(".toml")


def read_terms(exercise: Path) -> Terms:
    """Return the terms of the exercise at this path; raise AutograderError for what is no terms."""
    path = terms_path(exercise)
    try:
        terms = msgspec.toml.decode(path.read_bytes(), type=Terms)
    except FileNotFoundError:
        return Terms()
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise AutograderError(
            f"cannot read the terms of the assignment: {error}",
            str(path),
            "It is TOML and may hold weight, due, optional, [points], [late] and [limits].",
        ) from error
    if problem := _problem(terms):
        what, todo = problem
        raise AutograderError(what, str(path), todo)
    return terms


def _problem(terms: Terms) -> tuple[str, str] | None:
    """Return what is wrong with the values, and what to do; None if nothing is."""
    if not 0 <= terms.weight < float("inf"):
        return f"the weight is {terms.weight:g}", "Give a number, 0 or more."
    if terms.due is not None and terms.due.tzinfo is None:
        return (
            f"the date {terms.due} names no time zone",
            "End it with Z (UTC) or an offset: 2026-12-01T23:59:00+01:00.",
        )
    for part, points in terms.points.items():
        if not 0 < points < float("inf"):
            return f"the part {part!r} is worth {points:g} points", "Points must be above zero."
    if terms.late is not None and (wrong := late_problem(terms.late)):
        return wrong
    for name, value in terms.limits.items():
        if name not in LIMITS:
            return f"there is no limit called {name!r}", f"Name one of: {', '.join(LIMITS)}."
        if not 1 <= value < float("inf"):
            return f"the limit {name} is {value:g}", "Give a number, 1 or more."
    return None


def late_problem(late: Late) -> tuple[str, str] | None:
    """Return what is wrong with a rule for handing in late, and what to do; None if nothing is."""
    for name in ("percent", "at_most"):
        if not 0 <= getattr(late, name) <= 100:
            return f"late.{name} is {getattr(late, name):g}", "Give percent, 0 to 100."
    if not 0 <= late.grace_minutes < float("inf"):
        return f"late.grace_minutes is {late.grace_minutes:g}", "Give minutes, 0 or more."
    if late.zero_after_days is not None and not 0 < late.zero_after_days < float("inf"):
        return f"late.zero_after_days is {late.zero_after_days:g}", "Give days, more than 0."
    return None


def require_known(terms: Terms, parts: Collection[str], exercise: Path) -> None:
    """Raise AutograderError if the terms speak of a part that is no graded cell of the exercise."""
    for part in [*terms.points, *terms.optional]:
        if part not in parts:
            raise AutograderError(
                f"the terms speak of {part!r}, which is no graded cell of the exercise",
                str(terms_path(exercise)),
                f"Graded cells: {', '.join(parts)}.",
            )
    if parts and set(parts) <= set(terms.optional):
        raise AutograderError(
            "every part is optional, so there is no full mark",
            str(terms_path(exercise)),
            "Leave one part out of 'optional'.",
        )
