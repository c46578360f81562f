"""Cells that a person marks, beside judged ones: released, judged around, marked, told."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import msgspec
import nbformat
import pytest
from bs4 import BeautifulSoup
from nbconvert import HTMLExporter
from nbgrader.utils import determine_grade

from autograder.course.directory import Course
from autograder.course.fingerprint import Fingerprints
from autograder.course.lock import writing
from autograder.exports.table import export_totals
from autograder.judge.worker import Job
from autograder.notebooks.marks import grade_id_of, is_by_hand, is_solution
from autograder.steps import grade as grading
from autograder.steps.choose import content_of
from autograder.steps.feedback import feedback
from autograder.steps.release import is_current, release
from autograder.steps.report import report
from autograder.steps.scores import read_scores
from autograder.steps.status import status
from autograder.steps.verify import verify
from autograder.student.check import check
from autograder.verdict import Verdict
from tests.autograder.conftest import AtOnce, judge_here
from tests.autograder.own import NAME, WORDS

pytestmark = pytest.mark.sandbox


def grade_again(
    course: Course, monkeypatch: pytest.MonkeyPatch, **options: Any
) -> dict[str, Verdict]:
    monkeypatch.setattr(grading, "isolation_level", lambda **_: "bwrap")
    chosen = grading.Options(jobs=1, **options)
    made = {"work": judge_here, "make_executor": AtOnce}
    return {each.student: each.verdict for each in grading.grade(course, NAME, (), chosen, **made)}


def mark_by_hand(course: Course, student: str, cell: str, points: float, words: str = "") -> None:
    """Do what formgrader does."""
    with course.open_gradebook() as book:
        grade = book.find_grade(cell, NAME, NAME, student)
        grade.manual_score, grade.needs_manual_grade = points, False
        if words:
            book.find_comment(cell, NAME, NAME, student).manual_comment = words
        book.db.commit()


def needs(course: Course, student: str) -> dict[str, bool]:
    with course.open_gradebook() as book:
        entry = book.find_submission_notebook(NAME, NAME, student)
        return {grade.name: grade.needs_manual_grade for grade in entry.grades}


def test_the_model_answers_are_not_released(own_course: Course) -> None:
    released = own_course.notebook("release", NAME).read_text()
    assert "Gradient descent may move" not in released
    assert "linspace" not in released
    cells = {grade_id_of(cell): cell for cell in nbformat.reads(released, 4).cells}
    assert cells["why-sigmoid"].source == "YOUR ANSWER HERE"
    assert "NotImplementedError" in cells["my-plot"].source
    assert "Try another decay" in cells["try-it"].source
    assert own_course.notebook("source", NAME).read_text().count("Gradient descent may move") == 1


def test_the_maximum_counts_them_and_open_ones_are_zero(own_course: Course) -> None:
    scores = read_scores(own_course, NAME)
    assert {score.max_points for score in scores.values()} == {9.0}
    assert needs(own_course, "ada") == {
        "half-life-tests": False,
        "moving-average-tests": False,
        "why-sigmoid": True,
        "my-plot": True,
        "try-it": True,
    }
    open_ones = {name: part.auto for name, part in scores["bob"].parts.items()}
    assert open_ones["why-sigmoid"] == open_ones["my-plot"] == 0.0
    assert not needs(own_course, "bob")["why-sigmoid"]
    (row,) = [row for row in status(own_course) if row.assignment == NAME]
    assert "mark 3 by hand in formgrader" in row.next_step


def test_nothing_of_a_students_is_alive_in_formgrader(own_course: Course) -> None:
    """Seen through nbconvert, which formgrader's page is made with."""
    shown = nbformat.read(own_course.notebook("autograded", NAME, "ada"), as_version=4)
    page = BeautifulSoup(HTMLExporter().from_notebook_node(shown)[0], "html.parser")
    body = page.find("body")
    assert WORDS in body.get_text()
    assert "<script>alert(2)</script>" in body.get_text()  # as text
    for tag in body.find_all(True):
        assert not [name for name in tag.attrs if name.startswith("on")], tag
        assert not str(tag.get("href", "")).startswith("javascript"), tag
        assert tag.name != "script" or "alert" not in tag.get_text(), tag
    (picture,) = body.find_all("img")
    assert picture["src"].startswith("data:image/png;base64,")
    for words in body.find_all("pre", class_="tex2jax_ignore"):
        assert not words.find_all(True)


def test_nbgraders_own_way_finds_the_same(own_course: Course) -> None:
    """Formgrader's Autograde button lets nbgrader read the judged notebook."""
    found = {}
    for student in ("ada", "bob"):
        shown = nbformat.read(own_course.notebook("autograded", NAME, student), as_version=4)
        marked = [cell for cell in shown.cells if is_by_hand(cell) and is_solution(cell)]
        found[student] = [determine_grade(cell)[0] for cell in marked]
    assert found == {"ada": [None, None], "bob": [0, 0]}


def test_check_says_what_is_left_to_write(own_course: Course) -> None:
    outcome = check(own_course.notebook("release", NAME))
    left = [each for each in outcome.warnings if "A person marks it." in each]
    assert left == [
        "The answer cell of “Part 3: in your own words (optional)” is not filled in yet. "
        "A person marks it.",
        "The answer cell of “Part 4: a plot” is not filled in yet. A person marks it.",
    ]
    assert len(outcome.parts) == 2


