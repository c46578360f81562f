"""Laying out an assignment: a name that can be one, files that are the starter's."""

from __future__ import annotations

import pytest

from autograder.course.directory import Course
from autograder.errors import AutograderError
from autograder.steps.new import STARTER, new
from autograder.steps.release import exercises, release
from tests.autograder import tiny


def test_its_files_are_the_starters_under_its_name(course: Course) -> None:
    folder = new(course, "my-average")
    assert (folder / "my-average.md").is_file()
    assert 'Suite("my-average"' in (folder / "hidden.py").read_text()
    texts = [path.read_text() for path in folder.rglob("*.*") if path.is_file()]
    assert len(texts) == len(
        [p for p in STARTER.rglob("*.*") if p.suffix != ".pyc" and p.is_file()]
    )
    assert not any("starter" in text for text in texts)
    assert exercises(course) == ["my-average", tiny.NAME]
    assert course.own() == ["my-average"]


@pytest.mark.parametrize(
    "name",
    ["", "Hw1", "my average", "../out", "a" * 41, "-x", ".hidden", "con", "lpt1", "naïve", "a\n"],
)
def test_what_cannot_be_a_name_is_refused(course: Course, name: str) -> None:
    with pytest.raises(AutograderError, match="cannot be the name") as refused:
        new(course, name)
    assert "small letters" in refused.value.todo
    assert not (course.root / "assignments").exists()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (tiny.NAME, "another assignment of the course"),
        ("01-rnn-limits", "comes with the autograder"),
        ("gates", "comes with the autograder"),
    ],
)
def test_a_name_that_is_taken_is_refused(course: Course, name: str, says: str) -> None:
    with pytest.raises(AutograderError, match=says):
        new(course, name)


def test_nothing_is_written_over(course: Course) -> None:
    folder = new(course, "mine")
    (folder / "hidden.py").write_text("my work")
    with pytest.raises(AutograderError, match="already"):
        new(course, "mine")
    assert (folder / "hidden.py").read_text() == "my work"


def test_two_assignments_of_one_name_are_not_released(course: Course) -> None:
    folder = new(course, "mine").rename(course.root / "assignments" / tiny.NAME)
    (folder / "mine.md").rename(folder / f"{tiny.NAME}.md")
    with pytest.raises(AutograderError, match="two assignments"):
        release(course, [tiny.NAME])
