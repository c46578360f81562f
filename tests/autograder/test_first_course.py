"""docs/first-course.md, typed word for word: from an empty folder to marks in the LMS."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import re
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from rich.console import Console

from autograder import cli, console
from autograder.course.directory import find
from autograder.steps import student_package
from autograder.steps.scores import read_scores
from tests.autograder import walking
from tests.autograder.walking import Apart, Command, File, Shell
from tests.book.fresh_environment import FreshEnvironment
from tests.conftest import ROOT
from tests.formgrading import asked, serving
from tests.sharing import built_once

NAME = "moving-average"
DOCUMENT = (ROOT / "docs" / "first-course.md").read_text(encoding="utf-8")
OURS = Path(sys.executable).parent / "autograder"
ENDS_WITH = {f"autograder check {NAME}.ipynb": 1}  # nothing is filled in yet
MARKS = {"ada": 7.0, "bob": 3.5, "cem": 0.0}

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The home folder of somebody who has typed the document."""
    return built_once(tmp_path_factory, worker_id, "first-course", type_it)


@pytest.fixture
def spring(home: Path) -> Path:
    return home / "courses" / "spring"


def type_it(home: Path) -> None:
    home.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    # As at home, but no index of packages is asked, and what this environment has comes first.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    path = os.pathsep.join([str(OURS.parent), kept["PATH"]])
    mine = {"HOME": str(home), "PATH": path, "PIP_NO_INDEX": "1", "LC_ALL": "C.UTF-8"}
    mine |= {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "DASK_TEMPORARY_DIRECTORY": str(home)}
    shell = Shell(ROOT, kept | mine)
    try:
        for step in walking.steps(DOCUMENT):
            match step:
                case File(name, text):
                    (shell.folder / name).write_text(text, encoding="utf-8")
                case Apart("make setup"):
                    pass  # whoever runs this has done it
                case Apart("jupyter lab"):
                    mark_by_hand(shell.folder)
                case Apart(text):
                    raise AssertionError(f"nobody types {text}")
                case Command():
                    step.text = step.text.replace("8786", port)
                    type_one(shell, step)
    finally:
        shell.close()


def type_one(shell: Shell, command: Command) -> None:
    """Type a command; the instructor's are run in this process, which has loaded torch already."""
    program, _, arguments = command.text.partition(" ")
    if program == "autograder" and shell.type("type -P autograder")[1].strip() == str(OURS):
        _, expanded = shell.type(f"printf '%s\\n' {arguments}")
        code, output = run_here(expanded.splitlines(), shell.folder)
    else:
        code, output = shell.type(command.text)
    assert code == ENDS_WITH.get(command.text, 0), f"{command.text}\n{output}"
    walking.require_printed(command, output)
    if "-m venv" in command.text:
        # What pip would fetch is there already; our checkout is not.
        FreshEnvironment(shell.folder / "venv", student_package.requirements())


def run_here(arguments: list[str], folder: Path) -> tuple[int, str]:
    output = io.StringIO()
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(output),
        pytest.MonkeyPatch.context() as patch,
    ):
        # Another test may have begun to print already, on a narrower terminal.
        patch.setattr(console, "_out", Console(highlight=False, width=200))
        return cli.run(arguments), output.getvalue()


def mark_by_hand(folder: Path) -> None:
    """Give the marks as formgrader's page does (tests/browser/test_formgrader.py looks at it)."""
    with serving(folder, folder.parent.parent) as formgrader:
        work = asked(formgrader, f"submitted_notebooks/{NAME}/{NAME}")
        whose = {one["student"]: one["id"] for one in work}
        for student, points in {"ada": 1.0, "bob": 0.5}.items():
            grades = asked(formgrader, f"grades?submission_id={whose[student]}")
            (mark,) = (grade for grade in grades if grade["needs_manual_grade"])
            assert mark["name"] == "why-sigmoid"
            asked(formgrader, f"grade/{mark['id']}", {"manual_score": points})
            comments = asked(formgrader, f"comments?submission_id={whose[student]}")
            (comment,) = (one for one in comments if one["name"] == "why-sigmoid")
            asked(formgrader, f"comment/{comment['id']}", {"manual_comment": "Well said."})


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_marks_are_in_the_gradebook(spring: Path) -> None:
    scores = read_scores(find(spring), NAME)
    assert {student: score.points for student, score in scores.items()} == MARKS
    assert {score.max_points for score in scores.values()} == {7.0}
    assert scores["ada"].comments == {"why-sigmoid": "Well said."}


def test_two_workers_judged_in_sandboxes_of_their_own(home: Path, spring: Path) -> None:
    course = find(spring)
    verdicts = [course.read_verdict(NAME, student) for student in MARKS]
    assert {verdict.isolation for verdict in verdicts if verdict} == {"bwrap"}
    log = (home / "dask.log").read_text()
    workers = re.findall(r"Register worker addr: (tcp://127\.0\.0\.1:\d+)", log)
    assert len(set(workers)) == 2, log


def test_moodle_s_worksheet_is_filled_in_and_nothing_else(spring: Path) -> None:
    before, after = rows(spring / "worksheet.csv"), rows(spring / "for-moodle.csv")
    assert [row["Grade"] for row in after] == ["7", "3.5", "0", ""]
    for old, new in zip(before, after, strict=True):
        ours = {"Grade", "Feedback comments"}
        assert {k: v for k, v in new.items() if k not in ours} == {
            k: v for k, v in old.items() if k not in ours
        }
    hers, his, *_ = (row["Feedback comments"] for row in after)
    assert hers == "<p>Tests: 6 of 6 passed, 6 points. With what was marked by hand: 7.</p>"
    assert "<li>one token</li>" in his


def test_canvas_s_table_has_its_points_and_marks(spring: Path) -> None:
    column = "moving-average (901)"
    points, *people = rows(spring / "for-canvas.csv")
    assert (points["Student"].strip(), points[column]) == ("Points Possible", "7.00")
    given = {row["SIS Login ID"]: row[column] for row in people}
    assert given == {"ada": "7", "bob": "3.5", "cem": "0", "zoe": ""}


def test_everybody_is_in_the_table_of_the_course(spring: Path) -> None:
    table = rows(spring / "course.csv")
    assert [row["student"] for row in table] == ["ada", "bob", "cem", "zoe"]


def test_feedback_goes_back_under_moodle_s_names(spring: Path) -> None:
    with zipfile.ZipFile(spring / "pages.zip") as archive:
        pages = {name: archive.read(name).decode() for name in archive.namelist()}
    people = ("Ada Lovelace_1401", "Bob O'Neil_1402", "Cem Yılmaz_1403")
    assert set(pages) == {f"{who}_assignsubmission_file/{NAME}.html" for who in people}
    hers = pages[f"{people[0]}_assignsubmission_file/{NAME}.html"]
    assert "7 of 7 points" in hers
    assert "Well said." in hers


def test_the_student_has_the_package_and_nothing_of_ours(home: Path) -> None:
    venv = home / "homework" / "venv"
    asked = "import autograder; print(autograder.__file__); import autograder.judge"
    done = subprocess.run(
        [str(venv / "bin" / "python"), "-c", asked],
        cwd=venv,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert Path(done.stdout.strip()).is_relative_to(venv)
    assert "No module named 'autograder.judge'" in done.stderr


def test_there_is_a_report(spring: Path) -> None:
    assert "moving-average" in (spring / "report" / NAME / "index.html").read_text()
