"""The course directory: where everything of a course that is being taught lies.

It is an ordinary nbgrader course directory, so nbgrader's own tools work in it, with one
hidden folder of ours for what nbgrader has no place for:

    nbgrader_config.py  gradebook.db  source/  release/  submitted/  autograded/  feedback/  inbox/
    assignments/NAME/                              an assignment of the instructor's own: NAME.md,
                                                   solution.py, hidden.py, NAME.toml, versions/
    .autograder/course.json                        course id, secret seed, where the exercises are
    .autograder/verdicts/ASSIGNMENT/STUDENT.json   what the judge decided
    .autograder/collected/ASSIGNMENT.json          which file each submission came from
    .autograder/extensions/ASSIGNMENT.json         who may hand in later
    .autograder/roster.json                        who is in the class, with sections and ids
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from autograder import verdict as verdicts
from autograder.course.configuration import configuration
from autograder.course.database import (
    PASSFILE,
    Turns,
    address,
    claim,
    gradebook_name,
    is_server,
    passfile,
    require_ours,
    with_password,
)
from autograder.course.files import write_atomically
from autograder.course.trouble import gradebook_in_words
from autograder.errors import AutograderError

if TYPE_CHECKING:
    from nbgrader.api import Gradebook
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config

STEPS = ("source", "release", "submitted", "autograded", "feedback", "inbox")
OURS = ".autograder"
OWN = "assignments"  # of the instructor's own, a folder for each
BUSY_S = 20.0  # how long to wait while another program, such as formgrader, writes the gradebook

LATE_POLICY = "autograder.late_policy.LatePolicy"


class Settings(msgspec.Struct, frozen=True):
    """What ``.autograder/course.json`` holds. The seed is the course's secret."""

    course_id: str
    seed: str
    exercises: str
    student_package: str = ""  # where students get it, when not beside the released notebook
    timezone: str = ""  # of the course's clocks, such as Europe/Berlin; empty: not said yet


@dataclass(frozen=True)
class Course:
    """Paths and settings of one course directory."""

    root: Path
    settings: Settings

    @property
    def exercises(self) -> Path:
        return (self.root / self.settings.exercises).resolve()

    def exercise(self, assignment: str) -> Path:
        """Return the assignment's Markdown: in a folder of its own, or among the exercises."""
        own = self.root / OWN / assignment / f"{assignment}.md"
        return own if own.is_file() else self.exercises / f"{assignment}.md"

    def own(self) -> list[str]:
        """Return the assignments that have a folder of their own in the course."""
        found = (self.root / OWN).glob("*/*.md")
        return sorted(p.stem for p in found if p.stem == p.parent.name and is_exercise(p))

    def notebook(self, step: str, assignment: str, student: str = ".") -> Path:
        """Return nbgrader's path STEP/STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb."""
        return self.root / step / student / assignment / f"{assignment}.ipynb"

    def feedback(self, assignment: str, student: str) -> Path:
        return self.notebook("feedback", assignment, student).with_suffix(".html")

    def report(self, assignment: str) -> Path:
        """Return the front page of the class report."""
        return self.root / "report" / assignment / "index.html"

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
        if "plugin_class" not in config.AssignLatePenalties:  # a course older than the plugin
            config.AssignLatePenalties.plugin_class = LATE_POLICY
        return config

    @cached_property
    def database(self) -> str:
        """The address of the gradebook's database server; empty when the gradebook is a file."""
        url = str(self.nbgrader_config().CourseDirectory.get("db_url", ""))
        return url if is_server(url) else ""

    def directory(self) -> CourseDirectory:
        """Return nbgrader's own view of this directory."""
        from nbgrader.coursedir import CourseDirectory

        return CourseDirectory(config=self.nbgrader_config())

    def open_gradebook(self, *, may_be_new: bool = False) -> Gradebook:
        """Open the gradebook; what its database refuses is an AutograderError.

        A file is made when there is none; tables on a server only when they ``may_be_new``.
        """
        from nbgrader.api import Gradebook

        directory = self.directory()
        if self.database:
            require_ours(self.database, self.settings.seed, may_be_new=may_be_new)
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

    @contextmanager
    def changing_gradebook(self) -> Iterator[Gradebook]:
        """Open the gradebook for a change that nobody else on its server cuts in two."""
        book, turns = self.open_gradebook(), Turns(self.database)
        try:
            with gradebook_in_words(gradebook_name(str(book.engine.url))), turns.mine():
                yield book
        finally:
            book.close()
            turns.close()


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


def set_student_package(course: Course, where: str) -> Course:
    """Keep where students get their package; nothing for beside the released notebook."""
    settings = msgspec.structs.replace(course.settings, student_package=where.strip())
    data = msgspec.json.format(msgspec.json.encode(settings))
    write_atomically(course.root / OURS / "course.json", data, mode=0o600)
    return Course(course.root, settings)


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


def init(root: Path, exercises: Path | None, database: str = "") -> Course:
    """Lay out a course directory, or complete the one that is already there.

    Without ``exercises`` it is for assignments of the instructor's own only. ``database`` is the
    address of a database in PostgreSQL, for the gradebook.
    """
    root = root.resolve()
    exercises = root / OWN if exercises is None else exercises
    url, password = address(database) if database else ("", "")
    config = root / "nbgrader_config.py"
    if (root / OURS / "course.json").is_file():
        course = find(root)
        if url and config.is_file() and not course.database.startswith(url):
            raise AutograderError(
                "this course has its gradebook elsewhere",
                gradebook_name(course.directory().db_url),
                "docs/database.md says how to move a gradebook into PostgreSQL.",
            )
    else:
        if root.exists() and (not root.is_dir() or any(root.iterdir())):
            raise AutograderError(
                "the directory is not empty and not a course",
                str(root),
                "Name a new or an empty directory.",
            )
        own_only = exercises == root / OWN
        if not own_only and not any(map(is_exercise, exercises.glob("*.md"))):
            raise AutograderError(
                "there is no exercise in the folder: no *.md file whose head says 'autograder:'",
                str(exercises.resolve()),
                "Name the folder of the exercises with --exercises DIR, or say --own for a course "
                "with assignments of your own only.",
            )
        course_id = re.sub(r"[^\w.-]+", "_", root.name) or "course"
        relative = os.path.relpath(exercises.resolve(), root)
        course = Course(root, Settings(course_id, secrets.token_hex(16), relative))
        if url:  # before anything is made
            require_ours(with_password(url, password), course.settings.seed, may_be_new=True)
        settings = msgspec.json.format(msgspec.json.encode(course.settings))
        write_atomically(root / OURS / "course.json", settings, mode=0o600)
    for step in STEPS:
        (root / step).mkdir(exist_ok=True)
    if password:
        write_atomically(root / PASSFILE, passfile(password), mode=0o600)
    if not config.exists():
        text = configuration(course.settings.course_id, url, has_password=bool(password))
        write_atomically(config, text.encode())
    course.open_gradebook(may_be_new=True).close()
    if course.database:
        claim(course.database, course.settings.seed)
    return course
