"""The course directory: where everything of a course that is being taught lies.

It is an ordinary nbgrader course directory, so nbgrader's own tools work in it, with one
hidden folder of ours for what nbgrader has no place for:

    nbgrader_config.py  gradebook.db  source/  release/  submitted/  autograded/  feedback/  inbox/
    .autograder/course.json                        course id, secret seed, where the exercises are
    .autograder/verdicts/ASSIGNMENT/STUDENT.json   what the judge decided
    .autograder/collected/ASSIGNMENT.json          which file each submission came from
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from autograder import verdict as verdicts
from autograder.course.files import write_atomically
from autograder.course.trouble import gradebook_in_words
from autograder.errors import AutograderError

if TYPE_CHECKING:
    from nbgrader.api import Gradebook
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config

STEPS = ("source", "release", "submitted", "autograded", "feedback", "inbox")
OURS = ".autograder"
BUSY_S = 20.0  # how long to wait while another program, such as formgrader, writes the gradebook

NBGRADER_CONFIG = """\
# Configuration of nbgrader (and so of formgrader) for this course.
from pathlib import Path

c = get_config()
c.CourseDirectory.course_id = {course_id!r}
c.CourseDirectory.root = str(Path(__file__).resolve().parent)

# nbgrader runs hidden tests inside the student's own process, where the student's code can
# change what the tests see. With True, `nbgrader autograde` and formgrader's Autograde button
# ask the judge of `autograder grade` instead, and write the same marks. Set it to False for
# nbgrader's own way.
USE_JUDGE = True
if USE_JUDGE:
    # Reads a file that is no notebook as one, so that its author gets a zero with a reason.
    c.Autograde.exporter_class = "autograder.nbgrader_plugin.DefensiveExporter"
    # The judge rebuilds the notebook from the instructor's, so there is nothing to sanitize.
    c.Autograde.sanitize_preprocessors = []
    c.Autograde.autograde_preprocessors = [
        "autograder.nbgrader_plugin.Judge",  # in place of nbgrader.preprocessors.Execute
        "nbgrader.preprocessors.LimitOutput",
        "nbgrader.preprocessors.SaveAutoGrades",
        "nbgrader.preprocessors.AssignLatePenalties",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
"""


class Settings(msgspec.Struct, frozen=True):
    """What ``.autograder/course.json`` holds. The seed is the course's secret."""

    course_id: str
    seed: str
    exercises: str


@dataclass(frozen=True)
class Course:
    """Paths and settings of one course directory."""

    root: Path
    settings: Settings

    @property
    def exercises(self) -> Path:
        return (self.root / self.settings.exercises).resolve()

    def exercise(self, assignment: str) -> Path:
        return self.exercises / f"{assignment}.md"

    def notebook(self, step: str, assignment: str, student: str = ".") -> Path:
        """Return nbgrader's path STEP/STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb."""
        return self.root / step / student / assignment / f"{assignment}.ipynb"

    def feedback(self, assignment: str, student: str) -> Path:
        return self.notebook("feedback", assignment, student).with_suffix(".html")

    def report(self, assignment: str) -> Path:
        return self.root / "report" / f"{assignment}.html"

    def verdict_path(self, assignment: str, student: str) -> Path:
        return self.root / OURS / "verdicts" / assignment / f"{student}.json"

    def record(self, kind: str, assignment: str) -> Path:
        """Return the path of a small JSON record of ours, such as the collection manifest."""
        return self.root / OURS / kind / f"{assignment}.json"

    def seed(self, assignment: str) -> int:
        """Return the assignment's seed: the same for every student, secret to all of them."""
        text = f"{self.settings.seed}/{assignment}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")

    def seed_for(self, assignment: str, student: str, submission: bytes) -> int:
        """Return the seed of one submission: no other one's, secret, and the same every time.

        What a check was asked with can reach a student in many ways, the text of their own
        exceptions to begin with. It is of no use to anybody else, nor for the next attempt.
        """
        given = hashlib.sha256(submission).hexdigest()
        text = "\0".join([self.settings.seed, assignment, student, given])
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")

    def released(self) -> list[str]:
        """Return the assignments that have a released notebook."""
        found = (self.root / "release").glob("*/*.ipynb")
        return sorted(path.stem for path in found if path.stem == path.parent.name)

    def students(self, assignment: str) -> list[str]:
        """Return who has handed in the assignment."""
        found = (self.root / "submitted").glob(f"*/{assignment}/{assignment}.*")
        return sorted({path.parent.parent.name for path in found})

    def graded(self, assignment: str) -> list[str]:
        """Return the students who have a verdict for the assignment."""
        folder = self.verdict_path(assignment, "x").parent
        return sorted(path.stem for path in folder.glob("*.json"))

    def read_verdict(self, assignment: str, student: str) -> verdicts.Verdict | None:
        """Return the stored verdict, or None when there is none on this work that can be read."""
        try:
            found = verdicts.decode(self.verdict_path(assignment, student).read_bytes())
        except (FileNotFoundError, msgspec.DecodeError):
            return None
        is_theirs = (found.assignment, found.student) == (assignment, student)
        return found if is_theirs else None

    def require_released(self, assignment: str) -> None:
        if assignment not in self.released():
            names = ", ".join(self.released()) or "none"
            raise AutograderError(
                f"no assignment {assignment!r} has been released",
                str(self.root / "release"),
                f"Released: {names}. Run 'autograder release' first, or correct the name.",
            )

    def nbgrader_config(self) -> Config:
        """Return the configuration in nbgrader_config.py, as nbgrader itself reads it here.

        Without a root in it, nbgrader takes the current directory, and would make a gradebook
        wherever our commands happen to be called from.
        """
        from traitlets.config.loader import PyFileConfigLoader

        config = PyFileConfigLoader("nbgrader_config.py", path=str(self.root)).load_config()
        config.CourseDirectory.root = str(self.root)
        return config

    def directory(self) -> CourseDirectory:
        """Return nbgrader's own view of this directory."""
        from nbgrader.coursedir import CourseDirectory

        return CourseDirectory(config=self.nbgrader_config())

    def open_gradebook(self) -> Gradebook:
        """Open the gradebook; what its database refuses is an AutograderError."""
        from nbgrader.api import Gradebook

        directory = self.directory()
        # For a new database nbgrader runs the program alembic, which lies beside our Python
        # and is not on the PATH of someone who has not activated the environment.
        path = os.environ.get("PATH", os.defpath)
        os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{path}"
        url = directory.db_url
        is_file = url.startswith("sqlite:") and "?" not in url
        try:
            with gradebook_in_words(gradebook_name(url)):
                patient = f"{url}?timeout={BUSY_S}" if is_file else url
                return Gradebook(patient, directory.course_id)
        finally:
            os.environ["PATH"] = path


