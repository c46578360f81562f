"""formgrader, in a real browser: it shows what `grade` wrote, and what people type there stays."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from autograder.course.directory import Course
from autograder.exports.table import export
from autograder.steps.feedback import feedback
from autograder.steps.scores import read_scores
from autograder.steps.verify import verify
from tests.autograder import conftest as shared
from tests.autograder import tiny
from tests.formgrading import TOKEN, serving

# The miniature course is set up as for the autograder's own tests.
project, released_course = shared.project, shared.released_course
course, submit, grade_here = shared.course, shared.submit, shared.grade_here

pytestmark = pytest.mark.browser
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def server(
    course: Course,
    submit: Callable[[str, dict[str, str]], Path],
    grade_here: Callable[..., object],
    tmp_path: Path,
) -> Iterator[str]:
    """Jupyter with formgrader, started in a graded course; gives its address."""
    submit("eve", tiny.WRONG_NORM)
    grade_here()
    with serving(course.root, tmp_path) as address:
        yield address


@pytest.fixture
def page(server: str, browser: Browser) -> Iterator[Page]:
    """A page that is logged in."""
    opened = browser.new_page()
    opened.set_default_timeout(60_000)
    opened.goto(f"{server}/login?token={TOKEN}")  # formgrader's own pages set no cookie
    yield opened
    opened.close()


def open_submission(page: Page, server: str) -> None:
    page.goto(f"{server}/formgrader/gradebook/{tiny.NAME}/{tiny.NAME}")
    page.get_by_role("link", name="Submission #1").click()
    page.locator("#norm-tests").wait_for()


def test_formgrader_shows_submission_and_score(server: str, page: Page) -> None:
    page.goto(f"{server}/formgrader/manage_submissions/{tiny.NAME}")
    row = page.locator("tr", has_text="eve")
    row.wait_for()
    assert "2 / 5" in row.inner_text()
    open_submission(page, server)
    page.wait_for_function("document.querySelector('#double-tests').placeholder === '2'")
    page.wait_for_function("document.querySelector('#norm-tests').placeholder === '0'")
    shown = page.inner_text("body")
    assert "is the Euclidean norm" in shown
    assert "return x.abs().sum()" in shown
    assert "run_in_kernel" not in shown


def type_into(page: Page, name: str, text: str) -> None:
    """Type into a field as a person does, and wait until formgrader has saved it."""
    field = page.locator(f"[id='{name}']")
    with page.expect_response(lambda answer: answer.request.method == "PUT") as saved:
        field.fill(text)
        field.blur()
    assert saved.value.ok


def test_marks_given_by_hand_survive_a_regrade(
    server: str, page: Page, course: Course, grade_here: Callable[..., object]
) -> None:
    open_submission(page, server)
    page.wait_for_function("document.querySelector('#norm-tests').placeholder === '0'")
    type_into(page, "norm-tests", "1.5")
    type_into(page, "double-tests_extra_credit", "0.25")
    type_into(page, "norm-comment", "Almost: <i>squares</i>, please.")
    grade_here(regrade=True)
    marks = io.StringIO()
    export(course, [tiny.NAME], marks, checks=False)
    (row,) = csv.DictReader(io.StringIO(marks.getvalue()))
    assert (row["student"], row["score"], row["auto_score"]) == ("eve", "3.75", "2.0")
    score = read_scores(course, tiny.NAME)["eve"]
    assert (score.points, score.comments) == (3.75, {"norm": "Almost: <i>squares</i>, please."})
    assert verify(course).findings == []
    (written,) = feedback(course, tiny.NAME)
    page.goto(written.path.as_uri())
    shown = page.inner_text("body")
    for words in ("3.75 of 5 points", "The tests gave 2.", "Marked by hand: 1.5.", "0.25"):
        assert words in shown
    assert "Almost: <i>squares</i>, please." in shown
    assert "is the Euclidean norm" in shown
    open_submission(page, server)
    page.wait_for_function("document.querySelector('#norm-tests').value === '1.5'")
