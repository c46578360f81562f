"""A throw-away course for the benchmarks, made and graded with the real command line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

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
        """Run ``autograder``; raise when it ends otherwise than with one of these exit codes."""
        command = [str(TOOLS / "autograder"), *arguments]
        command += ["--course", str(self.root)] if is_in_course else []
        done = subprocess.run(
            command, cwd=REPOSITORY, env=environment(), capture_output=True, text=True
        )
        if done.returncode not in accept:
            raise RuntimeError(
                f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
            )
        return done.stdout + done.stderr

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
