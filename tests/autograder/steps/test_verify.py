"""`verify` names each thing that does not fit, and changes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from autograder import cli
from autograder.course.directory import Course
from autograder.course.files import PARTIAL, write_atomically
from autograder.errors import AutograderError
from autograder.steps.collect import collect
from autograder.steps.verify import verify
from autograder.verdict import Verdict, encode
from tests.autograder import tiny

Submit = Callable[[str, dict[str, str]], Path]
Grade = Callable[..., dict[str, Verdict]]
Harm = Callable[[Course], object]


def found(course: Course) -> dict[str, str]:
    said: dict[str, str] = {}
    for finding in verify(course).findings:
        said[finding.about] = "; ".join(filter(None, [said.get(finding.about), finding.what]))
    return said


def change_verdict(course: Course, **changes: object) -> None:
    verdict = course.read_verdict(tiny.NAME, "eve")
    assert verdict is not None
    changed = msgspec.structs.replace(verdict, **changes)
    write_atomically(course.verdict_path(tiny.NAME, "eve"), encode(changed))


def change_points(course: Course) -> None:
    verdict = course.read_verdict(tiny.NAME, "eve")
    assert verdict is not None
    first, *others = verdict.parts
    checks = [msgspec.structs.replace(check, points=7.0) for check in first.checks]
    change_verdict(course, parts=[msgspec.structs.replace(first, checks=checks), *others])


def sql(course: Course, statement: str) -> None:
    with sqlite3.connect(course.root / "gradebook.db") as connection:
        connection.execute(statement)


def autograded(course: Course) -> Path:
    path = course.notebook("autograded", tiny.NAME, "eve")
    path.chmod(0o644)
    return path


def half_a_notebook(course: Course) -> None:
    path = autograded(course)
    path.write_text(path.read_text()[:200])


def other_points(course: Course) -> None:
    path = autograded(course)
    text = path.read_text()
    assert '"2.0"' in text
    path.write_text(text.replace('"2.0"', '"1.0"'))


HARMS: dict[str, tuple[Harm, str]] = {
    "half a verdict": (
        lambda c: c.verdict_path(tiny.NAME, "eve").write_text('{"assignment": '),
        "verdict cannot be read",
    ),
    "another submission": (
        lambda c: c.notebook("submitted", tiny.NAME, "eve").write_text("{}"),
        "made from something else",
    ),
    "another student's verdict": (lambda c: change_verdict(c, student="bob"), "is on tiny/bob"),
    "more points than there are": (change_points, "gave 7 of 1"),
    "other points in the gradebook": (
        lambda c: sql(c, "UPDATE grade SET auto_score = 1.5 WHERE auto_score = 2.0"),
        "the gradebook has 1.5 of 2",
    ),
    "not in the gradebook": (
        lambda c: sql(c, "DELETE FROM submitted_assignment"),
        "not in the gradebook",
    ),
    "no verdict": (
        lambda c: c.verdict_path(tiny.NAME, "eve").unlink(),
        "points of tests in the gradebook, but no verdict",
    ),
    "no submission": (
        lambda c: c.notebook("submitted", tiny.NAME, "eve").unlink(),
        "a verdict and an autograded notebook and an entry in the gradebook, but no submission",
    ),
    "no autograded notebook": (lambda c: autograded(c).unlink(), "autograded notebook is missing"),
    "half an autograded notebook": (half_a_notebook, "autograded notebook cannot be read"),
    "other points shown": (other_points, "shows other answers or points"),
    "a due date set since": (
        lambda c: sql(c, "UPDATE assignment SET duedate = '2020-01-01 00:00:00.000000'"),
        "by today's due date and rule it is 2",
    ),
}


@pytest.fixture
def graded(course: Course, submit: Submit, grade_here: Grade) -> Course:
    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text() + "\nc.LateSubmissionPlugin.penalty_method = 'zero'\n")
    path = submit("eve", tiny.WRONG_NORM)
    (path.parent / "timestamp.txt").write_text("2026-01-02 00:00:00 UTC")
    submit("waiting", tiny.RIGHT)
    grade_here("eve")
    return course


def test_a_sound_course_has_no_findings(graded: Course) -> None:
    done = verify(graded)
    assert done.findings == []
    assert (done.submissions, done.verdicts, done.waiting) == (2, 1, 1)
    assert cli.run(["verify", "--course", str(graded.root)]) == 0


@pytest.mark.parametrize("harm", HARMS)
def test_what_does_not_fit_is_named(graded: Course, harm: str) -> None:
    do, words = HARMS[harm]
    do(graded)
    before = {path: path.stat().st_mtime_ns for path in graded.root.rglob("*")}
    assert words in found(graded)["tiny/eve"]
    assert {path: path.stat().st_mtime_ns for path in graded.root.rglob("*")} == before


@pytest.mark.parametrize("harm", sorted(HARMS.keys() - {"no submission"}))
def test_grading_again_mends_it(
    graded: Course, grade_here: Grade, harm: str, capsys: pytest.CaptureFixture[str]
) -> None:
    HARMS[harm][0](graded)
    assert cli.run(["verify", tiny.NAME, "--course", str(graded.root)]) == 1
    grade_here("eve", regrade="--regrade" in capsys.readouterr().out)
    assert found(graded) == {}


def test_manual_marks_are_no_finding(graded: Course) -> None:
    sql(graded, "UPDATE grade SET manual_score = 0.5, extra_credit = 1")
    assert found(graded) == {}


def test_files_cut_off_are_named(graded: Course, tmp_path: Path) -> None:
    half = graded.root / "feedback" / f".page.html-x{PARTIAL}"
    half.write_text("<html>")
    assert "half of a file" in found(graded)[f"feedback/{half.name}"]
    manifest = graded.record("collected", tiny.NAME)
    write_atomically(manifest, b'{"submissions": {')
    assert "the list of what was collected cannot be read" in found(graded)["tiny"]


def test_what_was_collected_and_is_gone_is_named(graded: Course, tmp_path: Path) -> None:
    notebook = tiny.filled(graded.notebook("release", tiny.NAME), tiny.RIGHT)
    tiny.write_notebook(tmp_path / "in" / "bob" / "tiny.ipynb", notebook)
    tiny.write_notebook(tmp_path / "in" / "zoe" / "tiny.ipynb", notebook)
    collect(graded, tmp_path / "in", tiny.NAME)
    graded.notebook("submitted", tiny.NAME, "bob").unlink()
    assert found(graded) == {"tiny/bob": "was collected, but is not in submitted/"}


def test_damage_and_absence_of_the_gradebook(graded: Course) -> None:
    database = graded.root / "gradebook.db"
    data = bytearray(database.read_bytes())
    data[5000:90000] = bytes(85000)
    database.write_bytes(data)
    with pytest.raises(AutograderError, match="gradebook"):
        verify(graded)
    database.unlink()
    with pytest.raises(AutograderError, match="cannot be opened"):
        verify(graded)
    assert not database.exists()
