"""Grading on a cluster of real processes: what dies loses nothing, and is graded once."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from autograder.course.directory import Course
from autograder.course.fingerprint import FAILED
from autograder.steps.grade import Event, Options, grade
from autograder.steps.verify import verify
from tests.autograder import tiny
from tests.autograder.cluster.meeting import DIE, judge_and_meet, notes

Submit = Callable[[str, dict[str, str]], Path]


def kill_who_comes(place: Path) -> tuple[int, int]:
    """Wait for a worker that is in the middle of a submission, and kill it; return who it was."""
    while not place.exists() or not place.read_text():
        time.sleep(0.02)
    worker, station = map(int, place.read_text().split())
    os.kill(worker, signal.SIGKILL)
    return worker, station


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE  # this test starts the workers
    except psutil.NoSuchProcess:
        return False


@pytest.mark.sandbox
@pytest.mark.timeout(600)
def test_what_dies_in_mid_run_loses_nothing(
    course: Course, submit: Submit, cluster_address: str, tmp_path: Path
) -> None:
    place = tmp_path / "place"
    for number in range(4):
        submit(f"student-{number}", tiny.RIGHT if number % 2 else tiny.WRONG_NORM)
    submit("ada", tiny.RIGHT | {"norm": f"{tiny.RIGHT['norm']}\n# meet at {place}"})
    submit("eve", tiny.RIGHT | {"norm": DIE.decode()})
    killed: list[tuple[int, int]] = []
    killer = threading.Thread(target=lambda: killed.append(kill_who_comes(place)), daemon=True)
    killer.start()
    options = Options(scheduler=cluster_address)
    events: list[Event] = list(grade(course, tiny.NAME, (), options, work=judge_and_meet))
    killer.join(60)
    # Somebody was killed, with all that worked for it, ...
    ((worker, station),) = killed
    assert not any(map(is_running, (worker, station)))
    # ... and every submission has been graded, once.
    verdicts = {event.student: event.verdict for event in events}
    students = course.students(tiny.NAME)
    assert sorted(event.student for event in events) == students
    assert course.graded(tiny.NAME) == students
    right = dict.fromkeys(["ada", "student-1", "student-3"], 5.0)
    expected = right | dict.fromkeys(["student-0", "student-2"], 2.0) | {"eve": 0.0}
    assert {name: verdict.points for name, verdict in verdicts.items()} == expected
    with course.open_gradebook() as gradebook:
        entries = gradebook.assignment_submissions(tiny.NAME)
        assert sorted(entry.student.id for entry in entries) == students
        assert {entry.student.id: entry.score for entry in entries} == expected
    assert [finding.about for finding in verify(course).findings] == [f"{tiny.NAME}/eve"]
    # What was to blame for the end of its judge got another chance, alone, and nobody else did.
    assert verdicts["eve"].fingerprint == FAILED
    assert "twice" in verdicts["eve"].problems[0]
    blank = "eve"  # tried to see that the grader works
    seen = Counter(notes(course.root))
    assert seen == Counter(
        {f"end {name}": 1 for name in students}
        | {f"begin {name}": 1 for name in students}
        | {"begin ada": 2, f"begin {blank}": 3}
    )
    assert {verdict.isolation for verdict in verdicts.values()} == {"bwrap"}
    # The same command finds nothing to do but what failed.
    again = list(grade(course, tiny.NAME, ["ada", "student-0"], options))
    assert not any(event.is_new for event in again)
