"""Which of several files of one person counts."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat

from autograder.course.directory import Course
from tests.autograder import tiny
from tests.autograder.inboxes import answered, moodle, put, run, submitted, work, zipped


def test_the_untouched_notebook_never_wins(course: Course, tmp_path: Path) -> None:
    blank, done = answered(course), answered(course, **tiny.RIGHT)
    for number, (early, late) in enumerate([(blank, done), (done, blank), (done, done)]):
        files = {
            moodle("Ada", number, "tiny-final.ipynb"): early,
            moodle("Ada", number, "tiny.ipynb"): late,
        }
        run(course, zipped(tmp_path / f"{number}.zip", files))
    assert {work(course, student) for student in submitted(course)} == {done}
    assert len(submitted(course)) == 3


def test_two_different_files_of_one_time_are_asked(course: Course, tmp_path: Path) -> None:
    files = {
        moodle("Ada", 1, "a.ipynb"): answered(course, **tiny.RIGHT),
        moodle("Ada", 1, "b.ipynb"): answered(course, **tiny.WRONG),
    }
    archive = zipped(tmp_path / "in.zip", files)
    rows = run(course, archive)
    assert submitted(course) == set()
    assert all("are of one time and differ" in row.reason for row in rows.values())
    rows = run(course, archive, whose={moodle("Ada", 1, "b.ipynb"): "Ada"})
    assert work(course, "Ada") == files[moodle("Ada", 1, "b.ipynb")]
    assert "was named in its place" in rows[moodle("Ada", 1, "a.ipynb")].reason


def test_a_notebook_without_the_assignment_s_cells_is_not_the_work(
    course: Course, tmp_path: Path
) -> None:
    done = answered(course, **tiny.WRONG)
    scratch = json.dumps(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1")]))
    put(tmp_path / "in" / "ada" / "tiny.ipynb", done, time=1000)
    put(tmp_path / "in" / "ada" / "scratch.ipynb", scratch, time=2000)
    put(tmp_path / "in" / "bob" / "tiny.ipynb", done, time=1000)
    rows = run(course, tmp_path / "in")
    assert work(course, "ada") == done
    assert rows["ada/scratch.ipynb"].reason == "has no cell of the assignment"
