"""Tell whether a verdict still holds: a hash over everything it was made from.

That is the submission, the assembled notebook (which holds the text of the reference), the
hidden tests, the grader's own code, the seed and the isolation. Code counts as code: comments,
docstrings and where a file lies change nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache, cached_property
from pathlib import Path, PurePosixPath

import msgspec

from autograder.course.directory import Course
from autograder.errors import AutograderError
from autograder.verdict import Verdict
from codehash import Code

PACKAGE = Path(__file__).parents[1]
# Where marks are decided, and what runs beside the student; all that these import counts too.
DECIDING = ("judge", "inside", "recipes")
FAILED = "grader-failed"  # the fingerprint of a verdict that must be tried again next time


class _Facts(msgspec.Struct):
    suite: str
    limits: dict[str, float] = {}


class _Metadata(msgspec.Struct):
    autograder: _Facts


class _Source(msgspec.Struct):
    """What is read of the assembled notebook. The whole of it, nbformat would have to read."""

    metadata: _Metadata


class Fingerprints:
    """Fingerprints of one assignment's verdicts."""

    def __init__(self, course: Course, assignment: str) -> None:
        self.course, self.assignment = course, assignment

    @property
    def suite(self) -> str:
        """The name of the hidden tests."""
        return self._facts.suite

    @property
    def limits(self) -> dict[str, float]:
        """The assignment's own limits for student processes."""
        return self._facts.limits

    @cached_property
    def files(self) -> dict[str, str]:
        """The text of the modules of an assignment of the instructor's own; else none."""
        if not self.suite.endswith(".py"):
            return {}
        paths = hidden_files(self.course.root, self.suite)
        return {path.name: path.read_text(encoding="utf-8") for path in paths}

    @cached_property
    def _facts(self) -> _Facts:
        """What the assembled notebook says of itself."""
        path = self.course.notebook("source", self.assignment)
        try:
            notebook = msgspec.json.decode(path.read_bytes(), type=_Source)
            return notebook.metadata.autograder
        except (FileNotFoundError, msgspec.DecodeError) as error:
            raise AutograderError(
                "the instructor's notebook is missing or was not made by 'autograder release'",
                str(path),
                f"Run 'autograder release {self.assignment} --force'.",
            ) from error

    @cached_property
    def shared(self) -> bytes:
        """The hash of all that every submission of the assignment has in common."""
        source = self.course.notebook("source", self.assignment).read_bytes()
        hidden = hidden_key(self.course.root, self.suite)
        parts = [str(self.course.seed(self.assignment)), grader_key(), hidden]
        return hashlib.sha256("\0".join(parts).encode() + b"\0" + source).digest()

    def of(self, submission: bytes, isolation: str) -> str:
        """Return the fingerprint of a submission judged at an isolation level."""
        digest = hashlib.sha256(self.shared + isolation.encode() + b"\0" + submission)
        return digest.hexdigest()

    def holds(self, verdict: Verdict | None, submission: bytes) -> bool:
        """Tell whether the verdict was made from this submission and all else as it is now."""
        return verdict is not None and verdict.fingerprint == self.of(submission, verdict.isolation)


def digest_of(submission: bytes) -> str:
    """Return what a verdict knows its submission by."""
    return hashlib.sha256(submission).hexdigest()


@cache
def grader_key() -> str:
    """Return the key of the code that decides what a verdict says."""
    root, name = PACKAGE.parent, PACKAGE.name
    paths = [path for folder in DECIDING for path in sorted((PACKAGE / folder).glob("*.py"))]
    modules = [".".join(path.relative_to(root).with_suffix("").parts) for path in paths]
    return Code(root, [name], left_out=[f"{name}/hidden/"]).key(*modules)


def hidden_key(root: Path, suite: str) -> str:
    """Return the key of a suite of hidden tests."""
    try:
        return key_of(hidden_files(root, suite))
    except SyntaxError as error:
        raise AutograderError(
            f"the hidden tests do not parse: {error.msg}",
            f"{PurePosixPath(suite).parent}/{error.filename}:{error.lineno}",
            "Correct that line.",
        ) from error


def key_of(paths: Iterable[Path]) -> str:
    """Return the key of these files' code, each by itself."""
    keys = [f"{path.stem} {Code(path.parent, ()).key(path.stem)}" for path in paths]
    return hashlib.sha256("\n".join(keys).encode()).hexdigest()


def hidden_text(root: Path, suite: str) -> str:
    """Return the source text of all that a suite of hidden tests is made of."""
    return "\n".join(path.read_text(encoding="utf-8") for path in hidden_files(root, suite))


def hidden_files(root: Path, suite: str) -> list[Path]:
    """Return a suite's own files and the ones that suites share, without importing them.

    Those of an assignment of the instructor's own are the modules in its folder, the reference
    among them: its hidden tests may compare with it.
    """
    if suite.endswith(".py"):
        if not (root / suite).is_file():
            raise AutograderError(
                "the hidden tests of the assignment are gone",
                str(root / suite),
                "Put the file back, or correct 'autograder: {suite: ...}' in the exercise.",
            )
        return sorted((root / suite).parent.glob("*.py"))
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
