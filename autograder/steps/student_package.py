"""The student's package: a wheel with ``autograder check`` and ``autograder hint``, and no more.

What is in it follows from the code: the modules of ``student/`` that are run, and all that they
import. No hidden test, no solution and nothing that decides a mark is among those, and `build`
refuses to make a wheel with one. Equal code gives equal bytes.
"""

from __future__ import annotations

import calendar
import importlib.metadata
import os
import re
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autograder.course.directory import Course
from autograder.course.files import write_atomically
from autograder.errors import AutograderError
from codehash import Code

NAME = "sequence-models-check"
OURS = "sequence-models-measured"  # whose ranges of versions hold for the wheel, too
PACKAGE = Path(__file__).parents[1]
STARTED = ("autograder.student.__main__", "autograder.student.rehearsed")  # by a name in a command
NEEDS = ("torch", "jaxtyping", "msgspec", "rich", "typer")  # jaxtyping: the notebooks import it
NEVER = ("hidden", "suite", "judge", "steps", "course", "recipes", "cli", "checks.py")
LONG_AGO = (1980, 1, 1, 0, 0, 0)
CLOCK = "SOURCE_DATE_EPOCH"  # by which tools that make packages tell the time

ENTRY_POINTS = "[console_scripts]\nautograder = autograder.student.app:main\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: autograder\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
BESIDE = "The command for it is the file `{file}`, which lies where you got this notebook."
NOTE = """\
**Check your work** as often as you like before you hand it in. {where} In a terminal, in the folder
with your notebook:

```text
pip install {wheel}
autograder check {name}.ipynb
autograder check --watch {name}.ipynb{hint}
```

The second line runs your cells and the visible tests, and says what to look at when one fails; the
third does so again whenever you save{told}. Nothing is sent anywhere."""
HINT = "\nautograder hint {name}.ipynb {part}"
TOLD = "; the last shows a hint for part {part}, the next one each time"


def file_name() -> str:
    """Return the name of the wheel."""
    return f"{NAME.replace('-', '_')}-{importlib.metadata.version(OURS)}-py3-none-any.whl"


def write(folder: Path) -> Path:
    """Write the wheel into a folder; leave it alone when it is there already."""
    path, data = folder / file_name(), build()
    for old in folder.glob(f"{NAME.replace('-', '_')}-*.whl"):
        if old != path:
            old.unlink()
    if not path.is_file() or path.read_bytes() != data:
        write_atomically(path, data)
    return path


def build() -> bytes:
    """Return the wheel."""
    from wheel.wheelfile import WheelFile  # only who makes one needs the package

    version = importlib.metadata.version(OURS)
    metadata = [
        "Metadata-Version: 2.1",
        f"Name: {NAME}",
        f"Version: {version}",
        "Summary: Check a notebook of the course before handing it in, and ask for a hint",
        f"Requires-Python: {importlib.metadata.metadata(OURS)['Requires-Python']}",
        *(f"Requires-Dist: {text}" for text in requirements()),
    ]
    notes = {
        "METADATA": "\n".join(metadata) + "\n",
        "WHEEL": WHEEL,
        "entry_points.txt": ENTRY_POINTS,
    }
    with tempfile.TemporaryDirectory() as folder, _long_ago():
        path = Path(folder, file_name())
        with WheelFile(path, "w") as wheel:
            for module in modules():
                name = module.relative_to(PACKAGE.parent).as_posix()
                wheel.writestr(
                    zipfile.ZipInfo(name, LONG_AGO), module.read_bytes(), zipfile.ZIP_DEFLATED
                )
            for name, text in notes.items():
                place = f"{NAME.replace('-', '_')}-{version}.dist-info/{name}"
                wheel.writestr(zipfile.ZipInfo(place, LONG_AGO), text)
        return path.read_bytes()


@contextmanager
def _long_ago() -> Iterator[None]:
    """Let the list of files that the library adds have the time of all the others."""
    before = os.environ.get(CLOCK)
    os.environ[CLOCK] = str(calendar.timegm((*LONG_AGO, 0, 0, 0)))
    try:
        yield
    finally:
        del os.environ[CLOCK]
        if before is not None:
            os.environ[CLOCK] = before


def modules() -> list[Path]:
    """Return the files of the package, in order.

    Raises AutograderError when one of them is not for students.
    """
    root = PACKAGE.parent
    reached = {root / name for name in Code(root, ("autograder",)).files(*STARTED)}
    found = sorted({*reached, *(file for path in reached for file in _beginnings(path))})
    for path in found:
        if path.relative_to(PACKAGE).parts[0] in NEVER:
            raise AutograderError(
                "the student's package would hold a module that is not for students",
                str(path),
                "Something in autograder/student imports it. Let it not.",
            )
    return found


def _beginnings(path: Path) -> Iterator[Path]:
    """Yield the `__init__.py` of every folder that a module lies in."""
    for folder in path.parents:
        yield folder / "__init__.py"
        if folder == PACKAGE:
            return


def requirements() -> list[str]:
    """Return what the package needs from PyPI, with the ranges of ours."""
    declared = importlib.metadata.requires(OURS) or []
    ranges = {re.split(r"[\[<>=!~; ]", text, maxsplit=1)[0]: text for text in declared}
    return [ranges[name] for name in NEEDS]


def how_to_check(assignment: str, elsewhere: str = "", part: str = "") -> str:
    """Return what a released notebook says about checking it.

    ``part`` is one that has hints, if there is one.
    ``elsewhere`` is where students get the package if not beside the notebook: the address of the
    wheel or of a page, or a sentence.
    """
    wheel = f"./{file_name()}"
    where = BESIDE.format(file=file_name())
    if elsewhere.startswith(("https://", "http://")):
        where = f"The command for it is at <{elsewhere}>."
        wheel = elsewhere if elsewhere.endswith(".whl") else wheel
    elif elsewhere:
        where = elsewhere
    names = {"name": assignment, "part": part}
    hint, told = (HINT.format(**names), TOLD.format(**names)) if part else ("", "")
    return NOTE.format(where=where, wheel=wheel, hint=hint, told=told, **names)


def put_beside(course: Course, assignment: str) -> None:
    """Put the wheel into the folder of a released notebook, unless students get it elsewhere."""
    if not course.settings.student_package:
        write(course.notebook("release", assignment).parent)
