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


def new_file(path: Path | None) -> Path | None:
    """Refuse a place where no file can be written."""
    if path is not None and path.is_dir():
        raise typer.BadParameter(f"{path} is a folder; name a file in it")
    if path is not None and path.exists() and not path.is_file():
        raise typer.BadParameter(f"{path} is not an ordinary file")
    if path is not None and not path.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {path.parent}; make it, or correct the name")
    return path


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
