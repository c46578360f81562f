"""Which processes there are below this one, and whether some are gone."""

from __future__ import annotations

import time
from collections.abc import Sequence

import psutil


def gone(pids: list[int], within: float = 5.0) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if not any(psutil.pid_exists(p) and _status(p) != psutil.STATUS_ZOMBIE for p in pids):
            return True
        time.sleep(0.02)
    return False


def _status(pid: int) -> str:
    try:
        return str(psutil.Process(pid).status())
    except psutil.NoSuchProcess:
        return psutil.STATUS_ZOMBIE


def descendants(but: Sequence[int] = ()) -> list[int]:
    children = psutil.Process().children(recursive=True)
    return [child.pid for child in children if child.pid not in but]
