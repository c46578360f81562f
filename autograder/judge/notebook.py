"""Judge one submission: run its cells in the student's process, the checks in this one."""

from __future__ import annotations

import time
from typing import Any

from msgspec.structs import replace

from autograder.checks import Suite, examine, result
from autograder.errors import AutograderError
from autograder.inside import values, wire
from autograder.inside.guard import message as refusal
from autograder.inside.guard import refused_names, spellings
from autograder.line.limits import Limits
from autograder.line.transport import (
    MalformedReply,
    Spawner,
    StudentTimeout,
    Transport,
    TransportError,
)
from autograder.notebooks.pairing import Cell, Paired, pair
from autograder.suite.student import Student
from autograder.verdict import CellResult, CheckResult, PartResult, Verdict

MESSAGE_CHARS, ERROR_CHARS = 1_500, 8_000


MAX_LOST = 2  # processes that one part may cost before the rest of it is given up


def judge_notebook(
    source: Any,
    submission: Any,
    suite: Suite,
    sandbox: Spawner,
    *,
    student: str,
    assignment: str,
    notebook: str,
    seed: int,
    fingerprint: str,
    limits: Limits | None = None,
) -> Verdict:
    """Return the verdict on one submitted notebook.

    Args:
        source: the instructor's assembled notebook (NotebookNode), hidden regions included.
        submission: the student's notebook (NotebookNode), trusted in nothing.
        suite: the hidden checks; their points must add up to those of the graded cells.
        sandbox: hands out student processes (a `Sandbox`, or a `LocalSpawner` for trusted code).
        student, assignment, notebook, fingerprint: written on the verdict as they are.
        seed: the same seed gives the same inputs to the same check.

    Raises:
        AutograderError: the suite and the source do not fit, or the sandbox cannot start.
            Nothing in the submission can raise.
    """
    start = time.monotonic()
    paired = pair(source, submission)
    _match(suite, paired)
    run = _Run(paired, suite, sandbox, limits or Limits())
    try:
        run.cells()
        parts = [
            PartResult(grade_id, suite.points(grade_id), run.part(grade_id, seed))
            for grade_id in paired.points
            if suite.checks_for(grade_id)
        ]
    finally:
        run.close()
    return Verdict(
        assignment=assignment,
        notebook=notebook,
        student=student,
        isolation=sandbox.level,
        seed=seed,
        fingerprint=fingerprint,
        parts=parts,
        cells=run.results,
        problems=paired.problems,
        seconds=round(time.monotonic() - start, 3),
    )


def _match(suite: Suite, paired: Paired) -> None:
    """Raise unless every graded cell has checks worth exactly its points."""
    where = f"autograder/hidden/{suite.name}"
    for grade_id in suite.grade_ids:
        if grade_id not in paired.points:
            raise AutograderError(
                f"checks for {grade_id!r}, which is no graded cell of the notebook",
                where,
                "Correct the id in the suite or in the exercise.",
            )
    for grade_id, points in paired.points.items():
        if abs(points - suite.points(grade_id)) > 1e-9:
            raise AutograderError(
                f"the cell {grade_id!r} is worth {points:g} points and its checks "
                f"{suite.points(grade_id):g}",
                where,
                "Make the two agree.",
            )


def plain(text: str, limit: int) -> str:
    """Text from a student made fit to show anywhere: no control characters, not too long."""
    text = "".join(c for c in text[: limit + 1] if c.isprintable() or c in "\n\t")
    return text if len(text) <= limit else f"{text[:limit]} [...]"


class _Exhausted(Exception):
    """No more time or fresh processes for this submission; the text says which."""


