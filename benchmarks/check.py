"""How long does a student wait for `autograder check`, and how long for `nbgrader validate`?

    python -m benchmarks.check [--rounds N]

Both look at the same notebook, a right version of assignment 1 with its visible tests: whole
processes, started from the shell as a student would, in turn and in alternating order. Then
`autograder check --watch` waits for the same notebook to be saved, with one more comment each time:
the seconds from the end of the save to the result. Ends with one line for scripts, made from the
medians; the ratio is theirs over ours.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from rich.console import Console
from rich.table import Table

from benchmarks.classroom import ASSIGNMENT, TOOLS, Classroom, environment
from samples.corpus import build_submission, versions

ROUNDS = 5
COMMANDS = {
    "ours": (str(TOOLS / "autograder"), "check"),
    "stock": (str(TOOLS / "nbgrader"), "validate"),
}
PAUSE_S = 5.0  # between two saves: a student writes for longer
SAYS = {"ours": "5 of 5 parts pass", "stock": "Your notebook passes all the tests"}


@dataclass
class Timing:
    """Seconds per round of each command."""

    ours: list[float] = field(default_factory=list)
    stock: list[float] = field(default_factory=list)
    watch: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        return statistics.median(self.stock) / statistics.median(self.ours)


def make_notebook(folder: Path) -> Path:
    """Write a right version into the released notebook, as a student would have it."""
    room = Classroom.make(folder / "course")
    right = versions("rnn_limits", "right")[0]
    path = folder / f"{ASSIGNMENT}.ipynb"
    nbformat.write(build_submission(room.read("release"), right.sections), path)
    return path


def seconds(name: str, notebook: Path) -> float:
    """Return how long one command takes; raise RuntimeError unless it finds all tests passing."""
    start = time.perf_counter()
    done = subprocess.run(
        [*COMMANDS[name], notebook.name],
        cwd=notebook.parent,
        env=environment(),
        capture_output=True,
        text=True,
    )
    taken = time.perf_counter() - start
    said = done.stdout + done.stderr
    if done.returncode != 0 or SAYS[name] not in said:
        raise RuntimeError(f"{COMMANDS[name]} ended with {done.returncode}:\n{said[-3000:]}")
    return taken


def save(notebook: Path, number: int) -> None:
    """Save the notebook with a comment more in its first answer, as Jupyter would."""
    content = nbformat.read(notebook, as_version=4)
    answer = next(c for c in content.cells if c.metadata.get("nbgrader", {}).get("solution"))
    answer.source += f"\n# {number}"
    nbformat.write(content, notebook)


def watched(notebook: Path, rounds: int) -> Iterator[float]:
    """Yield the seconds from each save to what a watch says of it; the first is not kept."""
    command = [*COMMANDS["ours"], "--watch", notebook.name]
    with subprocess.Popen(
        command,
        cwd=notebook.parent,
        env=environment() | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            for number in range(rounds + 1):
                start = time.perf_counter()
                if not any(SAYS["ours"] in line for line in process.stdout):
                    raise RuntimeError(f"{' '.join(command)} ended")
                if number > 0:
                    yield time.perf_counter() - start
                time.sleep(PAUSE_S)
                save(notebook, number)
        finally:
            process.kill()


def measure(rounds: int) -> Timing:
    """Run both, ``rounds`` times, the order turned round each time; the first of each is not kept.

    What is on the disk only would otherwise be read on the account of whoever comes first.
    """
    timing = Timing()
    with tempfile.TemporaryDirectory(prefix="bench-check-") as folder:
        notebook = make_notebook(Path(folder))
        for number in range(rounds + 1):
            for name in sorted(COMMANDS, reverse=bool(number % 2)):
                taken = seconds(name, notebook)
                if number > 0:
                    getattr(timing, name).append(taken)
        timing.watch += watched(notebook, rounds)
    return timing


def table(timing: Timing) -> Table:
    """Return seconds per round."""
    drawn = Table(title="Checking one notebook", title_justify="left")
    for name in ("round", "autograder check, s", "nbgrader validate, s", "save to result, s"):
        drawn.add_column(name, justify="right")
    rows = zip(timing.ours, timing.stock, timing.watch, strict=True)
    for number, (ours, stock, watch) in enumerate(rows, 1):
        drawn.add_row(str(number), f"{ours:.2f}", f"{stock:.2f}", f"{watch:.2f}")
    return drawn


def summary(timing: Timing) -> str:
    """Return the line for scripts."""
    return (
        f"bench-check ratio={timing.ratio:.2f} ours_s={statistics.median(timing.ours):.2f} "
        f"stock_s={statistics.median(timing.stock):.2f} "
        f"watch_s={statistics.median(timing.watch):.2f}"
    )


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    chosen = parser.parse_args(arguments)
    if chosen.rounds < 1:
        parser.error("--rounds must be at least 1")
    timing = measure(chosen.rounds)
    Console(width=None if sys.stdout.isatty() else 100).print(table(timing))
    print(summary(timing))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
