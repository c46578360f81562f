"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autograder.errors import AutograderError

if TYPE_CHECKING:
    from autograder.course.directory import Course

DAY = 86_400

CourseOption = Annotated[
    Path | None,
    typer.Option("--course", help="The course directory. Default: the one you are in."),
]
AssignmentArgument = Annotated[
    str | None,
    typer.Argument(help="The assignment. Default: the only one that is released."),
]
StudentOption = Annotated[
    list[str] | None,
    typer.Option("--student", "-s", help="Only this student; may be given several times."),
]


def seconds(value: float | None) -> float | None:
    """Refuse what is no time to wait: zero, less, more than a day and NaN."""
    if value is not None and not 0 < value <= DAY:
        raise typer.BadParameter(f"give a number of seconds above zero, at most {DAY} (a day)")
    return value


def assignment_of(home: Course, name: str | None) -> str:
    """Return the assignment that was named, or the only one there is."""
    if name is not None:
        home.require_released(name)
        return name
    released = home.released()
    if len(released) != 1:
        raise AutograderError(
            "say which assignment you mean",
            str(home.root),
            f"Released: {', '.join(released) or 'none; run autograder release'}.",
        )
    return released[0]