class _Run:
    """One notebook in one student process at a time."""

    def __init__(self, paired: Paired, suite: Suite, sandbox: Spawner, limits: Limits) -> None:
        self._paired = paired
        self._suite = suite
        self._sandbox = sandbox
        self._limits = limits
        self._deadline = time.monotonic() + limits.total_s
        self._transport: Transport | None = None
        self._spawned = 0
        self._done: dict[str, CellResult] = {}
        self._kinds: dict[str, str] = {}  # cell -> "SyntaxError: ...", for later messages
        self._refused = self._scan()

    # --- cells ---

    def cells(self) -> None:
        """Run every cell once, in fresh processes where earlier ones were lost."""
        todo = self._paired.cells
        for index, cell in enumerate(todo):
            try:
                self._ready(index)
                self._run(cell)
            except _Exhausted as reason:
                for left in todo[index:]:
                    self._note(left, CellResult(left.id, "timeout", error=f"not run: {reason}"))
                return

    @property
    def results(self) -> list[CellResult]:
        return [self._done[cell.id] for cell in self._paired.cells]

    def _ready(self, upto: int) -> Transport:
        """A living process in which the first `upto` cells have run."""
        while self._transport is None or not self._transport.alive:
            if self._spawned > self._limits.restarts:
                raise _Exhausted(f"the process was lost {self._spawned} times")
            self._spawned += 1
            self._transport = self._sandbox.spawn()
            try:
                self._ask(wire.Refuse(spellings(self._suite.refuse)))
            except TransportError as error:  # no line of the student's has run yet
                raise AutograderError(
                    f"a fresh student process does not answer: {error}",
                    todo="Is the machine out of memory? Otherwise raise the limits.",
                ) from None
            for cell in self._paired.cells[:upto]:
                if self._done[cell.id].status in ("ok", "error"):
                    self._run(cell)
                if not self._transport.alive:
                    break
        return self._transport

    def _run(self, cell: Cell) -> None:
        if cell.source is None:
            self._note(cell, CellResult(cell.id, "missing", error="not in the submission"))
            return
        start = time.monotonic()
        try:
            reply = self._ask(wire.Exec(cell.id, cell.source))
        except values.WireError as error:
            done = CellResult(cell.id, "error", error=f"the cell is too long: {error}")
        except StudentTimeout:
            done = CellResult(cell.id, "timeout", error=f"stopped after {self._limits.cell_s:g} s")
        except MalformedReply as error:
            done = CellResult(cell.id, "crashed", error=f"wrote on the judge's line: {error}")
        except TransportError as error:
            done = CellResult(cell.id, "crashed", error=f"the process ended ({error})")
        else:
            seconds = round(time.monotonic() - start, 3)
            done = CellResult(cell.id, "ok", reply.stdout, seconds=seconds)
            if isinstance(reply, wire.Failure):
                reason = self._explain(reply)
                said = f"{reply.kind}: {reply.message}".rstrip(": ")
                self._kinds[cell.id] = ". ".join(filter(None, [said, reason]))
                told = "\n".join(filter(None, [reply.traceback.rstrip(), reason]))
                done = CellResult(cell.id, "error", reply.stdout, told, seconds)
        self._note(cell, done)

    def _ask(self, body: wire.AnyBody) -> wire.Done | wire.Failure:
        assert self._transport is not None
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise _Exhausted(f"the {self._limits.total_s:g} s for the whole notebook were used up")
        return self._transport.request(body, min(self._limits.cell_s, left))[0]

    def _note(self, cell: Cell, done: CellResult) -> None:
        """Keep the first good result of a cell; a later crash of the same cell replaces it."""
        done = replace(
            done,
            stdout=plain(done.stdout, self._limits.output_chars + 100),
            error=plain(done.error, ERROR_CHARS),
        )
        before = self._done.get(cell.id)
        if before is None or done.status in ("timeout", "crashed"):
            self._done[cell.id] = done

    # --- checks ---

    def part(self, grade_id: str, seed: int) -> list[CheckResult]:
        """Run the checks of one graded cell."""
        results: list[CheckResult] = []
        refused = [
            f"cell {cell}, line {line}: {refusal(name)}"
            for cell in self._paired.answers[grade_id]
            for line, name in self._refused.get(cell, [])
        ]
        lost = 0
        for check in self._suite.checks_for(grade_id):
            if refused:
                message = refused[0]
            elif lost == MAX_LOST:
                message = f"not examined: {lost} checks of this part hung or ended the process"
            else:
                try:
                    transport = self._ready(len(self._paired.cells))
                except _Exhausted as reason:
                    message = f"not examined: {reason}"
                else:
                    student = Student(
                        transport,
                        call_s=self._limits.call_s,
                        deadline=self._deadline,
                        explain=self._explain,
                    )
                    message = examine(self._suite, check, student, transport, seed)
                    lost += not transport.alive
            results.append(result(check, plain(message, MESSAGE_CHARS)))
        return results

    def close(self) -> None:
        if self._transport is not None:
            self._transport.kill()

    # --- words ---

    def _scan(self) -> dict[str, list[tuple[int, str]]]:
        """Ready-made layers named in solution cells; imports carry over from cell to cell."""
        aliases: dict[str, str] = {}
        found: dict[str, list[tuple[int, str]]] = {}
        for cell in self._paired.cells:
            names = refused_names(cell.source or "", self._suite.refuse, aliases)
            if cell.role == "solution" and names:
                found[cell.id] = names
        return found

    def _explain(self, failure: wire.Failure) -> str:
        """Why a name is not defined, where the judge knows it."""
        name = failure.name
        home = self._paired.homes.get(name)
        done = self._done.get(home) if home else None
        if done is not None and done.status != "ok":
            match done.status:
                case "missing":
                    return f"the cell `{home}` is missing or unclear in the submission"
                case "timeout":
                    return f"its cell `{home}` was {done.error}"
                case "crashed":
                    return f"in its cell `{home}` {done.error}"
            kind = self._kinds.get(done.cell_id, "an error")
            if kind.startswith("NotImplementedError"):
                return f"its cell `{home}` is not filled in yet"
            return f"its cell `{home}` stopped with {kind}"
        if name in self._paired.strays:
            place = failure.cell or home
            advice = f"; move it into the cell `{place}`" if place else ""
            return f"`{name}` {self._paired.strays[name]}{advice}"
        return ""
