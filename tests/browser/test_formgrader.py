"""formgrader, in a real browser: it shows what `grade` wrote, and what people type there stays."""

from __future__ import annotations

import csv
import io
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from autograder.course.directory import Course
from autograder.steps.export import export
from autograder.steps.feedback import feedback
from autograder.steps.scores import read_scores
from autograder.steps.verify import verify
from tests.autograder import conftest as shared
from tests.autograder import tiny

# The miniature course is set up as for the autograder's own tests.
project, released_course = shared.project, shared.released_course
course, submit, grade_here = shared.course, shared.submit, shared.grade_here

pytestmark = pytest.mark.browser
TOKEN = "only-for-this-test"
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
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [
        *(sys.executable, "-m", "jupyter_server", "--allow-root", "--no-browser"),
        *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
        f"--IdentityProvider.token={TOKEN}",
        "--ServerApp.jpserver_extensions={'nbgrader.server_extensions.formgrader': True}",
    ]
    home = {f"JUPYTER_{kind}_DIR": str(tmp_path / kind) for kind in ("CONFIG", "DATA", "RUNTIME")}
    with (tmp_path / "log.txt").open("w") as log:
        running = subprocess.Popen(
            command, cwd=course.root, env=os.environ | home, stdout=log, stderr=log
        )
        try:
            _wait_for(f"{address}/api?token={TOKEN}", running, tmp_path / "log.txt")
            yield address
        finally:
            running.terminate()
            running.wait(30)


def _wait_for(url: str, running: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            urllib.request.urlopen(url, timeout=10).close()
            return
        except (urllib.error.URLError, OSError):
            assert running.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)


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
