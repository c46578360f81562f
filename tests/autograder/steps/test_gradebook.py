"""The writer: gradebook and autograded notebook say what the verdict says, and nothing hidden."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbgrader.utils import determine_grade

from autograder.course.directory import Course
from autograder.errors import AutograderError
from autograder.notebooks.marks import grade_id_of
from autograder.steps.gradebook import GradebookWriter
from autograder.verdict import CellResult, CheckResult, PartResult, Verdict
from tests.autograder import tiny

Submit = Callable[[str, dict[str, str]], Path]
Grade = Callable[..., dict[str, Verdict]]
EVIL = "<script>alert(1)</script>"


def score(course: Course, student: str) -> float:
    with course.open_gradebook() as gradebook:
        return float(gradebook.find_submission(tiny.NAME, student).score)


def autograded(course: Course, student: str) -> nbformat.NotebookNode:
    return tiny.read_notebook(course.notebook("autograded", tiny.NAME, student))


def test_points_reach_the_gradebook(course: Course, submit: Submit, grade_here: Grade) -> None:
    submit("ada", tiny.RIGHT)
    submit("eve", tiny.WRONG_NORM)
    submit("bob", tiny.WRONG)
    grade_here()
    assert [score(course, name) for name in ("ada", "eve", "bob")] == [5.0, 2.0, 0.0]
    with course.open_gradebook() as gradebook:
        entry = gradebook.find_submission(tiny.NAME, "eve")
        assert entry.max_score == 5.0
        assert not entry.needs_manual_grade


def test_nbgrader_reads_the_same_points_from_the_notebook(
    course: Course, submit: Submit, grade_here: Grade
) -> None:
    submit("eve", tiny.WRONG_NORM)
    verdict = grade_here()["eve"]
    grades = {
        grade_id_of(cell): determine_grade(cell)
        for cell in autograded(course, "eve").cells
        if cell.metadata.get("nbgrader", {}).get("grade")
    }
    assert grades == {part.grade_id: (part.points, part.max_points) for part in verdict.parts}


def test_answers_stand_in_the_instructors_frame(
    course: Course, submit: Submit, grade_here: Grade
) -> None:
    path = submit("eve", tiny.WRONG_NORM)
    text = path.read_text().replace("assert norm", "pass # assert norm")
    path.write_text(text)
    grade_here()
    cells = {grade_id_of(cell): cell.source for cell in autograded(course, "eve").cells}
    assert cells["norm"] == tiny.WRONG_NORM["norm"]
    assert cells["norm-tests"] == "assert norm(torch.tensor([3.0, 4.0])) == 5"


def test_autograded_notebook_shows_nothing_hidden(
    course: Course, submit: Submit, grade_here: Grade
) -> None:
    submit("eve", tiny.WRONG_NORM)
    grade_here()
    text = course.notebook("autograded", tiny.NAME, "eve").read_text()
    for line in [*tiny.HIDDEN.splitlines(), "twice_the_given_value", "sum_of_the_squares"]:
        if len(line.strip()) > 12 and "title=" not in line:
            assert line.strip() not in text
    assert "is the Euclidean norm" in text


def test_added_cells_are_shown_as_not_run(
    course: Course, submit: Submit, grade_here: Grade
) -> None:
    path = submit("ada", tiny.RIGHT)
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(2, nbformat.v4.new_code_cell("helper = 1"))
    notebook.cells.insert(3, nbformat.v4.new_markdown_cell(f"{EVIL}\n\n[x](javascript:alert(1))"))
    nbformat.write(notebook, path)
    grade_here()
    shown = autograded(course, "ada").cells
    (code,) = [cell for cell in shown if cell.source == "helper = 1"]
    assert "was not run" in code.outputs[0].text
    (text,) = [cell for cell in shown if "script" in cell.source]
    assert all(line.startswith("    ") for line in text.source.splitlines()[2:] if line.strip())


def test_manual_grades_stay(course: Course, submit: Submit, grade_here: Grade) -> None:
    submit("bob", tiny.WRONG)
    grade_here()
    with course.open_gradebook() as gradebook:
        grade = gradebook.find_grade("norm-tests", tiny.NAME, tiny.NAME, "bob")
        grade.manual_score = 2.5
        gradebook.db.commit()
    grade_here(regrade=True)
    assert score(course, "bob") == 2.5
    with course.open_gradebook() as gradebook:
        assert gradebook.find_submission(tiny.NAME, "bob").needs_manual_grade


def test_untouched_answers_get_nbgraders_comment(
    course: Course, submit: Submit, grade_here: Grade
) -> None:
    submit("ada", {"double": tiny.RIGHT["double"]})
    grade_here()
    with course.open_gradebook() as gradebook:
        comments = {
            name: gradebook.find_comment(name, tiny.NAME, tiny.NAME, "ada").comment
            for name in ("double", "norm")
        }
    assert comments == {"double": None, "norm": "No response."}


def test_late_penalty_is_nbgraders(course: Course, submit: Submit, grade_here: Grade) -> None:
    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text() + "\nc.LateSubmissionPlugin.penalty_method = 'zero'\n")
    with course.open_gradebook() as gradebook:
        gradebook.update_or_create_assignment(tiny.NAME, duedate="2026-01-01 00:00:00 UTC")
    for student, when in {"late": "2026-01-02", "early": "2025-12-31"}.items():
        path = submit(student, tiny.RIGHT)
        (path.parent / "timestamp.txt").write_text(f"{when} 00:00:00 UTC")
    grade_here()
    with course.open_gradebook() as gradebook:
        penalties = {
            name: gradebook.find_submission_notebook(
                tiny.NAME, tiny.NAME, name
            ).late_submission_penalty
            for name in ("late", "early")
        }
    assert penalties == {"late": 5.0, "early": None}


def test_unreadable_still_gets_a_row_and_a_page(
    course: Course, submit: Submit, grade_here: Grade
) -> None:
    submit("junk", {}).write_text("not JSON")
    grade_here()
    assert score(course, "junk") == 0.0
    shown = autograded(course, "junk")
    assert "not JSON" in shown.cells[0].source
    with course.open_gradebook() as gradebook:
        assert not gradebook.find_submission(tiny.NAME, "junk").needs_manual_grade


def test_nothing_of_the_students_is_markup(course: Course, submit: Submit) -> None:
    submit("eve", {"double": EVIL, "norm": f"print('{EVIL}')"})
    verdict = Verdict(
        tiny.NAME,
        "eve",
        "none",
        0,
        "x",
        parts=[PartResult("double-tests", 2, [CheckResult("c", EVIL, 0, 2, *[EVIL] * 4)])],
        cells=[CellResult("double", "error", EVIL, f"ValueError: {EVIL}")],
        problems=[f"{EVIL}\n\n{EVIL}"],
    )
    with GradebookWriter(course, tiny.NAME) as writer:
        writer.record(verdict, tiny.read_notebook(course.notebook("submitted", tiny.NAME, "eve")))
    for cell in autograded(course, "eve").cells:
        if cell.cell_type == "markdown":
            assert EVIL not in cell.source
        for output in cell.get("outputs", []):
            assert EVIL not in output.get("data", {}).get("text/html", "")


def test_an_assignment_the_gradebook_does_not_know(course: Course, submit: Submit) -> None:
    submit("ada", tiny.RIGHT)
    with course.open_gradebook() as gradebook:
        gradebook.remove_assignment(tiny.NAME)
    with pytest.raises(AutograderError, match="does not know"), GradebookWriter(course, tiny.NAME):
        pass
