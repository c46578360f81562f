"""Hostile submissions against stock nbgrader and against ours: who gets what?

    python -m benchmarks.attack [NAME ...]

Builds a course, grades honest bystanders, then lets the whole hostile corpus loose on it: on
our grader all at once, beside the bystanders; on stock nbgrader each in a throw-away copy of
the course. Four things count:

    unearned    a graded cell got more points than the answer in it deserves
    leaks       a line of the hidden tests or of a solution reached the student
    survivors   a process of the submission was alive when grading had ended
    lost        another submission lost its verdict or its mark, or this one got no verdict

Ends with one line for scripts; the exit code is 1 when any of ours is not zero.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import nbformat
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.classroom import ASSIGNMENT, HIDDEN_TESTS, Classroom
from benchmarks.leaks import hidden_lines, leaked, notebook_text
from benchmarks.listener import Listener
from benchmarks.marks import total
from benchmarks.processes import adopt_orphans, kill_survivors, survivors
from benchmarks.stock import StockOutcome, run_stock, use_execute
from samples.corpus import Version, build_submission, versions
from samples.hostile_notebooks import Attack, attacks

STOCK_SECONDS = 90.0
Marks = Mapping[str, Mapping[str, float | None]]


@dataclass(frozen=True)
class Result:
    """What one attack got from one grader."""

    mark: float | None
    unearned: float
    leaks: list[str] = field(default_factory=list)
    survivors: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    note: str = ""


@cache  # once, before there are threads: two of them cannot parse at the same time in Python 3.11
def bystanders() -> list[Version]:
    """Return a few honest submissions, right and wrong."""
    return [*versions("rnn_limits", "right")[:2], *versions("rnn_limits", "wrong")[:3]]


def unearned(attack: Attack, parts: Mapping[str, float | None] | None) -> float:
    """Return the points above what each part deserves."""
    above = ((points or 0) - attack.deserves.get(part, 0) for part, points in (parts or {}).items())
    return sum(points for points in above if points > 1e-9)


def lost(before: Marks, after: Marks) -> list[str]:
    """Return the students whose marks are not what they were."""
    return [student for student, parts in before.items() if after.get(student) != parts]


def make_classroom(root: Path) -> Classroom:
    """Return a course with graded bystanders, and the corpus waiting in its inbox."""
    room = Classroom.make(root)
    source = room.read("source")
    for honest in bystanders():
        nbformat.write(build_submission(source, honest.sections), room.inbox(honest.name))
    room.autograder("collect", str(root / "inbox"), "--assignment", ASSIGNMENT)
    room.grade()
    return room


def run_ours(room: Classroom, chosen: Sequence[Attack]) -> dict[str, Result]:
    """Let the corpus into the course and grade everybody anew."""
    released, before = room.read("release"), room.marks()
    secrets = hidden_lines(HIDDEN_TESTS, room.read("source"), released)
    neighbour = room.inbox(bystanders()[0].name)
    with Listener() as listener:
        for attack in chosen:
            attack.write(released, room.inbox(attack.name), neighbour)
            listener.aim(room.inbox(attack.name))
        # 1: what is not collected, such as a link, is listed; the rest goes on.
        inbox = str(room.root / "inbox")
        room.autograder("collect", inbox, "--assignment", ASSIGNMENT, accept=(0, 1))
        room.grade("--regrade")
        left = survivors()
        kill_survivors()
    room.autograder("feedback", ASSIGNMENT)
    after = room.marks()
    gone = lost(before, after)
    results = {}
    for number, attack in enumerate(chosen):
        parts = after.get(attack.name)
        path = room.notebook("submitted", attack.name)
        wrote = notebook_text(path.read_text(errors="replace")) if path.is_file() else ""
        got_back = [_text(room.root / "feedback" / attack.name / ASSIGNMENT / f"{ASSIGNMENT}.html")]
        got_back += [notebook_text(_text(room.notebook("autograded", attack.name)))]
        got_back += [listener.text] if number == 0 else []  # nobody's in particular
        no_verdict = [attack.name] if path.is_file() and total(parts) is None else []
        results[attack.name] = Result(
            total(parts),
            unearned(attack, parts),
            leaked(secrets, wrote, got_back),
            left if number == 0 else [],  # nobody's in particular
            no_verdict + (gone if number == 0 else []),
            "" if path.is_file() else "not collected",
        )
    return results


def run_theirs(room: Classroom, attack: Attack, secrets: set[str], before: Marks) -> Result:
    """Let one attack into a copy of the course that stock nbgrader grades."""
    with tempfile.TemporaryDirectory(prefix="attack-") as folder:
        twin = Classroom(Path(folder) / "course")
        room.copy_to(twin.root)
        neighbour = twin.submitted(bystanders()[0].name)
        attack.write(room.read("release"), twin.submitted(attack.name), neighbour)
        wrote = notebook_text(_text(twin.notebook("submitted", attack.name)))
        outcome: StockOutcome = run_stock(twin.root, ASSIGNMENT, attack.name, STOCK_SECONDS)
    parts = outcome.marks.get(attack.name)
    return Result(
        total(parts),
        unearned(attack, parts),
        leaked(secrets, wrote, outcome.got_back),
        outcome.survivors,
        lost(before, outcome.marks),
        outcome.how,
    )


def run_stock_on(room: Classroom, chosen: Sequence[Attack], console: Console) -> dict[str, Result]:
    use_execute(room.root)
    secrets = hidden_lines(HIDDEN_TESTS, room.read("source"), room.read("release"))
    before = room.marks()
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        jobs = pool.map(lambda attack: run_theirs(room, attack, secrets, before), chosen)
        shown = track(jobs, "stock nbgrader", total=len(chosen), console=console, transient=True)
        return {attack.name: result for attack, result in zip(chosen, shown, strict=True)}


def table(
    chosen: Sequence[Attack], theirs: Mapping[str, Result], ours: Mapping[str, Result]
) -> Table:
    """Return who got what."""
    drawn = Table(title="Hostile submissions: stock nbgrader against ours", title_justify="left")
    for name in ("attack", "deserved", "stock", "ours"):
        drawn.add_column(name, justify="left" if name == "attack" else "right")
    for name in (
        "leaked lines\nstock / ours",
        "survivors\nstock / ours",
        "others lost\nstock / ours",
    ):
        drawn.add_column(name, justify="right")
    drawn.add_column("stock nbgrader")
    for attack in chosen:
        stock, own = theirs[attack.name], ours[attack.name]
        drawn.add_row(
            attack.name,
            f"{sum(attack.deserves.values()):g}",
            _mark(stock),
            _mark(own),
            f"{len(stock.leaks)} / {len(own.leaks)}",
            f"{len(stock.survivors)} / {len(own.survivors)}",
            f"{len(stock.lost)} / {len(own.lost)}",
            stock.note if stock.note != "ok" else "",
        )
    return drawn


def summary(theirs: Mapping[str, Result], ours: Mapping[str, Result]) -> tuple[str, int]:
    """Return the line for scripts and the exit code."""
    own, stock = list(ours.values()), list(theirs.values())
    counts = {
        "unearned": sum(result.unearned > 0 for result in own),
        "leaks": sum(bool(result.leaks) for result in own),
        "survivors": sum(len(result.survivors) for result in own),
        "lost": sum(len(result.lost) for result in own),
    }
    line = " ".join(f"ours_{name}={count}" for name, count in counts.items())
    return (
        f"attack total={len(own)} {line} "
        f"stock_unearned={sum(result.unearned > 0 for result in stock)} "
        f"stock_leaks={sum(bool(result.leaks) for result in stock)}",
        1 if any(counts.values()) else 0,
    )


def _mark(result: Result) -> str:
    if result.mark is None:
        return "no mark"
    return f"[bold red]{result.mark:g}[/]" if result.unearned else f"{result.mark:g}"


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def main(names: Sequence[str]) -> int:
    console = Console(width=None if sys.stdout.isatty() else 120)
    corpus = attacks()
    unknown = sorted(set(names) - {attack.name for attack in corpus})
    if unknown:
        console.print(f"No such attack: {', '.join(unknown)}", markup=False)
        return 2
    chosen = [attack for attack in corpus if not names or attack.name in names]
    adopt_orphans()
    with tempfile.TemporaryDirectory(prefix="attack-") as folder:
        room = make_classroom(Path(folder) / "ours")
        twin = Classroom(Path(folder) / "stock")
        room.copy_to(twin.root)  # before any attack has been near it
        ours = run_ours(room, chosen)
        theirs = run_stock_on(twin, chosen, console)
    console.print(table(chosen, theirs, ours))
    for name, result in ours.items():
        for what in ("leaks", "survivors", "lost"):
            for found in getattr(result, what):
                console.print(f"ours, {name}: {what}: {found}", markup=False)
    line, code = summary(theirs, ours)
    print(line)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
