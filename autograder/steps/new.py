"""Lay out an assignment of the instructor's own: a small one that works, to be changed."""

from __future__ import annotations

import re
from pathlib import Path

from autograder.course.directory import OWN, Course
from autograder.course.files import write_atomically
from autograder.course.fingerprint import PACKAGE
from autograder.errors import AutograderError

STARTER = PACKAGE / "starter"  # a working example, called starter
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
PORTS = {f"{port}{number}" for port in ("com", "lpt") for number in range(10)}
RESERVED = {"con", "prn", "aux", "nul", *PORTS}  # to Windows


def new(course: Course, name: str) -> Path:
    """Write assignments/NAME/ with a working example and return the folder.

    Raises AutograderError for a name that cannot be that of an assignment, or is one already.
    """
    _require_name(course, name)
    folder = course.root / OWN / name
    for path in sorted(STARTER.rglob("*")):
        if path.is_file() and path.suffix in (".md", ".toml", ".py"):
            relative = str(path.relative_to(STARTER)).replace(STARTER.name, name)
            text = path.read_text(encoding="utf-8").replace(STARTER.name, name)
            write_atomically(folder / relative, text.encode())
    return folder


def _require_name(course: Course, name: str) -> None:
    if not NAME.fullmatch(name) or name in RESERVED:
        raise AutograderError(
            f"{name!r} cannot be the name of an assignment",
            str(course.root / OWN),
            "Use 1 to 40 small letters, digits, - and _, a letter or digit first: it becomes a "
            "folder, a file on students' machines (where Hw1 and hw1 are one, and con is none) and "
            "a word in commands.",
        )
    folder = course.root / OWN / name
    if folder.exists():
        raise AutograderError(
            f"there is an assignment {name!r} already", str(folder), "Choose another name."
        )
    taken = course.exercise(name)
    if taken.exists() or name in course.released():
        where = taken if taken.exists() else course.notebook("release", name)
        raise AutograderError(
            f"another assignment of the course is called {name!r}",
            str(where),
            "Choose another name: marks are kept by it.",
        )
    if _topic(name) in {path.name for path in (PACKAGE / "hidden").iterdir() if path.is_dir()}:
        raise AutograderError(
            f"{name!r} is the name of an assignment that comes with the autograder",
            str(PACKAGE / "hidden" / _topic(name)),
            f"Choose another one, for example my-{name}.",
        )


def _topic(name: str) -> str:
    """Return the name as that of a suite of ours would be: 03-gates is gates."""
    return re.sub(r"^\d+-", "", name).replace("-", "_")
