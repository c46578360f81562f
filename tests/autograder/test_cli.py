"""The command line: the whole round trip, exit codes, and errors without tracebacks."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from autograder import cli, console
from autograder.course.directory import Course, find
from autograder.errors import AutograderError
from tests.autograder import tiny
from tests.autograder.enrolling import LIST, marked
from tests.autograder.tiny import NAME
from tests.conftest import ROOT

AUTOGRADER = Path(sys.executable).parent / "autograder"
COMMANDS = (
    "init",
    "release",
    "check",
    "due",
    "extend",
    "roster",
    "gradescope",
    "hint",
    "student-package",
    "collect",
    "grade",
    "feedback",
    "export",
    "report",
    "similar",
    "leaderboard",
    "status",
    "verify",
    "new",
    "try",
)


Run = Callable[..., str]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run one command in this process, as the console script does; return its output."""
    for name, stream in (("_out", False), ("_err", True)):
        wide = Console(stderr=stream, highlight=False, width=200)
        monkeypatch.setattr(console, name, wide)

    def command(*arguments: str | Path, cwd: Path, code: int = 0) -> str:
        with contextlib.chdir(cwd):
            ended = cli.run([str(argument) for argument in arguments])
        said = capsys.readouterr()
        assert ended == code, said.out + said.err
        return said.out + said.err

    return command


