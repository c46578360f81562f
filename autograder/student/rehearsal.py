"""Run a notebook's own cells in a fresh Python: what a student's `check` does, without walls.

The other Python (`rehearsed.py`) starts at once and imports torch while the cells are still
being read and paired here, so this side must import neither torch nor anything that does.
"""

from __future__ import annotations

import contextlib
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import msgspec

from autograder.errors import AutograderError

START_S = 120.0  # importing torch on a slow machine
OTHER_SIDE = "autograder.student.rehearsed"


# Ctrl-C is for this side, which then ends the other one; two tracebacks would say less.
_OUT_OF_REACH: dict[str, Any]
if sys.platform == "win32":
    _OUT_OF_REACH = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
else:
    _OUT_OF_REACH = {"process_group": 0}


class Order(msgspec.Struct, frozen=True):
    """What is to be run: the cells as (name, source), and the names they may not use.

    What only some parts refuse (`elsewhere`) is looked for, but works.
    """

    cells: list[tuple[str, str]]
    refuse: list[str]
    elsewhere: list[str]


class Scan(msgspec.Struct, frozen=True):
    """What the text of one cell says: what is refused and its first line, or why it is unread."""

    refused: dict[str, int] = {}
    unread: str = ""


class Ran(msgspec.Struct, frozen=True):
    """How one cell ended; ``error`` is empty when it ran through."""

    error: str = ""
    kind: str = ""
    line: int = 0
    cell: str = ""  # where the error was raised: another cell's function, perhaps
    name: str = ""  # the missing name of a NameError
    way: list[tuple[str, int]] = []  # cells and lines that the error came through
    examined: str = ""  # what a test that fails is about
    came_back: str = ""  # what it met


Answer = TypeVar("Answer", Ran, list[Scan])


class Rehearsal:
    """A fresh Python; a context manager that ends it."""

    def __enter__(self) -> Rehearsal:
        # -P: what lies in the current folder must not stand in for a package.
        command = [sys.executable, "-P", "-m", OTHER_SIDE]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, **_OUT_OF_REACH)
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.kill()
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # an order that nobody has read
            self._process.stdin.close()
        self._process.wait()

    def scan(
        self, cells: Sequence[tuple[str, str]], refuse: Sequence[str], elsewhere: Sequence[str]
    ) -> list[Scan]:
        """Hand over the cells and return what their text says, before any of them runs."""
        assert self._process.stdin is not None
        order = Order(list(cells), list(refuse), list(elsewhere))
        try:
            self._process.stdin.write(msgspec.json.encode(order) + b"\n")
            self._process.stdin.flush()  # and it stays open: the other side ends when it ends
            return self._next(START_S, list[Scan])
        except (OSError, EOFError, queue.Empty):
            raise AutograderError("Python did not start", todo="Try it again.") from None

    def run(self, names: Sequence[str], cell_s: float) -> Iterator[Ran]:
        """Yield how each cell ends; what hangs or ends Python ends the run."""
        for name in names:
            try:
                yield self._next(cell_s, Ran)
            except queue.Empty:
                hangs = f"did not finish within {cell_s:g} s. Is there an endless loop?"
                yield Ran(hangs, cell=name)
                return
            except EOFError:
                yield Ran("ended the Python process. Remove exit() and the like")
                return

    def _read(self) -> None:
        """Pass on what comes; an empty line for the end."""
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            for line in stream:
                self._lines.put(line)
        self._lines.put(b"")

    def _next(self, timeout: float, kind: type[Answer]) -> Answer:
        line = self._lines.get(timeout=timeout)
        if not line:
            raise EOFError
        return msgspec.json.decode(line, type=kind)
