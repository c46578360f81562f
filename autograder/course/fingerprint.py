"""Tell whether a verdict still holds: a hash over everything it was made from."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path

import nbformat

from autograder.course.directory import Course
from autograder.errors import AutograderError
from autograder.verdict import Verdict

# The parts of the grader that decide what a verdict says.
GRADER = (
    *("checks.py", "verdict.py", "inside/*.py", "line/*.py", "suite/*.py"),
    *("notebooks/pairing.py", "notebooks/read.py", "judge/*.py"),
)
FAILED = "grader-failed"  # the fingerprint of a verdict that must be tried again next time


class Fingerprints:
    """Fingerprints of one assignment's verdicts."""

    def __init__(self, course: Course, assignment: str) -> None:
        self.course, self.assignment = course, assignment

    @cached_property
    def suite(self) -> str:
        """The name of the hidden tests, from the assembled notebook."""
        path = self.course.notebook("source", self.assignment)
        try:
            return str(nbformat.read(path, as_version=4).metadata["autograder"]["suite"])
        except (FileNotFoundError, KeyError) as error:
            raise AutograderError(
                "the instructor's notebook is missing or was not made by 'autograder release'",
                str(path),
                f"Run 'autograder release {self.assignment} --force'.",
            ) from error

    @cached_property
    def shared(self) -> bytes:
        """The hash of all that every submission of the assignment has in common."""
        here = Path(__file__).parents[1]
        files = [
            self.course.notebook("source", self.assignment),
            *hidden_files(self.suite),
            *sorted(path for pattern in GRADER for path in here.glob(pattern)),
            *sorted((self.course.exercises.parent / "solutions").glob("**/*.py")),
        ]
        digest = hashlib.sha256(str(self.course.seed(self.assignment)).encode())
        for path in files:
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
        return digest.digest()

    def of(self, submission: bytes, isolation: str) -> str:
        """Return the fingerprint of a submission judged at an isolation level."""
        digest = hashlib.sha256(self.shared + isolation.encode() + b"\0" + submission)
        return digest.hexdigest()

    def holds(self, verdict: Verdict | None, submission: bytes) -> bool:
        """Tell whether the verdict was made from this submission and all else as it is now."""
        return verdict is not None and verdict.fingerprint == self.of(submission, verdict.isolation)


def hidden_text(suite: str) -> str:
    """Return the source text of all that a suite of hidden tests is made of."""
    return "\n".join(path.read_text(encoding="utf-8") for path in hidden_files(suite))


def hidden_files(suite: str) -> list[Path]:
    """Return a suite's own files and the ones that suites share, without importing them."""
    main = _hidden_file(suite)
    packaged = main.name == "__init__.py"
    own = sorted(main.parent.rglob("*.py")) if packaged else [main]
    home = main.parent.parent if packaged else main.parent
    return [*own, *sorted(home.glob("shared/**/*.py"))]


def _hidden_file(suite: str) -> Path:
    from importlib.util import find_spec

    spec = find_spec(f"autograder.hidden.{suite}") if suite.isidentifier() else None
    if spec is None or spec.origin is None:
        raise AutograderError(
            f"there are no hidden tests called {suite!r}",
            f"autograder/hidden/{suite}",
            "Write them, or correct 'autograder: {suite: ...}' in the exercise.",
        )
    return Path(spec.origin)
