"""Grade the mutants of every assignment: which does the hidden suite let through?

    python -m benchmarks.survive [ASSIGNMENT ...]

prints each survivor with the reason or as a gap, then one line for each assignment:

    mutants assignment=01-rnn-limits killed=120 changed=124 equivalent=9

``changed`` counts the mutants that do something else than the reference: those that were killed
and the gaps. ``equivalent`` ones are named in EQUIVALENT with the reason why nothing changes; one
that is killed after all, or that no longer exists, is an error. Exits 1 below WANTED.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from typing import Any

import torch

from autograder.checks import examine
from autograder.inside import wire
from autograder.inside.runtime import Runtime
from autograder.inside.scan import spellings
from autograder.line.local import LocalTransport
from autograder.notebooks.outline import outline
from autograder.notebooks.pairing import pair
from autograder.suite.student import Student
from benchmarks.mutants import Mutant, mutants
from samples.assignments import Assignment, assignments, named

WANTED = 0.95  # of those that change something
SEEDS = (5, 6)  # a mutant that passes the first is tried with the other
ALL = "all"  # a reason for every change: where an answer may be any design, a change is another
SECONDS = 20  # then it hangs, which the judge's time limit would stop


class Reference:
    """An exercise whose cells have run, with the reference's answers, in a namespace."""

    def __init__(self, assignment: Assignment) -> None:
        self.suite = assignment.suite
        self.paired = pair(outline(assignment.notebook), assignment.notebook)
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
        parts = [part for part, cells in self.paired.answers.items() if mutant.cell in cells]
        refuse = self.suite.refused(parts[0])  # a cell answers one part
        transport.request(wire.Refuse(spellings(refuse)), timeout=60.0)
        reply, _ = transport.request(wire.Exec(mutant.cell, mutant.source), timeout=60.0)
        if isinstance(reply, wire.Failure):
            return "the cell itself"
        for seed in SEEDS:
            for check in self.suite.checks:
                if check.grade_id in parts:
                    student = Student(transport)
                    if examine(self.suite, check, student, transport, seed) is not None:
                        return check.name
        return ""


@cache
def _reference(name: str) -> Reference:
    torch.set_num_threads(1)
    return Reference(Assignment(name))


def _try(name: str, mutant: Mutant) -> str:
    def stop(*_: object) -> None:
        raise TimeoutError("the mutant hangs")

    signal.signal(signal.SIGALRM, stop)
    # Again and again: a loop without end may be asked twice, and take the first for an error.
    signal.setitimer(signal.ITIMER_REAL, SECONDS, SECONDS)
    try:
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
            return _reference(name).killed(mutant)
    except TimeoutError:
        return "time"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def survey(name: str, jobs: int) -> bool:
    """Grade all mutants of one assignment and print what came out; tell whether it is enough."""
    if reason := Assignment(name).equivalent.get(ALL):
        print(f"mutants assignment={name} are not surveyed: {reason}")
        return True
    todo = list(_reference(name).mutants())
    fork = multiprocessing.get_context("fork")  # the children have torch and the namespace
    with ProcessPoolExecutor(jobs, mp_context=fork) as pool:
        verdicts = list(pool.map(_try, [name] * len(todo), todo))
    reasons = Assignment(name).equivalent
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
    parser = argparse.ArgumentParser(description="Which changes to the solutions go unnoticed?")
    parser.add_argument("assignments", nargs="*", type=named, default=assignments())
    chosen = parser.parse_args().assignments
    enough = [survey(each.name, os.cpu_count() or 1) for each in chosen]
    raise SystemExit(not all(enough))


if __name__ == "__main__":
    main()
