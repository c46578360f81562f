"""Run something under limits of processor time and memory: going beyond them is the failure."""

from __future__ import annotations

import os
import resource
import signal
import traceback
from collections.abc import Callable

from autograder.inside.memory import address_space


def bounded(work: Callable[[], object], *, cpu_s: int = 30, memory_mb: int = 2048) -> str:
    """Do the work in a forked process; return "" or what ended it.

    Processor time is the process's own, so a busy machine changes nothing; the limits leave ten
    times what the work takes. Memory counts on top of what this process has.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        said = ""
        try:
            os.close(reading)
            limit = address_space() + memory_mb * 2**20
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
            resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
            work()
        except BaseException:
            said = traceback.format_exc()[-4000:]
        finally:
            os.write(writing, said.encode("utf-8", "replace"))
            os._exit(0)
    os.close(writing)
    with open(reading, encoding="utf-8") as stream:
        told = stream.read()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return told or (signal.Signals(-status).name if status < 0 else "")