def gradebook_name(url: str) -> str:
    """Return how to speak of the database at an address, which may hold a password."""
    file = url.removeprefix("sqlite:///").partition("?")[0]
    return file if url.startswith("sqlite:") else "the gradebook's database"


def find(start: Path | None = None) -> Course:
    """Return the course that ``start`` (default: here) lies in."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        path = folder / OURS / "course.json"
        if path.is_file():
            try:
                return Course(folder, msgspec.json.decode(path.read_bytes(), type=Settings))
            except msgspec.DecodeError as error:
                raise AutograderError(
                    f"the course's settings cannot be read: {error}", str(path), "Restore the file."
                ) from error
    raise AutograderError(
        "this is not a course directory",
        str(here),
        "Make one with 'autograder init DIR', change into it, or name it with --course DIR.",
    )


def is_exercise(path: Path) -> bool:
    """Tell whether a Markdown file's head says that the autograder knows it."""
    try:
        with path.open(encoding="utf-8") as lines:
            if next(lines, "").strip() != "---":
                return False
            head = itertools.takewhile(lambda line: line.strip() != "---", lines)
            return any(line.startswith("autograder:") for line in head)
    except (OSError, UnicodeDecodeError):
        return False


def init(root: Path, exercises: Path) -> Course:
    """Lay out a course directory, or complete the one that is already there."""
    root = root.resolve()
    if (root / OURS / "course.json").is_file():
        course = find(root)
    else:
        if root.exists() and (not root.is_dir() or any(root.iterdir())):
            raise AutograderError(
                "the directory is not empty and not a course",
                str(root),
                "Name a new or an empty directory.",
            )
        if not any(map(is_exercise, exercises.glob("*.md"))):
            raise AutograderError(
                "there is no exercise in the folder: no *.md file whose head says 'autograder:'",
                str(exercises.resolve()),
                "Name the folder of the exercises with --exercises DIR.",
            )
        course_id = re.sub(r"[^\w.-]+", "_", root.name) or "course"
        relative = os.path.relpath(exercises.resolve(), root)
        course = Course(root, Settings(course_id, secrets.token_hex(16), relative))
        settings = msgspec.json.format(msgspec.json.encode(course.settings))
        write_atomically(root / OURS / "course.json", settings, mode=0o600)
    for step in STEPS:
        (root / step).mkdir(exist_ok=True)
    config = root / "nbgrader_config.py"
    if not config.exists():
        text = NBGRADER_CONFIG.format(course_id=course.settings.course_id)
        write_atomically(config, text.encode())
    course.open_gradebook().close()
    return course
