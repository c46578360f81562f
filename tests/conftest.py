"""What every test shares: where the repository is, and which tests this machine can run."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgresql

# Set before anything imports torch, and inherited by every process a test starts. There is a test
# process per core already; threads of their own make small tensors many times slower.
os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = next(
    (p for n in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(n))), None
)
NEEDS = {
    "sandbox": ("bubblewrap", shutil.which("bwrap")),
    "browser": ("chromium", CHROMIUM),
    "postgresql": ("postgresql", postgresql.program("initdb")),
}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what cannot run here, say so, and refuse to leave anything out under CI=true."""
    for marker, (package, found) in NEEDS.items():
        unable = [item for item in items if item.get_closest_marker(marker)] if not found else []
        if not unable:
            continue
        why = f"{len(unable)} tests marked '{marker}' cannot run: {package} is not installed"
        if os.environ.get("CI") == "true":
            pytest.exit(why, returncode=3)
        config.get_terminal_writer().line(why, red=True)
        config.hook.pytest_deselected(items=unable)
        items[:] = [item for item in items if item not in unable]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Look for garbage rarely, and not among thousands of tests that stay until the end."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout that is being tested."""
    return ROOT


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The system's Chromium; tests that ask for it carry the marker ``browser``."""
    assert CHROMIUM is not None
    return CHROMIUM


@pytest.fixture(scope="session")
def database_server() -> Iterator[postgresql.Server]:
    """A PostgreSQL server of this process; tests that ask for it carry the marker."""
    with postgresql.running() as server:
        yield server
