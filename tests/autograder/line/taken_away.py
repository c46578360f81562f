"""How a wall inside the sandbox is taken away, to see that it is the one that stops an attack.

A copy of this file goes into a sandbox of the tests, next to `confine.py`. Each child is told
which walls to do without before it confines itself; being forked, it harms only its own.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Iterable
from typing import Any

RULES = '''
from dataclasses import dataclass as _dataclass
from autograder.inside import taken_away as _taken_away
_Rules = Rules
@_dataclass(frozen=True)
class Rules(_Rules):
    """The real rules, and which walls to do without."""
    without: tuple = ()
    def __post_init__(self):
        _taken_away.take_away(self.without)
'''


def nothing(*_: object) -> None:
    return None


def take_away(walls: Iterable[str]) -> None:
    from autograder.inside import confine

    for wall in walls:
        if wall.startswith("RLIMIT_"):
            _without_limit(getattr(resource, wall))
        elif wall.startswith("CLONE_"):
            setattr(confine, wall, 0)
        else:
            WALLS[wall](confine)


def _without_limit(unlimited: int) -> None:
    real = resource.setrlimit

    def setrlimit(limit: int, values: tuple[int, int]) -> None:
        if limit != unlimited:
            real(limit, values)

    resource.setrlimit = setrlimit


def _tmpfs(confine: Any, change: Any) -> None:
    real = confine._tmpfs

    def tmpfs(path: str, options: str, flags: int = 0) -> None:
        changed = change(path, options, flags)
        if changed is not None:
            real(*changed)

    confine._tmpfs = tmpfs


def _without_option(confine: Any, option: str) -> None:
    def change(path: str, options: str, flags: int) -> tuple[str, str, int]:
        kept = [part for part in options.split(",") if not part.startswith(option)]
        return path, ",".join(kept), flags

    _tmpfs(confine, change)


def _with_proc(confine: Any) -> None:
    _tmpfs(confine, lambda path, *rest: None if path == "/proc" else (path, *rest))


def _with_capabilities(confine: Any) -> None:
    confine.drop_capabilities = lambda: confine._prctl(confine.PR_SET_NO_NEW_PRIVS, 1)


WALLS = {
    "another user": lambda confine: setattr(confine, "give_up_root", nothing),
    "die with parent": lambda confine: setattr(confine, "die_with_parent", nothing),
    "system call filter": lambda confine: setattr(confine, "filter_system_calls", nothing),
    "capabilities": _with_capabilities,
    "closed descriptors": lambda confine: setattr(os, "closerange", nothing),
    "session of its own": lambda confine: setattr(os, "setsid", nothing),
    "empty /proc": _with_proc,
    "size of /tmp": lambda confine: _without_option(confine, "size="),
    "inodes of /tmp": lambda confine: _without_option(confine, "nr_inodes="),
    "no programs in /tmp": lambda confine: setattr(confine, "MS_NOEXEC", 0),
    "memory group": nothing,  # stands outside
}
