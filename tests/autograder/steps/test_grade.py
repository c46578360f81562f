"""Grading a class: everybody gets a verdict, nothing is judged twice, nothing is left behind."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from autograder.course.directory import Course
from autograder.course.fingerprint import FAILED
from autograder.errors import AutograderError
from autograder.judge.worker import Job
from autograder.line import probe
from autograder.steps import grade as grading
from autograder.steps.feedback import feedback
from autograder.steps.grade import Options, grade
from autograder.steps.status import status
from autograder.steps.verify import verify
from autograder.verdict import Verdict
from tests.autograder import tiny
from tests.autograder.conftest import AtOnce, judge_here

Submit = Callable[[str, dict[str, str]], Path]
Grade = Callable[..., dict[str, Verdict]]


def die_when_told(job: Job) -> bytes:
    if b"please die" in job.submission:
        os._exit(9)
    return judge_here(job)


def events_of(course: Course, *students: str, **options: object) -> list[grading.Event]:
    return list(grade(course, tiny.NAME, students, Options(jobs=1, **options)))


def test_verdict_is_stored_and_kept(course: Course, submit: Submit, grade_here: Grade) -> None:
    submit("ada", tiny.RIGHT)
    first = grade_here()["ada"]
    assert course.read_verdict(tiny.NAME, "ada") == first
    assert grade_here()["ada"] == first  # `seconds` would differ if it had been judged again


def test_a_changed_submission_is_judged_again(
    course: Course, submit: Submit, grade_here: Grade
) -> None:
    submit("ada", tiny.WRONG)
    assert grade_here()["ada"].points == 0
    submit("ada", tiny.RIGHT)
    assert grade_here()["ada"].points == 5


def test_regrade_judges_what_holds(course: Course, submit: Submit, grade_here: Grade) -> None:
    submit("ada", tiny.RIGHT)
    first = grade_here()["ada"]
    path = course.verdict_path(tiny.NAME, "ada")
    before = path.stat().st_mtime_ns
    assert grade_here(regrade=True)["ada"].points == first.points
    assert path.stat().st_mtime_ns > before


def test_a_stopped_run_goes_on(
    course: Course, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grading, "isolation_level", lambda **_: "none")
    for student in ("ada", "bob", "eve"):
        submit(student, tiny.RIGHT)
    judged: list[str] = []

    def work(job: Job) -> bytes:
        judged.append(job.student)
        return judge_here(job)

    def run() -> list[grading.Event]:
        return grade(course, tiny.NAME, (), Options(jobs=1), work=work, make_executor=AtOnce)

    stopped = run()
    next(stopped)
    stopped.close()
    events = list(run())
    assert [event.is_new for event in events] == [False, True, True]
    assert [event.done for event in events] == [1, 2, 3]
    assert judged.count("ada") == 1


def test_a_lost_gradebook_is_filled_from_the_verdicts(
    course: Course, submit: Submit, grade_here: Grade
) -> None:
    submit("ada", tiny.RIGHT)
    first = grade_here()["ada"]
    with course.open_gradebook() as gradebook:
        gradebook.remove_submission(tiny.NAME, "ada")
    assert grade_here()["ada"] == first
    with course.open_gradebook() as gradebook:
        assert gradebook.find_submission(tiny.NAME, "ada").score == 5


def test_points_that_another_program_changed_are_written_again(
    course: Course, submit: Submit, grade_here: Grade
) -> None:
    submit("ada", tiny.RIGHT)
    grade_here()
    with course.open_gradebook() as gradebook:
        grade = gradebook.find_grade("norm-tests", tiny.NAME, tiny.NAME, "ada")
        grade.auto_score, grade.extra_credit = None, 0.5
        gradebook.db.commit()
    assert grade_here()["ada"].points == 5
    with course.open_gradebook() as gradebook:
        assert gradebook.find_submission(tiny.NAME, "ada").score == 5.5


def test_due_dates_set_after_grading_are_noticed(
    course: Course, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grading, "isolation_level", lambda **_: "none")
    path = submit("ada", tiny.RIGHT)
    (path.parent / "timestamp.txt").write_text("2026-01-02 00:00:00 UTC")

    def notes() -> list[str]:
        events = grade(
            course,
            tiny.NAME,
            (),
            Options(jobs=1),
            work=judge_here,
            make_executor=AtOnce,
        )
        return [event.note for event in events]

    assert notes() == [""]
    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text() + "\nc.LateSubmissionPlugin.penalty_method = 'zero'\n")
    with course.open_gradebook() as gradebook:
        gradebook.update_or_create_assignment(tiny.NAME, duedate="2026-01-01 00:00:00 UTC")
    assert notes() == ["the penalty for handing in late was 0 points and is 5 now"]
    assert notes() == [""]
    with course.open_gradebook() as gradebook:
        gradebook.grant_extension(tiny.NAME, "ada", days=2)
    assert notes() == ["the penalty for handing in late was 5 points and is 0 now"]
    (path.parent / "timestamp.txt").write_text("2026-01-09 00:00:00 UTC")
    assert notes() == ["the time of submission has changed"]
    with course.open_gradebook() as gradebook:
        entry = gradebook.find_submission_notebook(tiny.NAME, tiny.NAME, "ada")
        assert entry.late_submission_penalty == 5
    (path.parent / "timestamp.txt").write_text("soon")
    with pytest.raises(AutograderError, match="time of submission cannot be read"):
        notes()


def test_a_dead_worker_costs_only_its_submission(
    course: Course, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grading, "isolation_level", lambda **_: "none")
    for student in ("ada", "bob"):
        submit(student, tiny.RIGHT)
    submit("eve", {"double": "# please die"})
    events = list(grade(course, tiny.NAME, (), Options(jobs=2), work=die_when_told))
    verdicts = {event.student: event.verdict for event in events}
    assert verdicts["ada"].points == verdicts["bob"].points == 5
    assert verdicts["eve"].points == 0
    assert verdicts["eve"].max_points == 5
    assert "twice" in verdicts["eve"].problems[0]
    assert verdicts["eve"].fingerprint == FAILED  # so the next run tries again


def test_grading_that_cannot_work_stops(
    course: Course, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grading, "isolation_level", lambda **_: "none")
    submit("ada", tiny.RIGHT)

    def work(job: Job) -> bytes:
        raise AutograderError("no memory for a sandbox")

    with pytest.raises(AutograderError, match="no memory"):
        list(grade(course, tiny.NAME, (), Options(jobs=1), work=work, make_executor=AtOnce))
    assert course.read_verdict(tiny.NAME, "ada") is None


def test_without_isolation_it_refuses(
    course: Course, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit("ada", tiny.RIGHT)
    monkeypatch.setattr(probe, "available", lambda level: (False, "no bubblewrap."))
    with pytest.raises(AutograderError) as caught:
        events_of(course)
    assert "--unsafe" in caught.value.todo
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert grading.isolation_level(unsafe=True) == "none"
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(AutograderError, match="as root"):
        grading.isolation_level(unsafe=True)


def test_nobody_and_unknown_students_are_named(course: Course, submit: Submit) -> None:
    with pytest.raises(AutograderError, match="by anyone"):
        events_of(course)
    submit("ada", tiny.RIGHT)
    with pytest.raises(AutograderError, match="by bob"):
        events_of(course, "bob")


BAD = {
    "not-json": b"this is not JSON",
    "empty": b"",
    "binary": bytes(range(256)),
    "number": b"42",
    "no-cells": b'{"nbformat": 4, "metadata": {}}',
    "future": b'{"nbformat": 9, "cells": []}',
    "huge": b'{"nbformat": 4, "cells": [' + b" " * (21 * 2**20) + b"]}",
}


@pytest.fixture
def mixed_class(course: Course, submit: Submit) -> Course:
    """One submission of every sort that a class can produce."""
    for student, answers in {
        "right": tiny.RIGHT,
        "partly": tiny.WRONG_NORM,
        "wrong": tiny.WRONG,
        "blank": {},
        "syntax": tiny.RIGHT | {"norm": "def norm(x:\n    return"},
        "raises": tiny.RIGHT | {"norm": "1 / 0"},
        "loops": tiny.RIGHT | {"norm": "while True:\n    pass"},
        "exits": tiny.RIGHT | {"norm": "import os\nos._exit(0)"},
        "hog": tiny.RIGHT | {"norm": "x = []\nwhile True:\n    x.append(bytearray(10**8))"},
        "ready-made": tiny.RIGHT | {"norm": "norm = torch.linalg.norm"},
        "surrogate": tiny.RIGHT | {"norm": "norm = '\ud800'"},
    }.items():
        submit(student, answers)
    for student, change in {
        "deleted-test": lambda cells: [c for c in cells if grade_id(c) != "norm-tests"],
        "edited-test": lambda cells: [edited(c, "norm-tests", "pass") for c in cells],
        "twice": lambda cells: [
            *cells,
            edited(next(c for c in cells if grade_id(c) == "norm"), "norm", "norm = 1"),
        ],
        "deleted-answer": lambda cells: [c for c in cells if grade_id(c) != "norm"],
        "no-metadata": lambda cells: [c | {"metadata": {}} for c in cells],
    }.items():
        path = submit(student, tiny.RIGHT)
        notebook = json.loads(path.read_text())
        notebook["cells"] = change(notebook["cells"])
        path.write_text(json.dumps(notebook))
    path = submit("old-format", tiny.RIGHT)
    old = nbformat.convert(nbformat.read(path, as_version=4), 3)
    path.write_text(json.dumps(old))
    for student, data in BAD.items():
        submit(student, {}).write_bytes(data)
    linked = submit("linked", {})
    linked.unlink()
    linked.symlink_to(course.root / "gradebook.db")
    return course


def grade_id(cell: dict) -> str:
    return cell["metadata"].get("nbgrader", {}).get("grade_id", "")


def edited(cell: dict, name: str, source: str) -> dict:
    return cell | {"source": source} if grade_id(cell) == name else cell


@pytest.mark.sandbox
def test_a_mixed_class_gets_what_it_deserves(mixed_class: Course) -> None:
    course = mixed_class
    beside = sorted(path.name for path in course.root.parent.iterdir())
    events = list(grade(course, tiny.NAME, (), Options(jobs=2, cell_s=5)))
    verdicts = {event.student: event.verdict for event in events}
    assert set(verdicts) == set(course.students(tiny.NAME))
    full, half = 5.0, 2.0
    expected = dict.fromkeys(verdicts, 0.0) | {
        "right": full,
        "partly": half,
        "syntax": half,
        "raises": half,
        "loops": half,
        "exits": half,
        "hog": half,
        "ready-made": half,
        "surrogate": half,
        "deleted-test": full,
        "edited-test": full,
        "twice": half,
        "deleted-answer": half,
        "old-format": full,
    }
    assert {name: verdict.points for name, verdict in verdicts.items()} == expected
    for name, verdict in verdicts.items():
        assert verdict.isolation == "bwrap"
        assert verdict.max_points == full
        told = [check.message for part in verdict.parts for check in part.checks]
        assert verdict.points == full or any(told), f"{name} gets no reason"
    for name in [*BAD, "linked", "no-metadata", "deleted-answer", "twice", "edited-test"]:
        assert verdicts[name].problems, f"{name} gets no problem"
    with course.open_gradebook() as gradebook:
        scores = {
            entry.student.id: entry.score for entry in gradebook.assignment_submissions(tiny.NAME)
        }
    assert scores == expected
    assert sorted(path.name for path in course.root.parent.iterdir()) == beside
    again = list(grade(course, tiny.NAME, (), Options(jobs=2, cell_s=5)))
    assert not any(event.is_new for event in again)


def test_a_clock_that_goes_back_loses_nothing(
    course: Course, submit: Submit, grade_here: Grade
) -> None:
    submit("ada", tiny.WRONG_NORM)
    grade_here()
    tomorrow = time.time() + 86_400
    for path in course.root.rglob("*"):
        os.utime(path, (tomorrow, tomorrow))
    submit("ada", tiny.RIGHT)  # older than the verdict on what came before it
    assert grade_here()["ada"].points == 5
    os.utime(course.verdict_path(tiny.NAME, "ada"), (tomorrow, tomorrow))
    assert "5 of 5 points" in feedback(course, tiny.NAME)[0].path.read_text()
    assert verify(course).findings == []
    (row,) = status(course)
    assert (row.graded, row.feedback) == (1, 1)


@pytest.mark.sandbox
def test_a_regrade_says_the_same_to_the_byte(course: Course, submit: Submit) -> None:
    submit("ada", tiny.RIGHT)
    submit(
        "eve", tiny.WRONG_NORM | {"double": "print({'a', 'b', 'c'})\ndef double(x): return 1 / 0"}
    )
    submit("bob", {"double": "import torch\nprint(torch.rand(3))", "norm": "norm = len"})

    def run() -> dict[str, bytes]:
        list(grade(course, tiny.NAME, (), Options(jobs=2, regrade=True)))
        texts = {
            name: course.verdict_path(tiny.NAME, name).read_bytes()
            for name in ("ada", "eve", "bob")
        }
        return {name: re.sub(rb'"seconds": [0-9.e-]+', b"", text) for name, text in texts.items()}

    first = run()
    assert b"seconds" not in first["eve"]
    assert run() == first


@pytest.mark.sandbox
def test_nothing_is_left_running(course: Course, submit: Submit) -> None:
    fork = "import os\nif os.fork() == 0:\n    while True: pass"
    submit("ada", tiny.RIGHT)
    submit("bob", tiny.RIGHT | {"norm": fork})
    others = sandboxes_below(os.getpid())  # this worker's own
    running: set[int] = set()
    for _ in grade(course, tiny.NAME, (), Options(jobs=1, cell_s=5)):
        running |= sandboxes_below(os.getpid()) - others
    assert running
    deadline = time.monotonic() + 20  # a busy kernel needs a moment to take a namespace down
    while left := {pid for pid in running if Path(f"/proc/{pid}").exists()}:
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


def sandboxes_below(root: int) -> set[int]:
    """Return the processes of bubblewrap that descend from a process."""
    listed = subprocess.run(
        ["ps", "axo", "pid=,ppid=,comm="], capture_output=True, text=True, check=True
    )
    rows = [line.split(None, 2) for line in listed.stdout.splitlines()]
    below = {root}
    for _ in rows:
        more = {int(pid) for pid, parent, _ in rows if int(parent) in below} - below
        if not more:
            break
        below |= more
    return {int(pid) for pid, _, name in rows if int(pid) in below and name.strip() == "bwrap"}
