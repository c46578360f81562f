"""Release: solutions and hidden tests are gone, and that is proved, not assumed."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.course.directory import Course
from autograder.errors import AutograderError
from autograder.notebooks.marks import grade_id_of
from autograder.steps.release import is_current, leaks, release
from tests.autograder import tiny


def test_released_notebook_has_stubs_and_visible_tests(course: Course) -> None:
    cells = {
        grade_id_of(cell): cell.source
        for cell in tiny.read_notebook(course.notebook("release", tiny.NAME)).cells
    }
    assert "raise NotImplementedError()" in cells["double"]
    assert '"""Return twice x."""' in cells["double"]
    assert cells["norm-tests"] == "assert norm(torch.tensor([3.0, 4.0])) == 5"


def test_no_secret_line_is_released(course: Course) -> None:
    text = course.notebook("release", tiny.NAME).read_text()
    for secret in ("twice_the_given_value", "sum_of_the_squares", "secret_", "run_in_kernel"):
        assert secret not in text


def test_source_is_the_whole_notebook(course: Course) -> None:
    text = course.notebook("source", tiny.NAME).read_text()
    assert "twice_the_given_value" in text
    assert "run_in_kernel" in text


@pytest.mark.parametrize(
    "line",
    ["    twice_the_given_value = x * SCALE", "    secret_vector = torch.randn(7, generator=rng)"],
)
def test_a_leak_is_found(course: Course, line: str) -> None:
    source = tiny.read_notebook(course.notebook("source", tiny.NAME))
    released = tiny.read_notebook(course.notebook("release", tiny.NAME))
    assert leaks(released, source, tiny.HIDDEN) == []
    released.cells[0].source += f"\n{line}"
    assert leaks(released, source, tiny.HIDDEN) == [line.strip()]


def test_release_refuses_a_leak(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    from nbgrader.preprocessors import ClearSolutions

    monkeypatch.setattr(ClearSolutions, "preprocess", lambda self, nb, resources: (nb, resources))
    with pytest.raises(AutograderError, match="would show hidden lines"):
        release(course, [tiny.NAME], force=True)
    assert not course.notebook("release", tiny.NAME).exists()


def test_unchanged_is_left_alone(course: Course) -> None:
    release(course)
    before = course.notebook("release", tiny.NAME).stat().st_mtime_ns
    (again,) = release(course)
    assert not again.is_new
    assert course.notebook("release", tiny.NAME).stat().st_mtime_ns == before


def test_a_tampered_release_is_made_anew(course: Course) -> None:
    release(course)
    assert is_current(course, tiny.NAME)
    course.notebook("release", tiny.NAME).write_text("{}")
    assert not is_current(course, tiny.NAME)
    (again,) = release(course)
    assert again.is_new
    assert "norm-tests" in course.notebook("release", tiny.NAME).read_text()


def test_unknown_exercise_is_named(course: Course) -> None:
    with pytest.raises(AutograderError) as caught:
        release(course, ["nothing"])
    assert "Known: tiny" in caught.value.todo


def test_names_cannot_lead_out_of_the_course(course: Course, tmp_path: Path) -> None:
    with pytest.raises(AutograderError, match="no exercise"):
        release(course, ["../exercises/tiny"])
