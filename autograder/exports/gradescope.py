"""For Gradescope: an autograder zip of one assignment, and results of what was graded here.

The zip holds the judge, the hidden tests of this one assignment, and its released notebook: no
solution, and nothing of another assignment, of the course or of a student.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import io
import re
import shlex
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from autograder.course.directory import Course
from autograder.course.fingerprint import Fingerprints, hidden_files
from autograder.exports.marks import marks
from autograder.gradescope.harness import Order
from autograder.gradescope.results import results
from autograder.steps.grade import job_for

OURS = "sequence-models-measured"
PACKAGE = Path(__file__).parents[1]
# What judging takes. Nothing that knows of courses, and no other assignment's tests.
ROOMS = ("inside", "line", "suite", "judge", "notebooks", "recipes", "gradescope", "hidden/shared")
ALSO = ("__init__", "checks", "differences", "errors", "stages", "verdict", "hidden/__init__")
NOT_THERE = ("rich", "typer")  # what the command line needs, and judging does not
LONG_AGO = (1980, 1, 1, 0, 0, 0)
PROGRAM, TEXT = 0o755 << 16, 0o644 << 16

SETUP = """\
#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the image of the assignment.
set -euo pipefail
apt-get update
apt-get install -y --no-install-recommends python3 python3-venv bubblewrap
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {{
    echo "This needs Python 3.11 or later: choose a newer base image (Ubuntu 24.04)." >&2
    exit 1
}}
python3 -m venv /autograder/venv
/autograder/venv/bin/pip install --no-cache-dir {index}\\
    {requirements}
chmod 700 /autograder/source
"""
RUN = """\
#!/usr/bin/env bash
# Gradescope runs this, as root, for each submission. The environment is not the student's.
home="${AUTOGRADER_HOME:-/autograder}"
python="${AUTOGRADER_PYTHON:-/autograder/venv/bin/python}"
cd "$home" || exit 1
exec env PYTHONPATH="$home/source" PYTHONDONTWRITEBYTECODE=1 \\
    "$python" -m autograder.gradescope.harness "$home"
"""


def bundle(course: Course, assignment: str, index: str = "") -> bytes:
    """Return the zip; ``index`` is a package index that pip is to look into as well."""
    fingerprints = Fingerprints(course, assignment)
    job = job_for(course, fingerprints, "you", b"", "bwrap")
    released = course.notebook("release", assignment).read_text(encoding="utf-8")
    job = msgspec.structs.replace(job, source=released, seed=0, fingerprint="gradescope", hide="")
    secret = f"{course.settings.seed}/gradescope/{assignment}"
    order = Order(job, hashlib.sha256(secret.encode()).hexdigest())
    extra = f"--extra-index-url {shlex.quote(index)} " if index else ""
    wanted = " ".join(map(shlex.quote, requirements()))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:

        def put(name: str, data: bytes, mode: int = TEXT) -> None:
            entry = zipfile.ZipInfo(name, LONG_AGO)
            entry.external_attr, entry.compress_type = mode, zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)

        put("setup.sh", SETUP.format(index=extra, requirements=wanted).encode(), PROGRAM)
        put("run_autograder", RUN.encode(), PROGRAM)
        put("job.json", msgspec.json.encode(order))
        for name, path in modules(course, fingerprints, is_own=bool(job.files)):
            put(name, path.read_bytes())
    return stream.getvalue()


def modules(
    course: Course, fingerprints: Fingerprints, *, is_own: bool
) -> Iterator[tuple[str, Path]]:
    """Yield the files of our package that judging this assignment takes, with their names."""
    for room in ROOMS:
        for path in sorted((PACKAGE / room).rglob("*.py")):
            yield path.relative_to(PACKAGE.parent).as_posix(), path
    for name in ALSO:
        yield f"autograder/{name}.py", PACKAGE / f"{name}.py"
    if is_own:  # they travel in the job
        return
    suite = f"autograder/hidden/{fingerprints.suite}"
    own = [p for p in hidden_files(course.root, fingerprints.suite) if "shared" not in p.parts]
    for path in own:
        if own[0].name == "__init__.py":
            yield f"{suite}/{path.relative_to(own[0].parent).as_posix()}", path
        else:
            yield f"{suite}.py", path


def requirements() -> list[str]:
    """Return what judging needs from PyPI, in the versions that are installed here."""
    declared = importlib.metadata.requires(OURS) or []
    names = [re.split(r"[\[<>=!~; ]", text, maxsplit=1)[0] for text in declared if ";" not in text]
    wanted = [name for name in names if name not in NOT_THERE]
    versions = {name: importlib.metadata.version(name) for name in [*wanted, "nbformat"]}
    return [f"{name}=={version.partition('+')[0]}" for name, version in versions.items()]


def archive(course: Course, assignments: Iterable[str]) -> tuple[bytes, int]:
    """Return a zip of ASSIGNMENT/STUDENT/results.json and how many there are in it."""
    stream, count = io.BytesIO(), 0
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        for assignment in assignments:
            for mark in marks(course, assignment):
                if mark.verdict is not None and mark.score is not None:
                    entry = zipfile.ZipInfo(f"{assignment}/{mark.student}/results.json")
                    data = msgspec.json.encode(
                        results(mark.verdict, mark.points, mark.score.penalty or 0.0)
                    )
                    packed.writestr(entry, msgspec.json.format(data, indent=1))
                    count += 1
    return stream.getvalue(), count
