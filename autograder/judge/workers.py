"""The workers of this machine, and the one sandbox they share.

Both take seconds to come up, most of them for torch. So they are launched side by side as soon as
it is clear that something is to be judged, while this process still reads and imports.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import Executor
from pathlib import Path

from autograder.errors import AutograderError
from autograder.judge.pool import fresh_processes, local_executor
from autograder.line.limits import Isolation
from autograder.line.sandbox import Sandbox


class Workers:
    """Makes executors for ``run_all``; a context manager that ends the sandbox.

    Args:
        hide: directories that student code must not see.
        level: the isolation to launch with, unless another is named.
    """

    def __init__(self, hide: Sequence[Path], level: Isolation = "bwrap") -> None:
        self._hide, self._level = hide, level
        self._sandbox: Sandbox | None = None

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def launch(self, level: Isolation | None = None) -> None:
        """Let the fork servers of both sides start; say nothing when that does not work.

        A worker that finds no sandbox to join starts its own, and then tells why it cannot.
        """
        level = level or self._level
        if "forkserver" in multiprocessing.get_all_start_methods():
            from multiprocessing import forkserver

            fresh_processes()
            forkserver.ensure_running()
        if self._sandbox is None or self._sandbox.level != level:
            self.close()
            self._sandbox = Sandbox(level=level, hide=self._hide)
            with contextlib.suppress(AutograderError, OSError):
                self._sandbox.launch()

    def width(self) -> int:
        """Return how many submissions to judge at a time: one per CPU."""
        return os.cpu_count() or 1

    def executor(self, workers: int) -> Executor:
        """Return a pool of processes that judge, on this machine."""
        return local_executor(workers, self._sandbox.lobby if self._sandbox else None)

    def close(self) -> None:
        """End the sandbox; the workers have ended with their executor."""
        if self._sandbox is not None:
            self._sandbox.close()
            self._sandbox = None
