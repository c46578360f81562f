"""The course directory: laid out once, found from anywhere, secrets kept."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.course import directory as courses
from autograder.course.directory import Course, find, init
from autograder.course.files import write_atomically
from autograder.errors import AutograderError
from autograder.steps.release import exercises


def test_init_lays_out_an_nbgrader_course(course: Course) -> None:
    for step in courses.STEPS:
        assert (course.root / step).is_dir()
    assert (course.root / "gradebook.db").stat().st_size > 0
    config = course.nbgrader_config()
    assert config.CourseDirectory.course_id == course.settings.course_id
    assert config.CourseDirectory.root == str(course.root)


def test_settings_are_private(course: Course) -> None:
    mode = (course.root / ".autograder" / "course.json").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_init_twice_changes_nothing(course: Course, project: Path) -> None:
    (course.root / "nbgrader_config.py").write_text("# my own\n")
    (course.root / "inbox").rmdir()
    again = init(course.root, project / "exercises")
    assert again.settings == course.settings
    assert (course.root / "nbgrader_config.py").read_text() == "# my own\n"
    assert (course.root / "inbox").is_dir()


def test_gradebook_lies_in_the_course_whatever_the_configuration_says(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (course.root / "nbgrader_config.py").write_text("# my own\n")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    (course.root / "gradebook.db").unlink()
    course.open_gradebook().close()
    assert (course.root / "gradebook.db").exists()
    assert not list(elsewhere.iterdir())


def test_init_refuses_a_folder_with_something_else(tmp_path: Path, project: Path) -> None:
    (tmp_path / "thesis.tex").write_text("do not touch")
    with pytest.raises(AutograderError, match="not empty"):
        init(tmp_path, project / "exercises")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_init_refuses_without_exercises(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(AutograderError, match="no exercise"):
        init(tmp_path / "course", tmp_path / "empty")
    assert not (tmp_path / "course").exists()


@pytest.mark.parametrize(
    "text", ["# Notes\n", "---\ntitle: a page\n---\nautograder: no head\n", "---\nautograd", ""]
)
def test_init_refuses_a_folder_of_other_pages(tmp_path: Path, text: str) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "readme.md").write_text(text)
    (tmp_path / "notes" / "folder.md").mkdir()
    with pytest.raises(AutograderError, match="no exercise"):
        init(tmp_path / "course", tmp_path / "notes")
    assert not (tmp_path / "course").exists()


def test_other_pages_beside_exercises_are_no_exercises(course: Course, project: Path) -> None:
    notes = project / "exercises" / "README.md"
    notes.write_text("# How to write one\n")
    try:
        assert exercises(course) == ["tiny"]
    finally:
        notes.unlink()


def test_course_is_found_from_below(course: Course) -> None:
    below = course.root / "submitted" / "ada"
    below.mkdir(parents=True)
    assert find(below).root == course.root


def test_elsewhere_is_no_course(tmp_path: Path) -> None:
    with pytest.raises(AutograderError, match="not a course"):
        find(tmp_path)


def test_damaged_settings_are_named(course: Course) -> None:
    path = course.root / ".autograder" / "course.json"
    path.write_text("{")
    with pytest.raises(AutograderError, match="cannot be read"):
        find(course.root)


def test_seed_depends_on_course_and_assignment(
    course: Course, project: Path, tmp_path: Path
) -> None:
    other = init(tmp_path / "other", project / "exercises")
    seeds = {course.seed("a"), course.seed("b"), other.seed("a"), other.seed("b")}
    assert len(seeds) == 4
    assert course.seed("a") == find(course.root).seed("a")


def test_every_submission_has_a_seed_of_its_own(course: Course) -> None:
    """And the same one again: a regrade asks the same questions."""
    given = [("a", "ada", b"1"), ("b", "ada", b"1"), ("a", "bob", b"1"), ("a", "ada", b"2")]
    assert len({course.seed_for(*each) for each in given}) == 4
    assert course.seed_for(*given[0]) == find(course.root).seed_for(*given[0])
    assert course.seed_for(*given[0]) != course.seed("a")


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "verdict.json"
    write_atomically(path, b"old")

    def fail(*args: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_opening_the_gradebook_leaves_the_environment(course: Course) -> None:
    before = dict(os.environ)
    course.open_gradebook().close()
    assert dict(os.environ) == before


def test_nbgrader_reads_the_configuration(course: Course) -> None:
    nbgrader = Path(sys.executable).parent / "nbgrader"
    shown = subprocess.run(
        [nbgrader, "db", "assignment", "list"],
        cwd=course.root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "tiny" in shown.stdout + shown.stderr
