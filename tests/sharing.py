"""What takes long to build is built once, by whichever xdist worker comes first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock


def built_once(
    factory: pytest.TempPathFactory, worker_id: str, name: str, build: Callable[[Path], object]
) -> Path:
    """Return a folder of this test run that ``build`` has filled; nobody may change it."""
    base = factory.getbasetemp()
    shared = (base if worker_id == "master" else base.parent) / name
    with FileLock(f"{shared}.lock"):
        done = shared.with_suffix(".done")
        if not done.exists():
            build(shared)
            done.touch()
    return shared
