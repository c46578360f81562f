"""How long and how large one job may get, whatever the code inside does.

The watch stands inside the process that works, so it goes wherever an executor sends the work.
It is a thread of C, not of Python: it ends the process also while one call (a regular
expression, a parser) never gives the interpreter back. For the pool that is a death like any
other: the job is tried once more, alone, and then gets a verdict that says so.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from autograder.inside.memory import address_space

try:
    import resource
except ImportError:  # Windows: the watch holds, the limit of memory does not
    resource = None  # type: ignore[assignment]

MEMORY_MB = 4096  # on top of what the process has when a job begins
Job = TypeVar("Job")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Bounded(Generic[Job, Result]):
    """``work`` under ``seconds(job)`` of time. For processes that do one job at a time."""

    work: Callable[[Job], Result]
    seconds: Callable[[Job], float]

    def __call__(self, job: Job) -> Result:
        with bounds(self.seconds(job)):
            return self.work(job)


@contextlib.contextmanager
def bounds(seconds: float, memory_mb: int = MEMORY_MB) -> Iterator[None]:
    """End this process if the block takes longer; raise MemoryError in it if it wants more."""
    with open(os.devnull, "w") as nowhere, _memory(memory_mb):
        faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()


@contextlib.contextmanager
def _memory(memory_mb: int) -> Iterator[None]:
    """Lower the soft limit only: the sandbox sets its own, and the next job starts afresh."""
    used = address_space()
    if resource is None or not used:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = used + memory_mb * 2**20
    lower = [value for value in (soft, hard) if value != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min([limit, *lower]), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
