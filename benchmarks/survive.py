"""Grade the mutants of every assignment: which does the hidden suite let through?

    python -m benchmarks.survive [ASSIGNMENT ...]

prints each survivor with the reason or as a gap, then one line for each assignment:

    mutants assignment=01-rnn-limits killed=120 changed=124 equivalent=9

``changed`` counts the mutants that do something else than the reference: those that were killed
and the gaps. ``equivalent`` ones are named in EQUIVALENT with the reason why nothing changes; one
that is killed after all, or that no longer exists, is an error. Exits 1 below WANTED.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import torch

from autograder.checks import Suite, examine, load_suite
from autograder.inside import wire
from autograder.inside.runtime import Runtime
from autograder.inside.scan import spellings
from autograder.line.local import LocalTransport
from autograder.notebooks.assemble import assemble, read_exercise, suite_name
from autograder.notebooks.outline import outline
from autograder.notebooks.pairing import Paired, pair
from autograder.suite.student import Student
from benchmarks.mutants import Mutant, mutants

EXERCISES = Path(__file__).resolve().parent.parent / "exercises"
WANTED = 0.95  # of those that change something
SEEDS = (5, 6)  # a mutant that passes the first is tried with the other
SECONDS = 20  # then it hangs, which the judge's time limit would stop

# Why a mutant does what the reference does: by assignment and change.
EQUIVALENT: dict[str, dict[str, str]] = {
    "01-rnn-limits": {
        "bptt: True -> False": "zip's strict: the lengths agree",
        "jacobian-norms: torch.eye(h.shape[1], dtype=h.dtype, device=h.device)"
        " -> torch.eye(h.shape[1], dtype=h.dtype)": "answers are judged on the CPU",
        "jacobian-norms: 1 - h_t ** 2 -> h_t ** 2 - 1": "a norm does not see the sign",
        "clip-gradients: norm.item() -> norm": "only in the words of an error",
    }
}


class Assignment:
    """An exercise whose cells have run, with the reference's answers, in a namespace."""

    def __init__(self, name: str) -> None:
        path = EXERCISES / f"{name}.md"
        self.suite: Suite = load_suite(suite_name(read_exercise(path), path))
        source = assemble(path, self.suite)
        self.paired: Paired = pair(outline(source), source)
        self.namespace: dict[str, Any] = {"__name__": "__main__"}
        transport = LocalTransport(Runtime(self.namespace))
        for cell in self.paired.cells:
            transport.request(wire.Exec(cell.id, cell.source or ""), timeout=60.0)

    def mutants(self) -> Iterator[Mutant]:
        for cell in self.paired.cells:
            if cell.role == "solution":
                yield from mutants(cell.id, cell.source or "")

    def killed(self, mutant: Mutant) -> str:
        """The name of the first check that notices; "" when none does."""
        transport = LocalTransport(Runtime(dict(self.namespace)))
        transport.request(wire.Refuse(spellings(self.suite.refuse)), timeout=60.0)
        reply, _ = transport.request(wire.Exec(mutant.cell, mutant.source), timeout=60.0)
        if isinstance(reply, wire.Failure):
            return "the cell itself"
        parts = [part for part, cells in self.paired.answers.items() if mutant.cell in cells]
        for seed in SEEDS:
            for check in self.suite.checks:
                if check.grade_id in parts:
                    student = Student(transport)
                    if examine(self.suite, check, student, transport, seed) is not None:
                        return check.name
        return ""


@cache
def _assignment(name: str) -> Assignment:
    torch.set_num_threads(1)
    return Assignment(name)


def _try(name: str, mutant: Mutant) -> str:
    def stop(*_: object) -> None:
        raise TimeoutError("the mutant hangs")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    try:
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
            return _assignment(name).killed(mutant)
    except TimeoutError:
        return "time"
    finally:
        signal.alarm(0)


def survey(name: str, jobs: int) -> bool:
    """Grade all mutants of one assignment and print what came out; tell whether it is enough."""
    todo = list(_assignment(name).mutants())
    fork = multiprocessing.get_context("fork")  # the children have torch and the namespace
    with ProcessPoolExecutor(jobs, mp_context=fork) as pool:
        verdicts = list(pool.map(_try, [name] * len(todo), todo))
    reasons = EQUIVALENT.get(name, {})
    killed = equivalent = 0
    fine = True
    for mutant, check in zip(todo, verdicts, strict=True):
        reason = reasons.get(f"{mutant.cell}: {mutant.change}", "")
        killed += bool(check)
        equivalent += bool(reason)
        if reason and check:
            fine = False
            print(f"not equivalent, {check} fails: {mutant.cell}: {mutant.change}")
        elif not check:
            print(f"survived: {mutant.cell}: {mutant.change}  ({reason or 'A GAP'})")
    for unknown in reasons.keys() - {f"{mutant.cell}: {mutant.change}" for mutant in todo}:
        fine = False
        print(f"there is no such mutant any more: {unknown}")
    changed = len(todo) - equivalent
    print(f"mutants assignment={name} killed={killed} changed={changed} equivalent={equivalent}")
    return fine and killed >= WANTED * changed


def main() -> None:
    names = sys.argv[1:] or sorted(path.stem for path in EXERCISES.glob("*.md"))
    enough = [survey(name, os.cpu_count() or 1) for name in names]
    raise SystemExit(not all(enough))


if __name__ == "__main__":
    main()