def test_words_alone_make_a_file_somebodys_work(own_course: Course) -> None:
    blank = own_course.notebook("release", NAME).read_bytes()
    words = blank.replace(b"YOUR ANSWER HERE", b"Because.")
    own = nbformat.reads(blank.decode(), 4)
    own.cells.append(nbformat.v4.new_code_cell("x = 1"))  # the answer to a task
    files = [blank, words, nbformat.writes(own).encode()]
    ranks = [content_of(data, blank) for data in files]
    assert [found.rank for found in ranks] == [0, 2, 2]
    assert len({found.digest for found in ranks}) == 3


def test_a_mark_by_hand_is_kept_and_told(
    own_course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark_by_hand(own_course, "ada", "why-sigmoid", 1.0, "Well <put>.")
    mark_by_hand(own_course, "ada", "my-plot", 1.5)
    with writing(own_course):
        verdicts = grade_again(own_course, monkeypatch, regrade=True)
    assert verdicts["ada"].points == 6
    score = read_scores(own_course, NAME)["ada"]
    assert score.points == 8.5
    assert not needs(own_course, "ada")["my-plot"]  # the file is the one that was marked
    page = feedback(own_course, NAME, ["ada"])[0].path.read_text()
    assert "8.5 of 9 points" in page
    assert "Well &lt;put&gt;." in page
    assert "Part 3: in your own words (optional)" in page
    assert "1 of 1, optional" in " ".join(page.split())
    assert WORDS in page
    assert "Not marked yet." in page  # the task
    assert "<script>" not in page
    report(own_course, NAME)
    pages = (own_course.root / "report" / NAME / "students").glob("*.html")
    (hers,) = [text for path in pages if "Well &lt;put&gt;." in (text := path.read_text())]
    assert "Part 3: in your own words (optional) <span" in hers
    written = io.StringIO()
    export_totals(own_course, [NAME], written)
    rows = {row["student"]: row for row in csv.DictReader(io.StringIO(written.getvalue()))}
    assert (rows["ada"][NAME], rows["ada"]["percent"]) == ("8.5", f"{100 * 8.5 / 9:.2f}")
    assert verify(own_course, [NAME]).findings == []


def test_another_file_is_looked_at_again(
    own_course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark_by_hand(own_course, "ada", "why-sigmoid", 1.0)
    path = own_course.notebook("submitted", NAME, "ada")
    path.write_text(path.read_text().replace(WORDS, "Other words."))
    with writing(own_course):
        grade_again(own_course, monkeypatch)
    assert needs(own_course, "ada")["why-sigmoid"]
    assert read_scores(own_course, NAME)["ada"].parts["why-sigmoid"].manual == 1.0


def test_an_answer_in_words_that_is_gone_is_named(
    own_course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = own_course.notebook("submitted", NAME, "ada")
    notebook = json.loads(path.read_text())
    notebook["cells"] = [c for c in notebook["cells"] if grade_id_of(c) != "why-sigmoid"]
    path.write_text(json.dumps(notebook))
    with writing(own_course):
        verdict = grade_again(own_course, monkeypatch)["ada"]
    (problem,) = verdict.problems
    assert "“Part 3: in your own words (optional)” is missing" in problem
    assert read_scores(own_course, NAME)["ada"].parts["why-sigmoid"].auto == 0.0


def test_a_job_needs_no_course_folder(own_course: Course, tmp_path: Path) -> None:
    """A worker of a cluster gets the suite with the job, as data."""
    data = own_course.notebook("submitted", NAME, "ada").read_bytes()
    job = grading.job_for(own_course, Fingerprints(own_course, NAME), "ada", data, "none")
    own_course.root.rename(tmp_path / "gone")
    sent = msgspec.json.decode(msgspec.json.encode(job), type=Job)
    assert msgspec.json.decode(judge_here(sent), type=Verdict).points == 6


def test_a_changed_check_makes_verdicts_and_release_stale(own_course: Course) -> None:
    tests = own_course.root / "assignments" / NAME / "hidden.py"

    def state() -> tuple[bool, bool]:
        held = Fingerprints(own_course, NAME)
        data = own_course.notebook("submitted", NAME, "ada").read_bytes()
        verdict = own_course.read_verdict(NAME, "ada")
        return held.holds(verdict, data), is_current(own_course, NAME)

    assert state() == (True, True)
    tests.write_text(tests.read_text() + "\n# a comment\n")
    assert state() == (True, False)
    tests.write_text(tests.read_text().replace("atol=1e-9", "atol=1e-8"))
    assert state() == (False, False)


def test_release_refuses_a_model_answer_that_shows(own_course: Course) -> None:
    exercise = own_course.exercise(NAME)
    line = "So the average can neither explode nor change its sign, whatever the training does."
    text = exercise.read_text()
    assert line in text
    tests = own_course.root / "assignments" / NAME / "hidden.py"
    tests.write_text(tests.read_text() + f'\nSECRET = """\n{line}\n"""\n')
    exercise.write_text(text.replace("Two sentences.", f"Two sentences.\n{line}"))
    # A line that the author wrote where students read it is no secret.
    (made,) = release(own_course, [NAME])
    assert line in made.path.read_text()
