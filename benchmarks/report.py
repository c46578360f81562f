"""How long the class report of a large class takes: ``make bench-report``.

A course whose students never were: verdicts on assignment 1 drawn at random, with the messages that
checks give, written where `autograder grade` writes them. Then the real command is run and timed.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

from autograder.checks import Suite, load_suite
from autograder.course.directory import Course, find
from autograder.course.files import write_atomically
from autograder.steps.gradebook import GradebookWriter
from autograder.verdict import CellResult, CheckResult, PartResult, Verdict, encode
from benchmarks.classroom import ASSIGNMENT, Classroom

SUITE = "rnn_limits"
BUGS = (
    "the output of forward differs by up to {x:.3g} at index (0, {i}); {i} of 60 values are off by "
    "more than the tolerance. {title}: is something left out?",
    "the new state has shape ({i}, 4), expected (4, {i}). The batch comes first",
    "no gradient arrives at x. Is it detached, or used as .data?",
    "RNN raised IndexError: index {i} is out of bounds (line {i} of the answer cell of “Part 2”, "
    "`h = states[{i}]`)",
)
START = datetime(2026, 11, 1)


def verdict(suite: Suite, student: str, rng: random.Random) -> Verdict:
    """Return what a student of some skill gets, who fails checks in one of a few ways."""
    skill = rng.betavariate(4, 1.5)
    parts, cells = [], []
    for part in suite.grade_ids:
        checks = []
        for check in suite.checks_for(part):
            message = ""
            if rng.random() > skill:
                bug = rng.choice(BUGS)
                message = bug.format(x=rng.random(), i=rng.randrange(60), title=check.title)
            points = 0.0 if message else check.points
            checks.append(CheckResult(check.name, check.title, points, check.points, message))
        parts.append(PartResult(part, suite.points(part), checks, f"Part {len(parts) + 1}"))
        status = "ok" if rng.random() < skill + 0.2 else "error"
        cells.append(CellResult(part, status, part, error="AssertionError" * (status != "ok")))
    problems = ["The test cell of “Part 1” was changed"] if rng.random() < 0.02 else []
    seconds = round(rng.lognormvariate(0.7, 0.5), 3)
    return Verdict(
        *(ASSIGNMENT, student, "bwrap", 1, "made up"), parts, cells, problems, seconds=seconds
    )


def fill(course: Course, submissions: int) -> None:
    """Write the verdicts of a class and their points."""
    suite, rng = load_suite(SUITE), random.Random(1)
    with GradebookWriter(course, ASSIGNMENT) as writer:
        for number in range(submissions):
            found = verdict(suite, f"student-{number:04d}", rng)
            folder = course.notebook("submitted", ASSIGNMENT, found.student).parent
            when = START + timedelta(minutes=rng.expovariate(1 / 9000))
            write_atomically(folder / "timestamp.txt", f"{when:%Y-%m-%d %H:%M:%S} UTC".encode())
            writer.write_scores(found, None)
            write_atomically(course.verdict_path(ASSIGNMENT, found.student), encode(found))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--submissions", type=int, default=1000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        room = Classroom.make(Path(scratch) / "course")
        course = find(room.root)
        print(f"making up {asked.submissions} verdicts", flush=True)
        fill(course, asked.submissions)
        start, before = time.perf_counter(), time.process_time()
        room.autograder("report", ASSIGNMENT)
        seconds, cpu = time.perf_counter() - start, time.process_time() - before
        front = course.report(ASSIGNMENT)
        files = [path for path in front.parent.rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in files)
        table = front.with_name("students.html").stat().st_size
        print(
            f"bench-report submissions={asked.submissions} seconds={seconds:.1f} cpu_s={cpu:.1f} "
            f"front_kb={front.stat().st_size / 1e3:.0f} students_kb={table / 1e3:.0f} "
            f"site_mb={size / 1e6:.1f} files={len(files)}"
        )


if __name__ == "__main__":
    main()
