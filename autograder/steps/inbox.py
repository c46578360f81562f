"""Read what was handed in from a folder or an LMS zip without trusting a single name in it."""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from autograder.errors import AutograderError

MAX_FILE = 100 * 2**20
MAX_ENTRIES = 50_000
MAX_TOTAL = 4 * 2**30
CLUTTER = ("__MACOSX", ".ipynb_checkpoints")


@dataclass(frozen=True)
class Found:
    """One file of the inbox: its path inside the inbox, when it was written, how to read it.

    ``refusal`` says why the file must not be read; ``read`` raises ValueError when its
    content turns out to be unusable.
    """

    name: str
    time: float
    read: Callable[[], bytes]
    refusal: str = ""


@contextmanager
def open_inbox(source: Path) -> Iterator[Iterator[Found]]:
    """List the files of a folder, a zip archive, or a single notebook; read inside the block."""
    if source.is_dir():
        yield _folder(source)
    elif source.is_file() and zipfile.is_zipfile(source):
        try:
            archive = zipfile.ZipFile(source)
        except (zipfile.BadZipFile, OSError) as error:
            raise AutograderError(
                f"the archive cannot be opened: {error}", str(source), "Download it again."
            ) from error
        with archive:
            yield _archive(archive, source)
    elif source.is_file() and source.suffix == ".ipynb":
        yield iter([_file(source, source.name)])
    else:
        raise AutograderError(
            "there is no folder, zip archive or notebook to collect from",
            str(source),
            "Give the folder or the zip file that your learning platform handed out.",
        )


def _folder(root: Path) -> Iterator[Found]:
    for folder, subfolders, files in os.walk(root):
        subfolders.sort()
        links = [sub for sub in subfolders if (Path(folder) / sub).is_symlink()]
        for name in sorted(files + links):
            path = Path(folder) / name
            yield _file(path, path.relative_to(root).as_posix())


def _file(path: Path, name: str) -> Found:
    info = path.lstat()
    refusal = ""
    if stat.S_ISLNK(info.st_mode):
        refusal = "a symbolic link is not followed"
    elif not stat.S_ISREG(info.st_mode):
        refusal = "not an ordinary file"
    elif info.st_size > MAX_FILE:
        refusal = f"larger than {MAX_FILE // 2**20} MB"
    return Found(name, info.st_mtime, lambda: _read_plain(path), refusal)


def _read_plain(path: Path) -> bytes:
    """Read without following a link that was put in place after the listing."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from error
    with os.fdopen(handle, "rb") as stream:
        return stream.read(MAX_FILE + 1)


def _archive(archive: zipfile.ZipFile, source: Path) -> Iterator[Found]:
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    total = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_ENTRIES or total > MAX_TOTAL:
        raise AutograderError(
            f"the archive unpacks to {len(entries)} files of {total // 2**20} MB in all, "
            f"more than {MAX_ENTRIES} files or {MAX_TOTAL // 2**20} MB",
            str(source),
            "Unpack it yourself and collect from the folder.",
        )
    return (_entry(archive, entry) for entry in entries)


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Found:
    name = entry.filename.replace("\\", "/")
    parts = PurePosixPath(name).parts
    refusal = ""
    if name.startswith("/") or ".." in parts or (parts and ":" in parts[0]):
        refusal = "its path leads out of the archive"
    elif stat.S_ISLNK(entry.external_attr >> 16):
        refusal = "a symbolic link is not followed"
    elif entry.flag_bits & 0x1:
        refusal = "it is encrypted"
    elif entry.file_size > MAX_FILE:
        refusal = f"larger than {MAX_FILE // 2**20} MB when unpacked"
    try:
        time = datetime(*entry.date_time).timestamp()
    except (ValueError, OverflowError):
        time = 0.0
    return Found(name, time, lambda: _read_entry(archive, entry), refusal)


def _read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Unpack at most MAX_FILE bytes, whatever the archive's directory claims."""
    try:
        with archive.open(entry) as stream:
            data = stream.read(MAX_FILE + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise ValueError(f"damaged in the archive: {error}") from error
    if len(data) > MAX_FILE:
        raise ValueError(f"larger than {MAX_FILE // 2**20} MB when unpacked")
    return data
