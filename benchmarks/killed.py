"""Is anything lost when grading is killed? SIGKILL at random moments, then the same command again.

    python -m benchmarks.killed [--kills N] [--seed N] [--submissions N | --course DIR]

``autograder grade`` is started on a class that nobody has graded, killed, started again, perhaps
killed again, until it comes to its end. Then every submission must have its verdict, the marks
must be those of a run that nobody disturbed, and no verdict that stood after a kill may have been
made anew. ``autograder verify`` must have no findings. After every kill all processes must end;
after the last run no temporary file, in the course or outside, and no lock may be left. Ends with
one line of counts; the exit code is 1 when anything but ``kills`` and ``submissions`` is not 0.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from autograder.course.directory import Course, find
from autograder.course.files import partial_files
from autograder.course.lock import read_writer, writer_of
from autograder.course.scratch import notes_of
from autograder.steps.scores import read_scores
from autograder.steps.verify import verify
from benchmarks.classroom import TOOLS, environment
from benchmarks.grade import make_class
from benchmarks.processes import adopt_orphans, kill_survivors, survivors

KILLS, SUBMISSIONS = 25, 6
PATIENCE_S = 60.0  # until the processes of a killed run must have ended, on a busy machine
FAULTS = ("lost", "twice", "marks", "findings", "orphans", "strays", "locked")


class Trial:
    """A class that is graded and killed, over and over, each time from the same beginning."""

    def __init__(self, course: Course, folder: Path) -> None:
        self.source, self.folder = course, folder
        (self.assignment,) = course.released()
        self.students = course.students(self.assignment)
        self.faults: Counter[str] = Counter()
        self.number = 0

    def measure(self) -> float:
        """Grade the class undisturbed; keep its marks and return the seconds it took."""
        course, temporary = self.fresh()
        start = time.perf_counter()
        if self.grade(course, temporary, None):
            raise RuntimeError("grading was killed, but not by us")
        seconds = time.perf_counter() - start
        self.marks = self.marks_of(course)
        self.check_end(course, temporary)
        return seconds

    def kill(self, moments: random.Random, seconds: float, most: int) -> int:
        """Grade one class to its end, killing up to ``most`` runs; return how many were killed."""
        course, temporary = self.fresh()
        stood: dict[Path, int] = {}
        kills = 0
        while self.grade(course, temporary, moments.uniform(0, seconds) if kills < most else None):
            kills += 1
            stood |= {path: path.stat().st_mtime_ns for path in self.verdicts(course)}
        self.faults["twice"] += sum(path.stat().st_mtime_ns != at for path, at in stood.items())
        self.check_end(course, temporary)
        return kills

    def fresh(self) -> tuple[Course, Path]:
        """Return a copy of the class, and an empty folder for its temporary files."""
        self.number += 1
        here = self.folder / str(self.number)
        temporary = here / "tmp"
        temporary.mkdir(parents=True)
        shutil.copytree(self.source.root, here / "course", symlinks=True)
        return find(here / "course"), temporary

    def grade(self, course: Course, temporary: Path, kill_after_s: float | None) -> bool:
        """Run the command; return whether it was killed before it came to its end."""
        command = [
            str(TOOLS / "autograder"),
            "grade",
            self.assignment,
            "--course",
            str(course.root),
        ]
        log = temporary.parent / "log.txt"
        with log.open("w") as said:
            running = subprocess.Popen(
                command, env=environment() | {"TMPDIR": str(temporary)}, stdout=said, stderr=said
            )
            try:
                running.wait(kill_after_s)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()
        left = survivors(PATIENCE_S)
        if left:
            print(f"still running: {left}")
            self.faults["orphans"] += len(left)
            kill_survivors()
        if running.returncode not in (0, -9):
            raise RuntimeError(f"grade ended with {running.returncode}:\n{log.read_text()}")
        return running.returncode == -9

    def check_end(self, course: Course, temporary: Path) -> None:
        """Count what is wrong with a course in which grading has come to its end."""
        self.faults["lost"] += len(set(self.students) - {p.stem for p in self.verdicts(course)})
        self.faults["marks"] += self.marks_of(course) != self.marks
        findings = verify(course).findings
        strays = [*partial_files(course.root), *temporary.iterdir(), *self.journals(course)]
        strays += notes_of(course).glob("*")
        for problem in [*findings, *strays]:
            print(problem)
        self.faults["findings"] += len(findings)
        self.faults["strays"] += len(strays)
        self.faults["locked"] += writer_of(course) is not None or read_writer(course) is not None

    def verdicts(self, course: Course) -> list[Path]:
        return list(course.verdict_path(self.assignment, "x").parent.glob("*.json"))

    def journals(self, course: Course) -> list[Path]:
        return list(course.root.glob("gradebook.db-*"))

    def marks_of(self, course: Course) -> dict[str, float]:
        return {name: score.points for name, score in read_scores(course, self.assignment).items()}


def measure(course: Course, kills: int, seed: int) -> Trial:
    """Kill ``kills`` runs at moments drawn from ``seed`` and return what went wrong."""
    adopt_orphans()
    moments = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="killed-") as folder:
        trial = Trial(course, Path(folder))
        seconds = trial.measure()
        done = 0
        while done < kills:
            done += trial.kill(moments, seconds, kills - done)
            print(f"{done} of {kills} runs killed", flush=True)
    return trial


def summary(kills: int, submissions: int, faults: Counter[str]) -> str:
    """Return the line for scripts."""
    counts = " ".join(f"{name}={faults[name]}" for name in FAULTS)
    return f"killed kills={kills} submissions={submissions} {counts}"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--submissions", type=int, default=SUBMISSIONS)
    parser.add_argument("--course", type=Path, help="a course in which nothing has been graded")
    chosen = parser.parse_args(arguments)
    if min(chosen.kills, chosen.submissions) < 1:
        parser.error("--kills and --submissions must be at least 1")
    with tempfile.TemporaryDirectory(prefix="killed-class-") as folder:
        home = chosen.course or make_class(Path(folder) / "class", chosen.submissions).root
        trial = measure(find(home), chosen.kills, chosen.seed)
    print(summary(chosen.kills, len(trial.students), trial.faults))
    return 1 if sum(trial.faults.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
