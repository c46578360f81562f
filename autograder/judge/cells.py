"""Run a notebook's cells in one student process at a time, and start anew where one is lost."""

from __future__ import annotations

import time
from itertools import chain

from msgspec.structs import replace

from autograder.errors import (
    AutograderError,
    CheckFailure,
    MalformedReply,
    StudentTimeout,
    TransportError,
)
from autograder.inside import values, wire
from autograder.inside.scan import spellings
from autograder.judge.words import NotebookWords
from autograder.line.base import Spawner, Transport
from autograder.line.limits import Limits
from autograder.notebooks.pairing import Cell, Paired
from autograder.stages import stage
from autograder.suite.suite import Suite
from autograder.verdict import CellResult

ERROR_CHARS = 8_000
SEED = 0  # of what cells draw while they run, so that a regrade repeats; checks have their own


class Exhausted(Exception):
    """No more time or fresh processes for this submission; the text says which."""


class Cells:
    """The cells of one submission, run in order; a context manager that ends their process."""

    def __init__(
        self,
        paired: Paired,
        words: NotebookWords,
        suite: Suite,
        sandbox: Spawner,
        limits: Limits,
    ) -> None:
        self.limits = limits
        self.deadline = time.monotonic() + limits.total_s
        self._cells = [cell for cell in paired.cells if not cell.is_demonstration]
        self._words = words
        self._refuse = suite.refuse
        self._elsewhere = list(chain.from_iterable(suite.refuse_in.values()))
        self._sandbox = sandbox
        self._transport: Transport | None = None
        self._spawned = 0
        self._unread: dict[str, str] = {}  # cell -> why nobody could read its source

    def __enter__(self) -> Cells:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._transport is not None:
            self._end()

    @property
    def results(self) -> list[CellResult]:
        return [self._words.done[cell.id] for cell in self._cells]

    def scan(self) -> dict[str, dict[str, int]]:
        """Return, by cell, what some part refuses and the cell names, each with its first line.

        Parsing what a student wrote is student's work as well: it happens in their process, on
        its clock and in its memory, before a line of theirs has run there. A cell that cannot be
        read is not run. Imports carry over from cell to cell.
        """
        while True:
            lost = ""
            found: dict[str, dict[str, int]] = {}
            for cell in self._cells:
                if cell.source is None or cell.id in self._unread:
                    continue
                try:
                    self._ready(0)
                    reply = self._ask(wire.Scan(cell.source))
                except values.WireError as error:
                    self._unread[cell.id] = f"too long: {error}"
                    continue
                except TransportError as error:
                    lost = cell.id
                    self._unread[lost] = f"too much for Python to read ({error})"
                    break
                except Exhausted:
                    return found  # and nothing will be run
                if isinstance(reply, wire.Failure):
                    self._unread[cell.id] = reply.message or f"not readable ({reply.kind})"
                elif isinstance(reply.value, values.DictV):
                    named = reply.value.items
                    found[cell.id] = {name: int(str(line)) for name, line in named.items()}
            if not lost:
                return found

    def run(self) -> None:
        """Run all cells; one that is lost with its process is left out of the next one."""
        for index, cell in enumerate(self._cells):
            try:
                self._ready(index)
                self._run(cell)
            except Exhausted as reason:
                for left in self._cells[index:]:
                    self._note(left, CellResult(left.id, "timeout", error=f"not run: {reason}"))
                return

    def _end(self) -> None:
        assert self._transport is not None
        with stage("end its process"):
            self._transport.kill()
        self._transport = None

    def ready(self, refuse: list[str]) -> Transport:
        """Return a living process in which every cell has run; raise Exhausted for want of one.

        It has refused these names from its start: what is taken away before the first line of a
        student's has run, none of their lines can keep.
        """
        if refuse != self._refuse and self._transport is not None:
            self._end()
            self._spawned -= 1  # this one was not lost
        self._refuse = refuse
        return self._ready(len(self._cells))

    def renewed(self) -> Transport:
        """End the process, which is not lost, and return a fresh one in which every cell has run.

        Raises CheckFailure for want of one, because it is a check that asks.
        """
        if self._transport is not None:
            self._end()
            self._spawned -= 1
        try:
            return self._ready(len(self._cells))
        except Exhausted as reason:
            raise CheckFailure(f"not examined: {reason}") from None

    def _ready(self, upto: int) -> Transport:
        """A living process in which the first `upto` cells have run."""
        while self._transport is None or not self._transport.alive:
            if self._spawned > self.limits.restarts:
                raise Exhausted(f"the process was lost {self._spawned} times")
            self._spawned += 1
            with stage("start its process"):
                self._transport = self._sandbox.spawn()
            try:
                self._ask(wire.Refuse(spellings(self._refuse), spellings(self._elsewhere)))
                self._ask(wire.Seed(SEED))
            except TransportError as error:  # no line of the student's has run yet
                raise AutograderError(
                    f"a fresh student process does not answer: {error}",
                    todo="Is the machine out of memory? Otherwise raise the limits.",
                ) from None
            for cell in self._cells[:upto]:
                if self._words.done[cell.id].status in ("ok", "error"):
                    self._run(cell)
                if not self._transport.alive:
                    break
        return self._transport

    def _run(self, cell: Cell) -> None:
        if cell.source is None:
            self._note(cell, CellResult(cell.id, "missing", error="not in the submission"))
            return
        if cell.id in self._unread:
            told = self._words.unread(cell.id, self._unread[cell.id])
            self._note(cell, CellResult(cell.id, "error", error=told))
            return
        start = time.monotonic()
        try:
            reply = self._ask(wire.Exec(cell.id, cell.source))
        except values.WireError as error:
            done = CellResult(cell.id, "error", error=f"the cell is too long: {error}")
        except StudentTimeout:
            done = CellResult(cell.id, "timeout", error=f"stopped after {self.limits.cell_s:g} s")
        except MalformedReply as error:
            done = CellResult(cell.id, "crashed", error=f"wrote on the judge's line: {error}")
        except TransportError as error:
            done = CellResult(cell.id, "crashed", error=f"the process ended ({error})")
        else:
            seconds = round(time.monotonic() - start, 3)
            done = CellResult(cell.id, "ok", stdout=reply.stdout, seconds=seconds)
            if isinstance(reply, wire.Failure):
                done = replace(done, status="error", error=self._words.told(cell.id, reply))
        self._note(cell, done)

    def _ask(self, body: wire.AnyBody) -> wire.Done | wire.Failure:
        assert self._transport is not None
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise Exhausted(f"the {self.limits.total_s:g} s for the whole notebook were used up")
        return self._transport.request(body, min(self.limits.cell_s, left))[0]

    def _note(self, cell: Cell, done: CellResult) -> None:
        """Keep the first good result of a cell; a later crash of the same cell replaces it."""
        done = replace(
            done,
            name=cell.name,
            stdout=plain(done.stdout, self.limits.output_chars + 100),
            error=plain(done.error, ERROR_CHARS),
        )
        before = self._words.done.get(cell.id)
        if before is None or done.status in ("timeout", "crashed"):
            self._words.done[cell.id] = done


def plain(text: str, limit: int) -> str:
    """Text from a student made fit to show anywhere: no control characters, not too long."""
    text = "".join(c for c in text[: limit + 1] if c.isprintable() or c in "\n\t")
    return text if len(text) <= limit else f"{text[:limit]} [...]"
