"""A pool's workers end with the process that made the pool, even one that is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import psutil

WAITING = """
import multiprocessing, sys, time
from autograder.judge.pool import local_executor

if __name__ == "__main__":
    pool = local_executor(2)
    list(pool.map(abs, range(8)))
    print(*(child.pid for child in multiprocessing.active_children()), flush=True)
    time.sleep(600)
"""


def test_idle_workers_end_with_a_killed_parent() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WAITING], stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        workers = [psutil.Process(int(pid)) for pid in run.stdout.readline().split()]
        assert workers
        assert all(worker.is_running() for worker in workers)
        run.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 30
    while any(worker.is_running() for worker in workers):
        assert time.monotonic() < deadline
        time.sleep(0.05)
