"""One writer for each course: a lock that the kernel lets go when its holder dies.

``.autograder/lock`` is the file that is locked, and nothing else. ``.autograder/writer.json`` says
who holds it, for the words that another command gives up with. Its holder takes it away when it
is done; one that is still there when nobody holds the lock belongs to a command that was killed,
and then what that command left half-written is swept up.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from autograder.course.database import folder_lock
from autograder.course.directory import OURS, STEPS, Course
from autograder.course.files import partial_files, write_atomically
from autograder.course.scratch import sweep
from autograder.errors import AutograderError

PATIENCE_S = 1.0  # `verify` looks at the lock for a moment
SWEPT = (*(step for step in STEPS if step != "inbox"), OURS)


class Writer(msgspec.Struct, frozen=True):
    """The program that writes the course now."""

    pid: int
    host: str
    command: str
    since: str

    def __str__(self) -> str:
        return f"'{self.command}' (process {self.pid} on {self.host}, since {self.since})"


@contextmanager
def writing(course: Course, command: str = "", patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Be the one writer of the course in this block. Reading needs no lock.

    Raises AutograderError, which names the other writer, when there still is one after
    ``patience_s``, and OSError where the course may not be written.
    """
    from filelock import FileLock, Timeout

    # A soft lock would outlive a holder that is killed; where there is no other, there is none.
    lock = FileLock(course.root / OURS / "lock", fallback_to_soft=False)
    try:
        lock.acquire(timeout=patience_s)
    except Timeout:
        raise _refusal(course) from None
    try:
        with _lock_on_server(course, patience_s):
            _sweep(course)
            _note(course, _this_process(command))
            try:
                yield
            finally:
                _path(course).unlink(missing_ok=True)
    finally:
        lock.release()


@contextmanager
def _lock_on_server(course: Course, patience_s: float) -> Iterator[None]:
    """Hold the same lock on the gradebook's server, if there is one.

    Another machine may share this folder and not see what is locked here.
    """
    if not course.database:
        yield
        return
    lock = course.root / OURS / "lock"
    with folder_lock(course.database, course.settings.seed, lock, patience_s) as is_held:
        if not is_held:
            raise _refusal(course)
        yield


def writer_of(course: Course) -> Writer | None:
    """Return who writes the course now; None for nobody. Changes nothing."""
    from filelock import FileLock, Timeout

    path = course.root / OURS / "lock"
    if not path.is_file() or not os.access(path, os.W_OK):
        return None
    lock = FileLock(path, fallback_to_soft=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return read_writer(course) or Writer(0, "?", "autograder", "?")
    lock.release()
    return None


def read_writer(course: Course) -> Writer | None:
    """Return who wrote the course last, if it has not said that it was done."""
    try:
        return msgspec.json.decode(_path(course).read_bytes(), type=Writer)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def _this_process(command: str = "") -> Writer:
    typed = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])
    since = time.strftime("%Y-%m-%d %H:%M:%S")
    return Writer(os.getpid(), socket.gethostname(), command or typed, since)


def _note(course: Course, writer: Writer) -> None:
    write_atomically(_path(course), msgspec.json.encode(writer))


def _path(course: Course) -> Path:
    return course.root / OURS / "writer.json"


def _refusal(course: Course) -> AutograderError:
    writer = read_writer(course)
    who = f"It is {writer}" if writer else "It did not say which one"
    how = f" (or kill {writer.pid})" if writer else ""
    return AutograderError(
        "another command is writing this course",
        str(course.root),
        f"{who}. Wait until it is done, or stop it with Ctrl-C{how}; then repeat this command. "
        "Nothing is lost.",
    )


def _sweep(course: Course) -> None:
    """Take away what a command that was killed left half-written."""
    sweep(course)
    was_killed = _path(course).exists()
    for folder in SWEPT if was_killed else (OURS,):  # it may not even have said who it was
        for path in partial_files(course.root / folder):
            path.unlink(missing_ok=True)
