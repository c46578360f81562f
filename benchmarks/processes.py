"""Which processes does a program leave behind?

A process that loses its parent is adopted by the nearest *subreaper* above it. Once this
process is one, everything a program started, however deep and however often it forked away,
stays below us in the process tree: what is still there when the program has ended, survived it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import time

import psutil

PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Become the subreaper of everything started from here on (Linux)."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "cannot become a subreaper")


def survivors(patience_s: float = 2.0) -> list[str]:
    """Return the command lines of the processes below this one, after giving them time to end."""
    deadline = time.monotonic() + patience_s
    while True:
        _reap()
        alive = [
            text for child in psutil.Process().children(recursive=True) if (text := _text(child))
        ]
        if not alive or time.monotonic() > deadline:
            return alive
        time.sleep(0.05)


def kill_survivors() -> None:
    """End every process below this one; new ones may appear while we look, so look again."""
    for _ in range(50):
        children = psutil.Process().children(recursive=True)
        for child in children:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        _reap()
        if not children:
            return
        time.sleep(0.02)


def _reap() -> None:
    """Collect adopted children that have ended (a subreaper has to, as init does)."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _text(process: psutil.Process) -> str:
    """Return the command line of a living process, "" for one that has ended."""
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return ""
        return " ".join(process.cmdline()) or process.name()
    except psutil.NoSuchProcess:
        return ""