def started(*arguments: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command in a process of its own."""
    return subprocess.run(
        [AUTOGRADER, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"COLUMNS": "200"} | env,
    )


@pytest.mark.sandbox
def test_round_trip(run: Run, project: Path, tmp_path: Path) -> None:
    root = tmp_path / "fall"
    run("init", root, "--exercises", project / "exercises", cwd=tmp_path)
    assert "released" in run("release", cwd=root)
    assert "unchanged" in run("release", cwd=root)
    course = find(root)
    inbox = tmp_path / "lms.zip"
    with zipfile.ZipFile(inbox, "w") as archive:
        people = {"Ada Lovelace_122": tiny.RIGHT, "Eve_123": tiny.WRONG_NORM}
        for name, answers in people.items():
            path = tiny.write_notebook(
                tmp_path / "work.ipynb", tiny.filled(course.notebook("release", "tiny"), answers)
            )
            archive.write(path, f"{name}_assignsubmission_file_/tiny.ipynb")
        archive.writestr("Bob_124_assignsubmission_file_/tiny.ipynb", "not JSON")
        archive.writestr("Bob_124_assignsubmission_file_/essay.pdf", "%PDF")
    listed = run("collect", inbox, cwd=root, code=1)
    assert "essay.pdf" in listed
    assert "3 collected, 1 not" in listed
    table = run("grade", "--jobs", "2", cwd=root)
    for shown in ("Ada_Lovelace", "5 / 5", "Eve", "2 / 5", "0 / 5", "not JSON"):
        assert shown in table
    assert "0 judged, 3 unchanged" in run("grade", cwd=root / "submitted")
    run("feedback", "--course", root, cwd=tmp_path)
    assert course.feedback("tiny", "Bob").is_file()
    marks = run("export", cwd=root)
    scores = {row["student"]: row["score"] for row in csv.DictReader(io.StringIO(marks))}
    assert scores == {"Ada_Lovelace": "5.0", "Eve": "2.0", "Bob": "0.0"}
    run("export", "--checks", "-o", tmp_path / "checks.csv", cwd=root)
    assert len((tmp_path / "checks.csv").read_text().splitlines()) == 1 + 3 * 3
    assert "autograder report tiny" in run("status", cwd=root)
    run("report", cwd=root)
    assert (root / "report" / "tiny" / "index.html").is_file()
    assert "nothing new since the report" in " ".join(run("status", cwd=root).split())


def test_roster_dates_and_marks_out(run: Run, course: Course, tmp_path: Path) -> None:
    """What an instructor types around grading, from the class list to Canvas's table."""
    listed = tmp_path / "class.csv"
    listed.write_text(f"{LIST}{LIST.splitlines()[1]}\n")
    said = run("roster", "import", listed, "--dry-run", cwd=course.root, code=1)
    assert "nothing was written" in said
    assert "'ada' (username) stands in more than one line" in said
    assert "no roster yet" in run("roster", cwd=course.root)
    listed.write_text(LIST)
    assert "3 added" in run("roster", "import", listed, cwd=course.root)
    assert "has no time zone" in run("due", NAME, "2026-12-01 23:59", cwd=course.root, code=2)
    set_for = ("due", NAME, "2026-12-01 23:59", "--timezone", "Europe/Berlin")
    assert "2026-12-01 23:59 CET" in run(*set_for, cwd=course.root)
    assert "2026-12-03 23:59" in run("extend", NAME, "ada", "--days", "2", cwd=course.root)
    assert "say one of" in run("extend", NAME, "ada", cwd=course.root, code=2)
    assert "2 days" in run("due", cwd=course.root)
    marked(course, {"ada": 5, "bob": 2.5})
    shown = run("roster", "--missing", NAME, cwd=course.root)
    assert "zoë" in shown
    assert "bob" not in shown
    sheet = tmp_path / "grades.csv"
    sheet.write_text("Student,ID,Section,tiny (321)\nPoints Possible,,,5\nx,4711,A,\ny,4799,B,\n")
    to = ("export", NAME, "--format", "canvas", "--into", sheet, "-o", tmp_path / "up.csv")
    assert "line 4, y: nobody of this course" in run(*to, cwd=course.root, code=1)
    assert "x,4711,A,5\n" in (tmp_path / "up.csv").read_text()
    assert "give it with --into" in run("export", NAME, "-f", "moodle", cwd=course.root, code=2)
    assert '"state": "missing"' in run("export", "-f", "json", cwd=course.root)
    run("export", "-f", "gradescope", "-o", tmp_path / "results.zip", cwd=course.root)
    with zipfile.ZipFile(tmp_path / "results.zip") as archive:
        assert archive.namelist() == [f"{NAME}/{who}/results.json" for who in ("ada", "bob")]
    assert "1 taken off" in run("roster", "remove", "zoë", cwd=course.root)


@pytest.mark.parametrize(("answers", "code"), [(tiny.RIGHT, 0), (tiny.WRONG, 1)])
def test_check_tells_by_exit_code(
    run: Run, course: Course, tmp_path: Path, answers: dict[str, str], code: int
) -> None:
    filled = tiny.filled(course.notebook("release", tiny.NAME), answers)
    path = tiny.write_notebook(tmp_path / "mine.ipynb", filled)
    shown = run("check", path, cwd=tmp_path, code=code)
    assert ("FAIL" in shown) == bool(code)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_purpose_and_example(run: Run, command: str, tmp_path: Path) -> None:
    text = run(command, "--help", cwd=tmp_path)
    assert f"Usage: autograder {command}" in text
    assert command == "status" or "Example" in text
    document = re.search(r"More: (docs/[a-z-]+\.md)", text)
    assert document is not None
    assert f"autograder {command}" in (ROOT / document[1]).read_text(encoding="utf-8")


def test_the_package_can_be_run_as_a_module(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "autograder", "--help"], cwd=tmp_path, capture_output=True, text=True
    )
    assert ended.returncode == 0
    assert "Usage: autograder" in ended.stdout


def test_the_installed_command_lists_commands_and_exit_codes(tmp_path: Path) -> None:
    ended = started("--help", cwd=tmp_path)
    assert ended.returncode == 0
    assert all(f" {command} " in ended.stdout for command in COMMANDS)
    assert "Exit codes: 0 done" in ended.stdout
    groups = re.findall(r"^╭─ (\S.*?) ─", ended.stdout, re.MULTILINE)
    assert groups == [
        "Options",
        "For students",
        "The course",
        "Assignments of your own",
        "People and dates",
        "From submissions to marks",
        "Out again",
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ("status",),
        ("grade",),
        ("check", "nothing.ipynb"),
        ("init", "."),
        ("grade", "--no-such-option"),
        ("collect", "nowhere", "--course", "nowhere"),
    ],
)
def test_bad_input_exits_with_2(run: Run, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "something").touch()
    run(*arguments, cwd=tmp_path, code=2)


