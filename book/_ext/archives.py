"""Pack the course's own code for readers who have only the site: no part of it is on PyPI.

One file lies beside the chapters' notebooks, `sequence-models-measured.zip`: the layers, the
experiments with their results, and the book's own modules, in their folders. It holds no hidden
test; the reference layers are in it, because chapters measure them. (What checks the exercises'
notebooks is the student's package, ``autograder/steps/student_package.py``.)
"""

from __future__ import annotations

import re
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = "downloads"  # of the site
CODE = "sequence-models-measured.zip"
# The parts of the repository that chapters import or read, and what is no part of them.
PARTS = ("codehash", "solutions", "experiments", "book")
SUFFIXES = {".py", ".json", ".yaml", ".mplstyle"}
LEFT_OUT = {"__pycache__", "_ext", "quick"}
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # equal input gives equal bytes


def project(root: Path) -> dict[str, Any]:
    """Return the project's ``pyproject.toml``."""
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


def requirements(root: Path, use: str) -> list[str]:
    """Return what ``use`` ("chapter") needs from PyPI, with the project's ranges.

    ``[tool.downloads]`` names the packages. Raises KeyError for one that the project itself does
    not depend on.
    """
    settings = project(root)
    groups = settings["project"]["optional-dependencies"].values()
    known = [*settings["project"]["dependencies"], *(r for group in groups for r in group)]
    ranges = {re.split(r"[\[<>=!~; ]", text, maxsplit=1)[0]: text for text in known}
    return [ranges[name] for name in settings["tool"]["downloads"][use]]


def write_code(root: Path, target: Path) -> Path:
    """Write the code that chapters use into the folder ``target``."""
    path = target / CODE
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in PARTS:
            for file in files(root / part):
                info = zipfile.ZipInfo(file.relative_to(root).as_posix(), LONG_AGO)
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, file.read_bytes())
    return path


def files(folder: Path) -> Iterator[Path]:
    """Yield the code and data below a folder, in order."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.suffix in SUFFIXES and not LEFT_OUT.intersection(parts) and path.is_file():
            yield path
