"""What an instructor may set for an assignment: points, weight, optional parts, date.

It stands beside the exercise, in one file of the same name: ``03-gates.toml`` for ``03-gates.md``.

    weight = 2                          # in the mark of the course; 1 if left out
    due = 2026-12-01T23:59:00+01:00     # none if left out
    optional = ["peephole-tests"]       # these points count, but not in the maximum

    [points]                            # of graded cells; what is left out is as the exercise says
    lstm-cell-tests = 6

    [limits]                            # of the sandbox; what is left out is as usual
    total_s = 240

The limits are those of `line/limits.py`: seconds by the clock for a cell (`cell_s`), for a call
from a check (`call_s`) and for all of a submission (`total_s`), processor seconds of one process
(`cpu_s`), its memory (`memory_mb`), its files (`tmp_mb`), its threads and processes (`threads`).

The hidden checks of a part share its points in the proportion that their suite gives them.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from pathlib import Path

import msgspec

from autograder.errors import AutograderError

# Those of line/limits.py; `notebooks/` knows no lines, and a test holds the two together.
LIMITS = ("cell_s", "call_s", "total_s", "cpu_s", "memory_mb", "tmp_mb", "threads")


class Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The terms of one assignment; without a file it is these."""

    weight: float = 1.0
    due: datetime | None = None
    optional: list[str] = []
    points: dict[str, float] = {}
    limits: dict[str, float] = {}


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
            "It is TOML and may hold weight, due, optional, [points] and [limits].",
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
    for name, value in terms.limits.items():
        if name not in LIMITS:
            return f"there is no limit called {name!r}", f"Name one of: {', '.join(LIMITS)}."
        if not 1 <= value < float("inf"):
            return f"the limit {name} is {value:g}", "Give a number, 1 or more."
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
