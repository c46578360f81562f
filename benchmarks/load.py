"""Does a whole class fit into one run? Grade a thousand submissions and watch the memory.

    python -m benchmarks.load [--submissions N] [--seed N | --course DIR]

makes a class of assignment 1 from the corpus, right, wrong, blank, broken and some hostile, the
same for the same seed, and grades it with ``autograder grade`` as it is typed. With ``--course`` it
grades that class, in which nothing has been graded. While it runs, two figures are taken several
times a second: the resident memory (RSS, pages that are shared with others included) of the
process that was typed, which writes all marks, and that of the largest of its judging workers.

Ends with one line of peaks over the whole run, in MiB; ``graded`` are the submissions that have a
mark in the gradebook. The exit code is 1 when one of them has none, when a right one has less than
full marks, or when memory is not flat: its median while the last fifth of the class was graded is
more than FLAT times that while the first fifth was. The median, since a leak lifts every sample,
and a peak says where in the class a submission of 13 MB stands.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from statistics import median

import nbformat
import psutil
from nbformat import NotebookNode

from autograder.course.directory import Course, find
from benchmarks.classroom import TOOLS, Classroom, environment
from benchmarks.marks import read_marks, total
from samples.corpus import build_submission, versions
from samples.hostile_notebooks import Attack, attacks

SUBMISSIONS = 1000
SHARES = {"right": 42, "wrong": 42, "blank": 6, "broken": 6, "hostile": 4}  # of a hundred
FLAT = 1.15
LOOK_S = 0.2  # between two looks
MIB = 2**20
FORKED = "multiprocessing.forkserver"  # in the command line of every judging worker
BROKEN = {
    "empty": lambda text: "",
    "cut-off": lambda text: text[: len(text) // 2],
    "not-a-notebook": lambda text: '{"grades": "all of them, please"}',
    "syntax": lambda text: text.replace("return ", "retrun "),
    "raises": lambda text: text.replace("self.", "slef."),
}
Write = Callable[[Path], object]


@dataclass
class Watch:
    """Memory in MiB by how many submissions had their verdict."""

    class_size: int
    judge: list[tuple[int, float]] = field(default_factory=list)
    worker: list[tuple[int, float]] = field(default_factory=list)

    def look(self, done: int, command: psutil.Process) -> None:
        """Take both figures; a process that has just ended has none."""
        with suppress(psutil.NoSuchProcess):
            self.judge.append((done, command.memory_info().rss / MIB))
            workers = map(_rss_of_worker, command.children(recursive=True))
            self.worker.append((done, max(workers, default=0.0)))

    def growth(self, samples: Sequence[tuple[int, float]]) -> float:
        """Return the median while the last fifth was graded over that while the first one was.

        Before the first verdict the processes are only starting.
        """
        first = [mb for done, mb in samples if 0 < done <= self.class_size / 5]
        last = [mb for done, mb in samples if done >= self.class_size * 4 / 5]
        return median(last) / median(first)


@dataclass(frozen=True)
class Load:
    """What one run came to."""

    submissions: int
    graded: int
    less: list[str]  # right submissions that have less than full marks
    seconds: float
    watch: Watch

    def line(self) -> str:
        """Return the line for scripts."""
        return (
            f"load submissions={self.submissions} graded={self.graded} "
            f"per_minute={60 * self.submissions / self.seconds:.0f} "
            f"judge_mb={max(mb for _, mb in self.watch.judge):.0f} "
            f"worker_mb={max(mb for _, mb in self.watch.worker):.0f}"
        )

    def faults(self) -> list[str]:
        """Return what must not be."""
        found = [f"{name} is right and has less than full marks" for name in self.less]
        if self.graded != self.submissions:
            found.append(f"{self.submissions - self.graded} have no mark in the gradebook")
        for name, samples in (("judge", self.watch.judge), ("worker", self.watch.worker)):
            growth = self.watch.growth(samples)
            if growth > FLAT:
                found.append(f"the memory of the {name} is not flat: {growth:.2f} > {FLAT}")
        return found


def ways_to_write(
    released: NotebookNode, source: NotebookNode, neighbour: Path
) -> dict[str, list[Write]]:
    """Return what writes one submission, for each kind, from the notebooks of assignment 1."""

    @cache
    def built(version: str, kind: str) -> str:
        (found,) = (each for each in versions("rnn_limits", kind) if each.name == version)
        return nbformat.writes(build_submission(source, found.sections))

    def corpus(kind: str) -> list[Write]:
        names = [version.name for version in versions("rnn_limits", kind)]
        return [lambda path, name=name: path.write_text(built(name, kind)) for name in names]

    def broken(change: Callable[[str], str]) -> Write:
        return lambda path: path.write_text(change(built("functional", "right")))

    def hostile(attack: Attack) -> Write:
        return lambda path: attack.write(released, path, neighbour)

    blank = nbformat.writes(build_submission(released, {}))
    return {
        "right": corpus("right"),
        "wrong": corpus("wrong"),
        "blank": [lambda path: path.write_text(blank)],
        "broken": list(map(broken, BROKEN.values())),
        "hostile": list(map(hostile, attacks())),
    }


def make_class(root: Path, submissions: int, seed: int) -> Course:
    """Return a course with a class drawn from the corpus, the same for the same seed."""
    room = Classroom.make(root)
    kinds = drawn(submissions, seed)
    names = [f"{number:04d}-{kind}" for number, kind in enumerate(kinds, 1)]
    choice = random.Random(seed)
    ways = ways_to_write(room.read("release"), room.read("source"), room.submitted(names[0]))
    for name, kind in zip(names, kinds, strict=True):
        choice.choice(ways[kind])(room.submitted(name))
    return find(root)


def drawn(submissions: int, seed: int) -> list[str]:
    """Return the kind of each submission: the shares as they are, in an order that is drawn."""
    hundred = [kind for kind, share in SHARES.items() for _ in range(share)]
    order = random.Random(seed)
    kinds: list[str] = []
    while len(kinds) < submissions:
        kinds += order.sample(hundred, len(hundred))
    return kinds[:submissions]


def grade(course: Course, say: Callable[[str], object] = print) -> Load:
    """Grade a class with the command, and watch its memory."""
    (assignment,) = course.released()
    students = course.students(assignment)
    watch = Watch(len(students))
    verdicts = course.verdict_path(assignment, "x").parent
    command = [str(TOOLS / "autograder"), "grade", assignment, "--course", str(course.root)]
    start, told = time.perf_counter(), 0
    with tempfile.TemporaryFile("w+") as log:
        running = subprocess.Popen(command, env=environment(), stdout=log, stderr=log)
        process = psutil.Process(running.pid)
        while running.poll() is None:
            done = len(list(verdicts.glob("*.json"))) if verdicts.is_dir() else 0
            watch.look(done, process)
            if done * 10 // len(students) > told:
                told = done * 10 // len(students)
                judge, worker = (samples[-1][1] for samples in (watch.judge, watch.worker))
                since = time.perf_counter() - start
                say(f"{done:5} graded  {since:5.0f} s  {judge:5.0f} MiB  {worker:5.0f} MiB")
            time.sleep(LOOK_S)
        seconds = time.perf_counter() - start
        log.seek(0)
        if running.returncode != 0:
            raise RuntimeError(f"grade ended with {running.returncode}:\n{log.read()[-3000:]}")
    marks = {
        student: total(parts)
        for student, parts in read_marks(course.root / "gradebook.db", assignment).items()
    }
    graded = sum(marks.get(student) is not None for student in students)
    best = max(mark for mark in marks.values() if mark is not None)
    less = [name for name in students if name.endswith("-right") and marks.get(name) != best]
    return Load(len(students), graded, less, seconds, watch)


def _rss_of_worker(process: psutil.Process) -> float:
    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        if any(FORKED in word for word in process.cmdline()):
            return float(process.memory_info().rss) / MIB
    return 0.0


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--submissions", type=int, default=SUBMISSIONS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--course", type=Path, help="a course in which nothing has been graded")
    chosen = parser.parse_args(arguments)
    if chosen.submissions < 5:
        parser.error("--submissions must be at least 5")
    with tempfile.TemporaryDirectory(prefix="load-") as folder:
        if chosen.course is None:
            print(f"making a class of {chosen.submissions}", flush=True)
            course = make_class(Path(folder) / "class", chosen.submissions, chosen.seed)
        else:
            course = find(chosen.course)
        load = grade(course, lambda text: print(text, flush=True))
    for fault in load.faults():
        print(fault)
    for name, samples in (("judge", load.watch.judge), ("worker", load.watch.worker)):
        print(f"memory of the {name}, last fifth over first: {load.watch.growth(samples):.3f}")
    print(load.line())
    return 1 if load.faults() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
