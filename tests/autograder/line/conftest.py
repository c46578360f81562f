"""One warm sandbox with tight limits, a fresh process in it, and a way to run a cell there."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator

import pytest

from autograder.inside import wire
from autograder.line.limits import Limits
from autograder.line.process import StudentProcess
from autograder.line.sandbox import Sandbox

LIMITS = Limits(memory_mb=512, tmp_mb=8, threads=16)
Run = Callable[..., str]


@pytest.fixture
def sandbox(warm_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    monkeypatch.setattr(warm_sandbox, "limits", LIMITS)
    return warm_sandbox


@pytest.fixture
def process(sandbox: Sandbox) -> Iterator[StudentProcess]:
    spawned = sandbox.spawn()
    yield spawned
    spawned.kill()


@pytest.fixture
def run(process: StudentProcess) -> Run:
    """Run a cell and return what it printed and, if it failed, how."""
    return running_in(process)


@pytest.fixture
def roomy(warm_sandbox: Sandbox) -> Iterator[Run]:
    """The same in a process with the limits that grading has."""
    spawned = warm_sandbox.spawn()
    yield running_in(spawned)
    spawned.kill()


def running_in(process: StudentProcess) -> Run:
    def execute(source: str, timeout: float = 20.0) -> str:
        body, _ = process.request(wire.Exec("c", textwrap.dedent(source)), timeout)
        failed = f"{body.kind}: {body.message}" if isinstance(body, wire.Failure) else ""
        return f"{body.stdout}{failed}"

    return execute
