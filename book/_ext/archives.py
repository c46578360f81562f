"""Pack the course's own code for readers who have only the site: no part of it is on PyPI.

Two files lie beside the downloadable notebooks:

    sequence-models-measured.zip     what chapters import: the layers, the experiments with their
                                     results, and the book's own modules, in their folders
    sequence_models_check-*.whl      the command ``autograder``, for ``autograder check``

Neither holds a hidden test. The first holds the reference layers, because chapters measure them.
"""

from __future__ import annotations

import re
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wheel.wheelfile import WheelFile

FOLDER = "downloads"  # of the site
CODE = "sequence-models-measured.zip"
CHECK = "sequence_models_check"
# The parts of the repository that chapters import or read, and what is no part of them.
PARTS = ("codehash", "solutions", "experiments", "book")
SUFFIXES = {".py", ".json", ".yaml", ".mplstyle"}
LEFT_OUT = {"__pycache__", "_ext", "quick"}
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # equal input gives equal bytes


def project(root: Path) -> dict[str, Any]:
    """Return the project's ``pyproject.toml``."""
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


def requirements(root: Path, use: str) -> list[str]:
    """Return what ``use`` ("chapter" or "check") needs from PyPI, with the project's ranges.

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


def check_wheel(root: Path) -> str:
    """Return the file name of the wheel with the command ``autograder``."""
    return f"{CHECK}-{project(root)['project']['version']}-py3-none-any.whl"


def write_check(root: Path, target: Path) -> Path:
    """Write the wheel with the command ``autograder`` into the folder ``target``.

    It is the package as it stands, without the hidden tests: what a student needs to check a
    notebook, and nothing that marks are decided by.
    """
    version = project(root)["project"]["version"]
    path = target / check_wheel(root)
    metadata = [
        "Metadata-Version: 2.1",
        f"Name: {CHECK.replace('_', '-')}",
        f"Version: {version}",
        "Summary: Check a notebook of Sequence Models, Measured before handing it in",
        f"Requires-Python: {project(root)['project']['requires-python']}",
        *(f"Requires-Dist: {text}" for text in requirements(root, "check")),
    ]
    notes = {
        "METADATA": "\n".join(metadata) + "\n",
        "WHEEL": "Wheel-Version: 1.0\nGenerator: archives\nRoot-Is-Purelib: true\n"
        "Tag: py3-none-any\n",
        "entry_points.txt": f"[console_scripts]\n"
        f"autograder = {project(root)['project']['scripts']['autograder']}\n",
    }
    package = root / "autograder"
    with WheelFile(path, "w") as wheel:
        for file in files(package):
            if not file.is_relative_to(package / "hidden"):
                info = zipfile.ZipInfo(file.relative_to(root).as_posix(), LONG_AGO)
                wheel.writestr(info, file.read_bytes(), zipfile.ZIP_DEFLATED)
        for name, text in notes.items():
            info = zipfile.ZipInfo(f"{CHECK}-{version}.dist-info/{name}", LONG_AGO)
            wheel.writestr(info, text)
    return path


def files(folder: Path) -> Iterator[Path]:
    """Yield the code and data below a folder, in order."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.suffix in SUFFIXES and not LEFT_OUT.intersection(parts) and path.is_file():
            yield path
