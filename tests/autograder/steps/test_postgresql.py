"""A course whose gradebook is in PostgreSQL, from init to export, and what a server can refuse."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from autograder.course.directory import Course, find, init
from autograder.errors import AutograderError
from autograder.steps import grade as grading
from autograder.steps.release import release
from autograder.steps.scores import read_scores
from autograder.verdict import Verdict
from tests.autograder import tiny
from tests.autograder.conftest import judge_here
from tests.postgresql import PASSWORD, Server

pytestmark = pytest.mark.postgresql
Said = Callable[..., str]
Submit = Callable[[str, dict[str, str]], Path]
Grade = Callable[..., dict[str, Verdict]]
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def released_there(
    project: Path, database_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str]:
    """A released course and its database, to be copied."""
    name = database_server.new_database()
    root = tmp_path_factory.mktemp("with-server") / "course"
    release(init(root, project / "exercises", database_server.url(name, PASSWORD)))
    return root, name


@pytest.fixture
def database(database_server: Server, released_there: tuple[Path, str]) -> str:
    """The name of a copy of the database."""
    return database_server.new_database(template=released_there[1])


@pytest.fixture
def course(
    project: Path, released_there: tuple[Path, str], database: str, tmp_path: Path
) -> Course:
    """The copied course, with a database of its own."""
    root = tmp_path / "course"
    shutil.copytree(released_there[0], root)
    config = root / "nbgrader_config.py"
    config.write_text(config.read_text().replace(f"/{released_there[1]}?", f"/{database}?"))
    settings = msgspec.structs.replace(find(root).settings, exercises=str(project / "exercises"))
    (root / ".autograder" / "course.json").write_bytes(msgspec.json.encode(settings))
    return find(root)


def test_the_password_lies_where_only_the_instructor_reads(course: Course) -> None:
    secret = course.root / ".autograder" / "pgpass"
    assert secret.stat().st_mode & 0o077 == 0
    escaped = PASSWORD.replace("\\", "\\\\").replace(":", "\\:")
    assert secret.read_text().endswith(f":{escaped}\n")
    for path in course.root.rglob("*"):
        if path.is_file() and path != secret:
            assert b"geheim" not in path.read_bytes(), path


def test_the_whole_road(course: Course, submit: Submit, said: Said) -> None:
    submit("ada", tiny.RIGHT)
    submit("bob", tiny.WRONG_NORM)
    (course.root / "submitted" / "bob" / tiny.NAME / "timestamp.txt").write_text(
        "2026-01-31 23:59:00 UTC"
    )
    said("due", tiny.NAME, "2026-01-30 12:00", "--timezone", "UTC", code=0)
    said("extend", tiny.NAME, "bob", "--days", "3", code=0)
    said("grade", "--jobs", "1", code=0)
    assert "2 pages" in said("feedback", code=0)
    said("report", code=0)
    marks = said("export", code=0)
    assert "tiny,ada,,,,5.0,5.0" in marks
    assert "tiny,bob,,,,2.0,5.0" in marks
    assert "no findings" in said("verify", code=0)
    assert "nothing new since the report" in said("status", code=0)
    assert "0 judged, 2 unchanged" in said("grade", code=0)
    assert not (course.root / "gradebook.db").exists()
    scores = read_scores(course, tiny.NAME)
    assert {name: score.points for name, score in scores.items()} == {"ada": 5.0, "bob": 2.0}
    assert scores["bob"].timestamp is not None
    assert scores["bob"].late_s == 0.0


def test_nbgrader_and_formgrader_find_the_marks(
    course: Course, submit: Submit, grade_here: Grade
) -> None:
    from nbgrader.apps.api import NbGraderAPI

    submit("ada", tiny.RIGHT)
    grade_here()
    exported = subprocess.run(
        [BIN / "nbgrader", "export"], cwd=course.root, capture_output=True, text=True, check=False
    )
    assert exported.returncode == 0, exported.stderr
    assert PASSWORD not in exported.stdout + exported.stderr
    (row,) = [
        line for line in (course.root / "grades.csv").read_text().splitlines() if "ada" in line
    ]
    assert row.split(",")[-2:] == ["5.0", "5.0"]
    # What formgrader's pages ask for.
    api = NbGraderAPI(config=course.nbgrader_config())
    (assignment,) = api.get_assignments()
    assert (assignment["name"], assignment["num_submissions"]) == (tiny.NAME, 1)
    assert assignment["average_score"] == 5.0
    assert [found["score"] for found in api.get_submissions(tiny.NAME)] == [5.0]
    assert [found["score"] for found in api.get_students()] == [5.0]
    assert [found["score"] for found in api.get_notebook_submissions(tiny.NAME, tiny.NAME)] == [5.0]
    assert [found["average_score"] for found in api.get_notebooks(tiny.NAME)] == [5.0]
    assert [found["score"] for found in api.get_student_submissions("ada")] == [5.0]


def test_a_connection_lost_while_grading_loses_nothing(
    course: Course,
    submit: Submit,
    said: Said,
    database_server: Server,
    database: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for student in ("ada", "bob", "eve"):
        submit(student, tiny.RIGHT)
    judged: list[str] = []

    def judge(job: grading.Job) -> bytes:
        judged.append(job.student)
        if len(judged) == 3:  # the first one has been written down, the second not yet
            database_server.ask(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                f"WHERE datname = '{database}'"
            )
        return judge_here(job)

    monkeypatch.setattr("tests.autograder.conftest.judge_here", judge)
    text = said("grade", "--jobs", "1", code=2)
    assert "the connection to the gradebook's database was lost" in text
    assert f"Where: postgresql://teacher@127.0.0.1:{database_server.port}/{database}" in text
    assert course.graded(tiny.NAME) == judged[:1]
    assert "2 judged, 1 unchanged" in said("grade", "--jobs", "1", code=0)
    assert "no findings" in said("verify", code=0)


def test_a_server_that_is_away_or_refuses_says_so_in_words(
    course: Course, submit: Submit, said: Said, database_server: Server, database: str
) -> None:
    submit("ada", tiny.RIGHT)
    database_server.stop()
    try:
        for command in ("grade", "report", "export", "verify", "release"):
            assert "server cannot be reached" in said(command, code=2)
    finally:
        database_server.start()
    secret = course.root / ".autograder" / "pgpass"
    right = secret.read_bytes()
    secret.write_text("*:*:*:*:wrong-secret\n")
    text = said("grade", code=2)
    assert "does not accept the password" in text
    assert "wrong-secret" not in text
    secret.write_text("")
    assert "asks for a password" in said("grade", code=2)
    secret.write_bytes(right)
    config = course.root / "nbgrader_config.py"
    before = config.read_text()
    config.write_text(before.replace(f"/{database}?", "/elsewhere?"))
    text = said("grade", code=2)
    assert "there is no such database" in text
    assert "createdb" in text
    config.write_text(before)
    database_server.ask(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
    assert "this may be read, but not written" in said("grade", code=2)
    assert course.graded(tiny.NAME) == []
    database_server.ask(f"ALTER DATABASE {database} RESET default_transaction_read_only")
    said("grade", code=0)
    database_server.ask("DROP TABLE comment", database)
    assert "holds no gradebook that fits" in said("report", code=2)


def test_init_refuses_before_it_makes_anything(
    project: Path, course: Course, database_server: Server, database: str, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    with pytest.raises(AutograderError, match=r"another course \(course\)"):
        init(other, project / "exercises", database_server.url(database, PASSWORD))
    with pytest.raises(AutograderError, match="there is no such database"):
        init(other, project / "exercises", database_server.url("nix", PASSWORD))
    assert not other.exists()
    with pytest.raises(AutograderError, match="has its gradebook elsewhere"):
        init(course.root, project / "exercises", database_server.url("nix", PASSWORD))
    again = init(course.root, project / "exercises", database_server.url(database, PASSWORD))
    assert again.settings == course.settings


@pytest.mark.sandbox
def test_two_graders_at_a_time_lose_nothing(
    course: Course, submit: Submit, said: Said, tmp_path: Path
) -> None:
    """One in the course's folder, one in a copy of it, on the same database."""
    for student in ("ada", "bob"):
        submit(student, tiny.RIGHT)
    copy = tmp_path / "copy"
    shutil.copytree(course.root, copy)
    shutil.rmtree(copy / "submitted" / "bob")
    wrong = tiny.filled(course.notebook("release", tiny.NAME), tiny.WRONG)
    for student in ("eve", "moe"):
        there = find(copy).notebook("submitted", tiny.NAME, student)
        tiny.write_notebook(there, wrong)
    graders = [
        subprocess.Popen(
            [BIN / "autograder", "grade", "--course", root],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for root in (course.root, copy)
    ]
    told = [grader.communicate()[0] for grader in graders]
    assert [grader.returncode for grader in graders] == [0, 0], told
    assert ["2 judged" in told[0], "3 judged" in told[1]] == [True, True], told
    scores = read_scores(course, tiny.NAME)
    points = {name: score.points for name, score in scores.items()}
    assert points == {"ada": 5.0, "bob": 5.0, "eve": 0.0, "moe": 0.0}
    assert "0 judged, 2 unchanged" in said("grade", code=0)
