"""A student's notebook of the miniature assignment, far from any course directory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.course.directory import Course
from tests.autograder import tiny

Make = Callable[..., Path]


@pytest.fixture
def notebook(course: Course, tmp_path: Path) -> Make:
    def make(
        answers: dict[str, str],
        change: Callable[[list[dict]], list[dict]] = list,
        name: str = "mine",
    ) -> Path:
        filled = tiny.filled(course.notebook("release", tiny.NAME), answers)
        filled["cells"] = change(filled["cells"])
        return tiny.write_notebook(tmp_path / "elsewhere" / f"{name}.ipynb", filled)

    return make
