"""Check again whenever a notebook is saved, without waiting for torch each time.

Every run has a Python of its own, fresh as the grader's: what an old run has left behind cannot
make a test pass. So that nobody waits for its start, the next one stands by, with torch imported,
while the student still writes. A notebook whose code is what it was is not run again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.errors import AutograderError, NotWhole
from autograder.notebooks.marks import cells_of, grade_id_of, is_code, source_of
from autograder.student.check import Outcome, check, check_with
from autograder.student.opened import open_notebook
from autograder.student.rehearsal import Rehearsal
from autograder.student.saves import LOOK_S, Saves, notebooks_in

PATIENCE = 20  # looks at a file that is no whole notebook before it is told
Code = list[tuple[object, str]]


@dataclass(frozen=True)
class Checked:
    """A notebook was run."""

    path: Path
    outcome: Outcome
    before: Outcome | None  # what the last run said
    seconds: float  # from noticing that it was saved to the result


@dataclass(frozen=True)
class Unchanged:
    """A notebook was saved, and no code in it is another one than before."""

    path: Path


@dataclass(frozen=True)
class Unusable:
    """A notebook cannot be checked as it lies there."""

    path: Path
    error: AutograderError


@dataclass(frozen=True)
class Settled:
    """Everything that was saved has been run."""


Event = Checked | Unchanged | Unusable | Settled


def watch(
    target: Path, cell_s: float, sleep: Callable[[float], object] = time.sleep
) -> Iterator[Event]:
    """Check a notebook, or every one in a folder; then go on for ever, whenever one is saved.

    In a folder, notebooks that belong to no assignment are left alone.
    """
    saves, runs = Saves(target), _Runs(cell_s)
    with Spare() as spare:
        while True:
            saved, ran = saves.look(), False
            for path in saved:
                start = time.perf_counter()
                event: Event | None
                try:
                    event = runs.run(path, spare, more=path != saved[-1], start=start)
                except NotWhole as error:
                    saves.again(path)
                    event = Unusable(path, error) if runs.is_late(path) else None
                except AutograderError as error:
                    event = None if target.is_dir() else Unusable(path, error)
                if event is not None:
                    yield event
                    ran |= isinstance(event, Checked)
            if ran:
                yield Settled()
            sleep(LOOK_S)


def once(target: Path, cell_s: float) -> Iterator[Event]:
    """Check a notebook, or every one in a folder, and be done.

    Raises AutograderError for a notebook that cannot be used, and for a folder without any.
    """
    if not target.is_dir():
        outcome = check(target, cell_s)
        yield Checked(target, outcome, None, 0.0)
        return
    found = False
    with Spare() as spare:
        for path in notebooks_in(target):
            try:
                yield _Runs(cell_s).run(path, spare, more=True, start=time.perf_counter())
                found = True
            except NotWhole as error:
                found = True
                yield Unusable(path, error)
            except AutograderError:
                pass  # another notebook of the student's
    if not found:
        raise AutograderError(
            "there is no notebook of an assignment in this folder",
            str(target),
            "Name the notebook itself, or the folder it is in.",
        )


class _Runs:
    """What the last run of each notebook was about, and what came of it."""

    def __init__(self, cell_s: float) -> None:
        self._cell_s = cell_s
        self._last: dict[Path, tuple[Code, Outcome]] = {}
        self._waited: dict[Path, int] = {}

    def run(self, path: Path, spare: Spare, *, more: bool, start: float) -> Event:
        """Run a notebook, unless it has been."""
        opened = open_notebook(path)
        self._waited[path] = 0
        code = _code(opened[0])
        known, before = self._last.get(path, (None, None))
        if code == known:
            return Unchanged(path)
        with spare.lent(another_follows=more) as python:
            outcome = check_with(path, opened, python, self._cell_s)
        self._last[path] = code, outcome
        return Checked(path, outcome, before, time.perf_counter() - start)

    def is_late(self, path: Path) -> bool:
        """Tell, once, that a file has been no whole notebook for longer than a save takes."""
        self._waited[path] = self._waited.get(path, 0) + 1
        return self._waited[path] == PATIENCE


def _code(notebook: dict[str, Any]) -> Code:
    """Return all that a run depends on."""
    return [(grade_id_of(cell), source_of(cell)) for cell in cells_of(notebook) if is_code(cell)]


class Spare:
    """A Python that stands by; a context manager that ends it."""

    def __enter__(self) -> Spare:
        self._python = Rehearsal().__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._python.__exit__(*exc)

    @contextmanager
    def lent(self, *, another_follows: bool) -> Iterator[Rehearsal]:
        """Lend the Python that stands by for one run; the next one then takes its place.

        It starts when the run has ended, so that the run has the machine for itself, or at once
        where somebody waits for the run after this one.
        """
        python = self._python
        try:
            if another_follows:
                self._python = Rehearsal().__enter__()
            yield python
        finally:
            python.__exit__()
            if self._python is python:
                self._python = Rehearsal().__enter__()
