"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from autograder.errors import AutograderError

if TYPE_CHECKING:
    from autograder.course.directory import Course

CourseOption = Annotated[
    Path | None,
    typer.Option("--course", help="The course directory. Default: the one you are in."),
]
SandboxOption = Annotated[
    Literal["bwrap", "podman", "docker"],
    typer.Option(help="What keeps student code in: bubblewrap, or a container."),
]
AssignmentArgument = Annotated[
    str | None,
    typer.Argument(help="The assignment. Default: the only one that is released."),
]
StudentOption = Annotated[
    list[str] | None,
    typer.Option("--student", "-s", help="Only this student; may be given several times."),
]


def address(value: str) -> str:
    """Refuse what is no address of a scheduler."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(value)
        is_one = parts.scheme in ("tcp", "tls") and parts.hostname and parts.port
    except ValueError:  # a port that is no number
        is_one = False
    if value and not is_one:
        raise typer.BadParameter("give an address as tcp://HOST:PORT or tls://HOST:PORT")
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


def new_folder(path: Path | None) -> Path | None:
    """Refuse a place where no folder can be."""
    if path is not None and path.exists() and not path.is_dir():
        raise typer.BadParameter(f"{path} is a file; name a folder")
    if path is not None and not path.resolve().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {path.parent}; make it, or correct the name")
    return path


def assignment_of(home: Course, name: str | None) -> str:
    """Return the assignment that was named, or the only one there is."""
    if name is not None:
        home.require_released(name)
        return name
    released = home.released()
    known = f"Released: {', '.join(released) or 'none; run autograder release'}."
    return the_only(home, released, known)


def the_only(home: Course, names: list[str], known: str) -> str:
    """Return the only assignment there is; refuse to choose, and say which are ``known``."""
    if len(names) != 1:
        raise AutograderError("say which assignment you mean", str(home.root), known)
    return names[0]