@pytest.mark.parametrize("command", [("check", "mine.ipynb"), ("grade",)])
@pytest.mark.parametrize("value", ["-1", "0", "nan", "inf", "1e300", "soon"])
def test_a_timeout_is_a_time(run: Run, tmp_path: Path, command: tuple[str], value: str) -> None:
    said = run(*command, f"--timeout={value}", cwd=tmp_path, code=2)
    assert "--timeout" in said


def test_output_must_be_a_file_that_can_be(run: Run, course: Course) -> None:
    (course.root / "marks").mkdir()
    assert "is a folder" in run("export", "-o", "marks", cwd=course.root, code=2)
    said = run("export", "-o", "nowhere/marks.csv", cwd=course.root, code=2)
    assert "no folder nowhere" in said


def test_a_report_goes_where_a_folder_can_be(run: Run, course: Course) -> None:
    (course.root / "page.html").write_text("")
    assert "is a file" in run("report", "-o", "page.html", cwd=course.root, code=2)
    assert "no folder nowhere" in run("report", "-o", "nowhere/in", cwd=course.root, code=2)
    assert "name neither" in run("report", "--all", "-o", "in", cwd=course.root, code=2)
    assert "report/index.html" in run("report", "--all", cwd=course.root)


def test_a_failed_export_leaves_the_old_file(
    run: Run, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = course.root / "marks.csv"
    old.write_text("last week's")

    def fail(*arguments: object, **options: object) -> int:
        raise AutograderError("the gradebook is busy")

    monkeypatch.setattr("autograder.exports.table.export", fail)
    run("export", "-o", old, cwd=course.root, code=2)
    assert old.read_text() == "last week's"


def test_status_s_commands_can_be_copied(
    course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(console, "_out", Console(width=40))
    assert cli.run(["status", "--course", str(course.root)]) == 0
    assert "autograder collect SOURCE --assignment tiny\n" in capsys.readouterr().out


def test_an_empty_inbox_is_not_ready_to_grade(run: Run, course: Course, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    said = run("collect", tmp_path / "in", cwd=course.root, code=1)
    assert "There is no notebook" in said
    assert "Next" not in said


def test_error_says_what_where_and_what_to_do(tmp_path: Path) -> None:
    ended = started("status", cwd=tmp_path)
    assert ended.returncode == 2
    assert "Error: this is not a course directory" in ended.stderr
    assert f"Where: {tmp_path}" in ended.stderr
    assert "What to do:" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_debug_shows_the_traceback(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOGRADER_DEBUG", "1")
    with pytest.raises(AutograderError, match="not a course directory"):
        run("status", cwd=tmp_path)


def test_names_are_never_markup(run: Run, course: Course, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "[bold]ada.txt").touch()
    shown = run("collect", tmp_path / "in", cwd=course.root, code=1)
    assert "[bold]ada.txt" in shown


def test_starting_does_not_import_torch() -> None:
    code = "import sys, autograder.cli; print('torch' in sys.modules, 'nbgrader' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["False", "False"]


def test_ctrl_c_keeps_the_verdicts(
    course: Course,
    submit: Callable[[str, dict[str, str]], Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from autograder.steps import grade as grading

    submit("ada", tiny.RIGHT)

    def interrupted(*args: object, **kwargs: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(grading, "grade", interrupted)
    monkeypatch.setattr(sys, "argv", ["autograder", "grade", "--course", str(course.root)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 130
    assert "Run the same command to go on" in capsys.readouterr().out
