"""Which notebooks have been saved: looked for again and again, which works on every system.

Editors write in place, or write a new file and put it in the old one's place; a network drive
tells nobody about either. So a file counts as saved when it has become another one and has then
stayed as it is from one look to the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

Signature = tuple[int, int, int]  # when it was written, its size, and which file it is

LOOK_S = 0.1  # between two looks
RESCAN = 20  # looks between two searches of a folder for new notebooks


def notebooks_in(folder: Path) -> list[Path]:
    """Return the notebooks in a folder and in those right below it, none of a hidden one."""
    found = [*folder.glob("*.ipynb"), *folder.glob("*/*.ipynb")]
    return sorted(
        path
        for path in found
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


class Saves:
    """The notebook, or those of a folder, and what has become of each since the last look."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._looks = 0
        self._paths: list[Path] = []
        self._before: dict[Path, Signature | None] = {}  # at the last look
        self._told: dict[Path, Signature | None] = {}  # when it was last said to be saved
        self.look()

    @property
    def paths(self) -> list[Path]:
        """What is watched now."""
        return list(self._paths)

    def look(self) -> list[Path]:
        """Return what has been saved, and is not being written any more."""
        if self._looks % RESCAN == 0:
            folder = self._target.is_dir()
            self._paths = notebooks_in(self._target) if folder else [self._target]
        self._looks += 1
        return list(self._settled())

    def again(self, path: Path) -> None:
        """Let the file count as not yet seen: it was no whole notebook."""
        self._told.pop(path, None)

    def _settled(self) -> Iterator[Path]:
        for path in self._paths:
            now = _signature(path)
            settled = now is not None and now == self._before.get(path)
            self._before[path] = now
            if settled and now != self._told.get(path):
                self._told[path] = now
                yield path


def _signature(path: Path) -> Signature | None:
    """Return what changes when a file is saved; None while there is none that can be looked at."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
