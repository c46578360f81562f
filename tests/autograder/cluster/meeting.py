"""A judge that a test can meet while it is at work; workers import it by its name."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

from autograder.judge.worker import Job, judge_job

MEET = re.compile(rb"# meet at ([^\s\"\\]+)")
DIE = b"# please die"


def judge_and_meet(job: Job) -> bytes:
    """Judge, note every beginning and every end; wait once where the submission says so.

    The folder of the course on this machine is what student code must not see; the notes lie
    beside it. Whoever is told to wait does so until it is killed, but only the first time.
    """
    note(job, "begin")
    if DIE in job.submission:
        os._exit(9)
    place = MEET.search(job.submission)
    if place and not (met := Path(place[1].decode())).exists():
        met.write_text(f"{os.getppid()} {os.getpid()}")
        time.sleep(600)
    verdict = judge_job(job)
    note(job, "end")
    return verdict


def note(job: Job, what: str) -> None:
    path = Path(job.hide).parent / "notes.txt"
    with path.open("a") as notes:  # one short line at a time is written whole
        notes.write(f"{what} {job.student}\n")


def notes(course: Path) -> list[str]:
    return (course.parent / "notes.txt").read_text().splitlines()
