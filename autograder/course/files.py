"""Writing a file of the course so that nobody ever sees half of it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

PARTIAL = ".autograder-partial"  # how a file ends while it is being written


def write_atomically(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write a file so that a reader, or a kill, sees the old one or the new one, never half.

    Raises OSError, which names the file, when the disk is full or may not be written.
    """
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(PARTIAL, f".{path.name[:40]}-", path.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException as error:
        if temporary:
            os.unlink(temporary)
        if isinstance(error, OSError) and error.errno and error.filename in (None, temporary):
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def partial_files(folder: Path) -> Iterator[Path]:
    """Find what killed programs of ours left half-written below a folder; links stay unfollowed."""
    for here, _, names in os.walk(folder):
        for name in names:
            if name.startswith(".") and name.endswith(PARTIAL):
                yield Path(here, name)
