"""A folder for temporary files outside of the course that a killed process does not leave behind.

A process that grades keeps its folder until it ends, because its fork server has a socket there. As
long as it lives it holds a lock in the folder. Before the folder is made, a note in
``.autograder/scratch/`` says where it will lie; the note goes after the folder. So whoever writes
the course next finds what was left, at whatever moment the process was killed.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from multiprocessing.util import Finalize
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from autograder.course.directory import OURS, Course
from autograder.course.files import write_atomically

if TYPE_CHECKING:
    from filelock import BaseFileLock

PREFIX = "autograder-"
# multiprocessing removes its own folder, which lies in ours, at -100.
FOLDER_GOES, NOTE_GOES = -200, -300


class Note(msgspec.Struct, frozen=True):
    """Where a process has its temporary files, and on which machine that is."""

    folder: str
    host: str


@contextmanager
def scratch(course: Course) -> Iterator[None]:
    """Let all temporary files of this block lie in one folder that a later command can sweep up.

    That holds for the processes that are started in it, too. Only a writer may ask for it.
    """
    folder = _place()
    note = notes_of(course) / f"{folder.name}.json"
    write_atomically(note, msgspec.json.encode(Note(str(folder), socket.gethostname())))
    Finalize(None, note.unlink, kwargs={"missing_ok": True}, exitpriority=NOTE_GOES)
    _make(folder)
    before, variable = tempfile.tempdir, os.environ.get("TMPDIR")
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before
        if variable is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = variable


def sweep(course: Course) -> None:
    """Remove the folders of processes that are gone. Only a writer may ask for it."""
    for path in notes_of(course).glob("*.json"):
        try:
            note = msgspec.json.decode(path.read_bytes(), type=Note)
        except msgspec.DecodeError:
            path.unlink(missing_ok=True)
            continue
        if note.host == socket.gethostname() and _is_swept(Path(note.folder)):
            path.unlink(missing_ok=True)


def notes_of(course: Course) -> Path:
    return course.root / OURS / "scratch"


def _is_swept(folder: Path) -> bool:
    """Remove a folder that nobody uses; return whether nothing is left to be done about it."""
    from filelock import Timeout

    if not folder.name.startswith(PREFIX) or folder.is_symlink() or not folder.is_dir():
        return True
    with contextlib.suppress(OSError, Timeout):  # another user's, or its process lives
        with _lock(folder).acquire(timeout=0):
            pass
        shutil.rmtree(folder)
        return True
    return False


@cache  # for the process, as long as its fork server
def _place() -> Path:
    return Path(tempfile.gettempdir(), f"{PREFIX}{secrets.token_hex(4)}")


@cache
def _make(folder: Path) -> BaseFileLock:
    """Make the folder and return its lock, to be held as long as the process lives."""
    folder.mkdir(mode=0o700)
    Finalize(None, shutil.rmtree, (folder,), {"ignore_errors": True}, exitpriority=FOLDER_GOES)
    lock = _lock(folder)
    lock.acquire()
    return lock


def _lock(folder: Path) -> BaseFileLock:
    from filelock import FileLock

    return FileLock(folder / "lock", fallback_to_soft=False)
