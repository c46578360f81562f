"""Where the time goes: seconds by stage, for `grade --profile`.

    with stage("pair"):
        ...

Stages may lie in each other; the time of an inner one is not counted for the outer one too.
While nobody has asked for a profile nothing is measured. One thread of each process has stages.
"""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext

import msgspec

Seconds = tuple[float, float]  # by the clock on the wall, and of this process's processor time


class Spent(msgspec.Struct, frozen=True):
    """What one job took: its result, and what it cost its worker."""

    result: bytes
    seconds: dict[str, Seconds]
    once: dict[str, float]  # processor time of what all jobs share, the same in every answer


once: dict[str, float] = {}
_seconds: dict[str, Seconds] = {}
_open: list[str] = []
_last = (0.0, 0.0)
_on = False
_nothing = nullcontext()


def switch_on() -> None:
    """Measure from now on."""
    global _on, _last
    if not _on:
        _on, _last = True, (time.perf_counter(), time.process_time())


def stage(name: str) -> AbstractContextManager[object]:
    """Count the time of the block for this stage."""
    return _Stage(name) if _on else _nothing


def add(name: str, processor_s: float) -> None:
    """Count processor time that another process has spent on a stage."""
    if _on:
        wall, cpu = _seconds.get(name, (0.0, 0.0))
        _seconds[name] = (wall, cpu + processor_s)


def take() -> dict[str, Seconds]:
    """Return what was measured since the last call."""
    global _seconds
    taken, _seconds = _seconds, {}
    return taken


class _Stage:
    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        _charge()
        _open.append(self._name)

    def __exit__(self, *exc: object) -> None:
        _charge()
        _open.pop()


def _charge() -> None:
    """Give the time since the last border between stages to the innermost one."""
    global _last
    now = (time.perf_counter(), time.process_time())
    if _open:
        wall, cpu = _seconds.get(_open[-1], (0.0, 0.0))
        _seconds[_open[-1]] = (wall + now[0] - _last[0], cpu + now[1] - _last[1])
    _last = now
