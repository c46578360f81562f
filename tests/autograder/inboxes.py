"""Inboxes to collect from, and what came of it."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import Any

from autograder.course.directory import Course
from autograder.steps.answers import Answers
from autograder.steps.collect import collect
from autograder.steps.manifest import Row
from tests.autograder import tiny
from tests.autograder.tiny import NAME


def put(path: Path, text: str = "{}", time: float | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    if time is not None:
        os.utime(path, (time, time))
    return path


def run(course: Course, source: Path, **options: Any) -> dict[str, Row]:
    pattern = options.pop("pattern", None)
    rows = collect(course, source, NAME, pattern, Answers(**options))
    return {row.file: row for row in rows}


def submitted(course: Course) -> set[str]:
    return set(course.students(NAME))


def outside(course: Course) -> set[str]:
    """Everything beside the course directory: collecting must not add to it."""
    return {path.name for path in course.root.parent.iterdir()}


def work(course: Course, student: str) -> str:
    return course.notebook("submitted", NAME, student).read_text()


def zipped(path: Path, files: dict[str, str], when: int = 0, **options: Any) -> Path:
    """Write an archive; all its files are of one time, ``when`` hours into a day."""
    with zipfile.ZipFile(path, "w", **options) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 11, 20, when, 0, 0)), text)
    return path


def moodle(name: str, number: int, file: str = "tiny.ipynb") -> str:
    return f"{name}_{number}_assignsubmission_file/{file}"


def answered(course: Course, **answers: str) -> str:
    return json.dumps(tiny.filled(course.notebook("release", NAME), answers))
