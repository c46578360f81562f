"""Read what was handed in from a folder or an LMS zip without trusting a single byte of it."""

from __future__ import annotations

import math
import os
import re
import stat
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from autograder.errors import AutograderError
from autograder.steps.identity import MAX_NAME

MAX_FILE = 100 * 2**20
MAX_ENTRIES = 50_000
CLUTTER = ("__MACOSX", ".ipynb_checkpoints")
GIVEN = "sequence_models_check-"  # the student's package, which comes back with the notebook
PACKED = (".zip", ".tar", ".gz", ".tgz", ".7z", ".rar", ".bz2", ".xz")
DRIVE = re.compile(r"[A-Za-z]:")  # other colons stand in the times of nbgrader's exchange
NO_TIME = (1980, 1, 1, 0, 0, 0)  # what a zip says when nobody told it


@dataclass(frozen=True, eq=False)
class Found:
    """One file of the inbox: its path inside the inbox, when it was written, how to read it.

    ``time`` is in seconds since 1970, None when it is not known. ``refusal`` says why the file
    must not be read; ``read`` raises ValueError when its content turns out to be unusable.
    """

    name: str
    time: float | None
    read: Callable[[], bytes] = field(repr=False)
    refusal: str = ""


def notebooks(inbox: Iterable[Found]) -> Iterator[Found]:
    """Go through the files of an inbox; what cannot be a notebook gets a refusal."""
    for found in inbox:
        refusal = found.refusal
        parts = PurePosixPath(found.name).parts
        if parts[-1:] and parts[-1].startswith(GIVEN):
            continue
        if any(part in CLUTTER or part.startswith("._") for part in parts):
            refusal = "left behind by a program, not handed in"
        elif not refusal and found.name.lower().endswith(PACKED):
            refusal = "an archive in the inbox: unpack it, or collect it by itself"
        elif not refusal and not found.name.lower().endswith(".ipynb"):
            refusal = "not a notebook (.ipynb)"
        yield Found(found.name, found.time, found.read, refusal)


@contextmanager
def open_inbox(source: Path) -> Iterator[list[Found]]:
    """List the files of a folder, a zip archive, or a single notebook; read inside the block."""
    if source.is_dir():
        yield list(_folder(source))
    elif source.is_file() and source.suffix == ".ipynb":
        yield [_file(source, source.name)]
    elif source.is_file() and zipfile.is_zipfile(source):
        try:
            archive = zipfile.ZipFile(source)
        except Exception as error:  # zipfile assumes a well-formed directory and raises anything
            raise AutograderError(
                f"the archive cannot be opened: {_words(error)}",
                str(source),
                "Download it again.",
            ) from error
        with archive:
            yield _archive(archive, source)
    else:
        raise AutograderError(
            "there is no folder, zip archive or notebook to collect from",
            str(source),
            "Give the folder or the zip file that your learning platform handed out.",
        )


def _folder(root: Path) -> Iterator[Found]:
    closed: list[OSError] = []
    for folder, subfolders, files in os.walk(root, onerror=closed.append):
        subfolders.sort()
        links = [sub for sub in subfolders if (Path(folder) / sub).is_symlink()]
        for name in sorted(files + links):
            path = Path(folder) / name
            yield _file(path, path.relative_to(root).as_posix())
    for error in closed:
        name = Path(os.fsdecode(error.filename)).relative_to(root).as_posix()
        yield Found(name, None, bytes, f"cannot be opened: {error.strerror}")


def _file(path: Path, name: str) -> Found:
    try:
        info = path.lstat()
    except OSError as error:
        return Found(name, None, bytes, f"cannot be read: {error.strerror}")
    refusal = ""
    if stat.S_ISLNK(info.st_mode):
        refusal = "a symbolic link is not followed"
    elif not stat.S_ISREG(info.st_mode):
        refusal = "not an ordinary file"
    elif info.st_size > MAX_FILE:
        refusal = f"larger than {MAX_FILE // 2**20} MB"
    elif len(name) > MAX_NAME:
        refusal = f"its name is longer than {MAX_NAME} characters"
    return Found(name, sane_time(info.st_mtime), lambda: _read_plain(path), refusal)


def sane_time(seconds: float) -> float | None:
    """Return a time that can be written down, or None: before 1970 or after the year 9999."""
    try:
        if not math.isfinite(seconds) or seconds < 0:
            return None
        datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return seconds


def _read_plain(path: Path) -> bytes:
    """Read without following a link that was put in place after the listing."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as stream:
            data = stream.read(MAX_FILE + 1)
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from error
    return _limited(data, f"larger than {MAX_FILE // 2**20} MB")


def _archive(archive: zipfile.ZipFile, source: Path) -> list[Found]:
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) > MAX_ENTRIES:
        raise AutograderError(
            f"the archive holds {len(entries)} files, more than {MAX_ENTRIES}",
            str(source),
            "Unpack it yourself and collect from the folder.",
        )
    found = [_entry(archive, entry) for entry in entries]
    often = Counter(one.name for one in found)
    return [one if often[one.name] == 1 else _repeated(one, often[one.name]) for one in found]


def _repeated(found: Found, times: int) -> Found:
    """Refuse a name that an archive holds twice: programs disagree on which of them it means."""
    refusal = f"the archive holds this name {times} times; unpack it and collect from the folder"
    return Found(found.name, found.time, found.read, found.refusal or refusal)


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Found:
    path = entry.filename.replace("\\", "/")
    parts = PurePosixPath(path).parts
    refusal = ""
    if len(path) > MAX_NAME:
        refusal = f"its name is longer than {MAX_NAME} characters"
    elif path.startswith("/") or ".." in parts or DRIVE.match(path):
        refusal = "its path leads out of the archive"
    elif stat.S_ISLNK(entry.external_attr >> 16):
        refusal = "a symbolic link is not followed"
    elif entry.flag_bits & 0x1:
        refusal = "it is encrypted"
    elif entry.file_size > MAX_FILE:
        refusal = f"larger than {MAX_FILE // 2**20} MB when unpacked"
    name = path if refusal else "/".join(parts)
    return Found(name, _entry_time(entry), lambda: _read_entry(archive, entry), refusal)


def _entry_time(entry: zipfile.ZipInfo) -> float | None:
    if entry.date_time == NO_TIME:
        return None
    try:
        return sane_time(datetime(*entry.date_time).timestamp())
    except (ValueError, OverflowError, OSError):
        return None


def _read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Unpack at most MAX_FILE bytes, whatever the archive's directory claims."""
    try:
        with archive.open(entry) as stream:
            data = stream.read(MAX_FILE + 1)
    except Exception as error:  # each way of packing raises errors of its own
        raise ValueError(f"damaged in the archive: {_words(error)}") from error
    return _limited(data, f"larger than {MAX_FILE // 2**20} MB when unpacked")


def _limited(data: bytes, reason: str) -> bytes:
    if len(data) > MAX_FILE:
        raise ValueError(reason)
    return data


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
