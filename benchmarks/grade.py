"""How long does it take to grade a class, with stock nbgrader and with ours?

    python -m benchmarks.grade [--rounds N] [--submissions N]

Both grade the same ordinary submissions, right and partly right, on the same machine: whole
processes, started from the shell as an instructor would, in turn and in alternating order.
Ours isolates every submission; stock nbgrader runs it with the grader's own rights. Every round
grades the whole class anew. Ends with one line for scripts, made from the medians.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from rich.console import Console
from rich.table import Table

from autograder import verdict as verdicts
from benchmarks.classroom import ASSIGNMENT, TOOLS, Classroom, environment
from benchmarks.marks import total
from benchmarks.stock import use_execute
from samples.corpus import build_submission, versions

SUBMISSIONS = 24
ROUNDS = 3


@dataclass
class Timing:
    """Seconds per round, and the marks, to see that the work was really done."""

    ours: list[float] = field(default_factory=list)
    stock: list[float] = field(default_factory=list)
    isolation: str = ""

    @property
    def ratio(self) -> float:
        return statistics.median(self.stock) / statistics.median(self.ours)


def make_class(root: Path, submissions: int) -> Classroom:
    """Return a course with ordinary submissions collected: all right ones, then wrong ones."""
    room = Classroom.make(root)
    source = room.read("source")
    right, wrong = versions("rnn_limits", "right"), versions("rnn_limits", "wrong")
    answers = itertools.cycle([*right, *wrong])
    for number, version in zip(range(submissions), answers, strict=False):
        student = f"{number + 1:02d}-{version.name}"
        nbformat.write(build_submission(source, version.sections), room.inbox(student))
    room.autograder("collect", str(root / "inbox"), "--assignment", ASSIGNMENT)
    return room


def grade_ours(room: Classroom) -> float:
    start = time.perf_counter()
    room.grade("--regrade")
    return time.perf_counter() - start


def grade_stock(room: Classroom) -> float:
    command = [str(TOOLS / "nbgrader"), "autograde", ASSIGNMENT, "--force"]
    start = time.perf_counter()
    done = subprocess.run(command, cwd=room.root, env=environment(), capture_output=True, text=True)
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        raise RuntimeError(f"stock nbgrader ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return seconds


def measure(submissions: int, rounds: int) -> Timing:
    """Grade the class with both, ``rounds`` times, the order turned round each time."""
    timing = Timing()
    with tempfile.TemporaryDirectory(prefix="bench-grade-") as folder:
        ours = make_class(Path(folder) / "ours", submissions)
        stock = Classroom(Path(folder) / "stock")
        ours.copy_to(stock.root)
        use_execute(stock.root)
        for number in range(rounds):
            is_ours_first = number % 2 == 0
            if is_ours_first:
                timing.ours.append(grade_ours(ours))
            timing.stock.append(grade_stock(stock))
            if not is_ours_first:
                timing.ours.append(grade_ours(ours))
        for room in (ours, stock):
            marks = room.marks()
            if len(marks) != submissions or any(total(parts) is None for parts in marks.values()):
                raise RuntimeError(f"{room.root.name}: not every submission got a mark")
        timing.isolation = isolation_of(ours)
    return timing


def isolation_of(room: Classroom) -> str:
    """Return the isolation written on the verdicts, which must all agree."""
    paths = (room.root / ".autograder" / "verdicts").rglob("*.json")
    found = {verdicts.decode(path.read_bytes()).isolation for path in paths}
    if len(found) != 1:
        raise RuntimeError(f"the verdicts name several isolation levels: {sorted(found)}")
    return found.pop()


def table(timing: Timing, submissions: int) -> Table:
    """Return seconds per round."""
    drawn = Table(title=f"Grading {submissions} submissions", title_justify="left")
    drawn.add_column("round", justify="right")
    for name in ("ours, s", "stock nbgrader, s", "ours, s each", "stock, s each"):
        drawn.add_column(name, justify="right")
    for number, (ours, stock) in enumerate(zip(timing.ours, timing.stock, strict=True), 1):
        each = (ours / submissions, stock / submissions)
        drawn.add_row(str(number), f"{ours:.1f}", f"{stock:.1f}", *(f"{s:.2f}" for s in each))
    return drawn


def summary(timing: Timing, submissions: int) -> str:
    """Return the line for scripts."""
    return (
        f"bench-grade ratio={timing.ratio:.1f} ours_s={statistics.median(timing.ours):.1f} "
        f"stock_s={statistics.median(timing.stock):.1f} submissions={submissions} "
        f"isolation={timing.isolation}"
    )


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--submissions", type=int, default=SUBMISSIONS)
    chosen = parser.parse_args(arguments)
    if min(chosen.rounds, chosen.submissions) < 1:
        parser.error("--rounds and --submissions must be at least 1")
    timing = measure(chosen.submissions, chosen.rounds)
    Console(width=None if sys.stdout.isatty() else 100).print(table(timing, chosen.submissions))
    print(summary(timing, chosen.submissions))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
