"""A worker ends with the process that it works for, however that one ended."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import threading


def end_with_parent() -> None:
    """Watch the process that started this one, from a thread; end when it is gone.

    A pool's worker waits for its next job on a pipe that it holds both ends of, so it would wait
    for ever once nobody is left to send one. It holds nothing that must be put in order: its
    sandbox sees its line close, and what is half-written is the next command's to sweep up.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, name="end with parent", daemon=True).start()
