"""A throw-away course for the benchmarks, made and graded with the real command line."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.cli import run
from benchmarks.marks import read_marks

REPOSITORY = Path(__file__).resolve().parent.parent
ASSIGNMENT = "01-rnn-limits"
HIDDEN_TESTS = REPOSITORY / "autograder" / "hidden"
TOOLS = Path(sys.executable).parent


def environment() -> dict[str, str]:
    """Return an environment in which the tools of this Python are found first."""
    path = f"{TOOLS}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {**os.environ, "PATH": path, "OMP_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Classroom:
    """A course directory with one released assignment."""

    root: Path

    @classmethod
    def make(cls, root: Path) -> Classroom:
        """Lay out the course and release the assignment."""
        room = cls(root)
        exercises = str(REPOSITORY / "exercises")
        room.autograder("init", str(root), "--exercises", exercises, is_in_course=False)
        room.autograder("release", ASSIGNMENT)
        return room

    def autograder(
        self, *arguments: str, is_in_course: bool = True, accept: Sequence[int] = (0,)
    ) -> str:
        """Run a command of ``autograder`` in this process and return what it printed.

        Raises RuntimeError when it ends otherwise than with one of these exit codes.
        """
        arguments += ("--course", str(self.root)) if is_in_course else ()
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = run(arguments)
        return _accepted(arguments, code, said.getvalue(), accept)

    def grade(self, *options: str) -> str:
        """Run ``autograder grade`` as it is typed: in processes that end with the command."""
        arguments = ("grade", ASSIGNMENT, *options, "--course", str(self.root))
        command = [str(TOOLS / "autograder"), *arguments]
        done = subprocess.run(
            command, cwd=REPOSITORY, env=environment(), capture_output=True, text=True
        )
        return _accepted(arguments, done.returncode, done.stdout + done.stderr, (0,))

    def notebook(self, step: str, student: str = ".") -> Path:
        return self.root / step / student / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"

    def read(self, step: str, student: str = ".") -> NotebookNode:
        return nbformat.read(self.notebook(step, student), as_version=4)

    def inbox(self, student: str) -> Path:
        """Return where to put a submission for ``collect``; its folder is made."""
        path = self.root / "inbox" / student / f"{ASSIGNMENT}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def submitted(self, student: str) -> Path:
        """Return where a submission lies once it is collected; its folder is made."""
        path = self.notebook("submitted", student)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def copy_to(self, root: Path) -> None:
        """Make a twin of the course directory as it is now."""
        shutil.copytree(self.root, root, symlinks=True)

    def marks(self) -> Mapping[str, Mapping[str, float | None]]:
        return read_marks(self.root / "gradebook.db", ASSIGNMENT)


def _accepted(arguments: Sequence[str], code: int, said: str, accept: Sequence[int]) -> str:
    if code not in accept:
        raise RuntimeError(f"autograder {' '.join(arguments)} ended with {code}:\n{said}")
    return said
