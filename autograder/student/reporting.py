"""How a check looks in a terminal: each part, what to do, and how far one is in the course."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from rich.markup import escape

from autograder import console
from autograder.student.check import Outcome, Part
from autograder.student.watch import Checked, Event, Settled, Unchanged, Unusable

WIDTH = 20  # of a bar, in characters; they are plain, because not every terminal has blocks


def tell(events: Iterable[Event], target: Path) -> bool:
    """Print what a check of a notebook or a folder says; return whether everything passes."""
    done: dict[Path, Outcome] = {}
    usable = True
    for event in events:
        if isinstance(event, Checked):
            done[event.path] = event.outcome
            show(event.path.name, event.outcome)
        elif isinstance(event, Unusable):
            usable = False
            console.complain(event.error)
    if target.is_dir():
        course(done, target)
    return usable and all(part.passed for outcome in done.values() for part in outcome.parts)


def follow(events: Iterable[Event], target: Path) -> None:
    """Print what comes of a watch, until somebody stops it."""
    console.say(f"Watching {escape(str(target))}. Save a notebook to check it; Ctrl-C ends this.")
    done: dict[Path, Outcome] = {}
    for event in events:
        now = time.strftime("%H:%M:%S")
        match event:
            case Checked(path, outcome, before, seconds):
                done[path] = outcome
                title = f"{now} {escape(path.name)}"
                console.say(f"\n[bold]{title}[/bold] [dim]({seconds:.1f} s)[/dim]")
                changes(outcome, before)
                show(path.name, outcome, failing_only=before is not None)
            case Unchanged(path):
                name = escape(path.name)
                console.say(f"[dim]{now} {name}: saved; no code in it has changed.[/dim]")
            case Unusable(_, error):
                console.complain(error)
            case Settled() if target.is_dir():
                course(done, target)


def changes(now: Outcome, before: Outcome | None) -> None:
    """Say which parts pass or fail since the last run."""
    if before is None:
        return
    passed = {part.title: part.passed for part in before.parts}
    for part in now.parts:
        if part.passed and not passed.get(part.title):
            console.say(f"[green]Now passes:[/green] {escape(part.title)}")
        elif not part.passed and passed.get(part.title):
            console.say(f"[red]Fails now:[/red] {escape(part.title)}")


def show(name: str, outcome: Outcome, *, failing_only: bool = False) -> None:
    """Print a row for each part, what is odd about the notebook, and how many parts pass."""
    rows = [
        (part.title, console.mark(part.passed), _told(part))
        for part in outcome.parts
        if not (failing_only and part.passed)
    ]
    if rows:
        console.table(name, ("part", "result", "what to do"), rows)
    for warning in outcome.warnings:
        console.say(f"[yellow]Note:[/yellow] {escape(warning)}")
    passed = sum(part.passed for part in outcome.parts)
    console.say(f"{passed} of {len(outcome.parts)} parts pass their visible tests.")


def course(done: dict[Path, Outcome], folder: Path) -> None:
    """Print how far every assignment of the folder is."""
    rows = []
    for path, outcome in sorted(done.items()):
        passed, total = sum(part.passed for part in outcome.parts), len(outcome.parts)
        rows.append((str(path.relative_to(folder)), f"{passed} of {total}", _bar(passed, total)))
    parts = [part for outcome in done.values() for part in outcome.parts]
    rows.append(("all", f"{sum(part.passed for part in parts)} of {len(parts)}", ""))
    console.table("The course so far", ("notebook", "parts that pass", ""), rows)


def _bar(passed: int, total: int) -> str:
    full = WIDTH * passed // total if total else 0
    return "#" * full + "." * (WIDTH - full)


def _told(part: Part) -> str:
    lines = [
        part.message,
        f"Examined: {part.examined}" if part.examined else "",
        f"Came back: {part.came_back}" if part.came_back else "",
        part.help,
    ]
    return "\n".join(filter(None, lines))
