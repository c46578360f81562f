"""A sandbox whose children do without some wall, and whether an attack achieves anything there."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from autograder.errors import StudentDied
from autograder.inside import wire
from autograder.line import sandbox as sandboxes
from autograder.line.limits import Limits
from autograder.line.process import StudentProcess
from autograder.line.sandbox import Sandbox
from tests.autograder.line import taken_away


@dataclass(frozen=True)
class Attack:
    """What a student tries. Cells print "achieved" when they got what they wanted.

    ``covered`` names the other walls that stop it too. The attack must fail with the wall alone,
    without those, and succeed when the wall is gone as well.
    """

    wall: str
    cell: str
    covered: Sequence[str] = ()
    before: str = ""  # what another student's process does first
    after: str = ""  # and afterwards: then that decides
    limits: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Weakened(Limits):
    """Limits, and the walls to do without."""

    without: tuple[str, ...] = ()

    def rules(self) -> dict[str, object]:  # type: ignore[override]
        return {**super().rules(), "without": self.without}


@contextmanager
def weakened_sandbox() -> Iterator[Sandbox]:
    """A sandbox that takes walls away on request."""
    staged = sandboxes.staged_code

    def staged_code() -> Path:
        staging = staged()
        inside = staging / "autograder" / "inside"
        shutil.copy(taken_away.__file__, inside)
        with (inside / "rules.py").open("a") as rules:
            rules.write(taken_away.RULES)
        return staging

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandboxes, "staged_code", staged_code)
        with Sandbox() as sandbox:
            yield sandbox


def achieves(attack: Attack, sandbox: Sandbox, without: Sequence[str]) -> bool:
    """Whether an attack succeeds against children that do without these walls."""
    limits = {"memory_mb": 512, "tmp_mb": 8, "threads": 16, **attack.limits}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "limits", Weakened(**limits, without=tuple(without)))
        if "memory group" in without:
            patch.setattr(sandbox, "_groups", None)
        processes = [sandbox.spawn() for _ in range(2 if attack.before else 1)]
        try:
            said = _run(processes[-1], attack.before) if attack.before else ""
            said = _run(processes[0], attack.cell)
            said = _run(processes[-1], attack.after) if attack.after else said
        except StudentDied:
            return False
        finally:
            for process in processes:
                process.kill()
    return said.endswith("achieved\n")


def _run(process: StudentProcess, cell: str) -> str:
    body, _ = process.request(wire.Exec("c", textwrap.dedent(cell)), 30.0)
    return body.stdout if isinstance(body, wire.Done) else body.message
