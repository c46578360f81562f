"""The process beside a Dask worker that judges: one submission after another, in one sandbox.

    python -m autograder.cluster.station DESCRIPTOR

It is told the terms of the command that grades, answers with what this machine is like, and then
gets orders, one at a time. It is nobody's child by fork and judges in its main thread, so
everything holds that holds on one machine: the limits of ``judge/bounds.py``, which may end the
process, the sandbox, which lives as long as the thread that started it, one thread for torch.
It ends when the worker closes the line, or is no longer there to hold it.
"""

from __future__ import annotations

import os
import pickle
import select
import sys
import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec

from autograder.cluster.terms import (
    Facts,
    Failed,
    Judged,
    Measured,
    Order,
    Result,
    Terms,
    differences,
    fits,
)
from autograder.errors import AutograderError
from autograder.judge import worker
from autograder.line.limits import Isolation
from autograder.line.probe import available
from autograder.line.sandbox import Sandbox
from autograder.stages import Spent


def main(descriptor: int) -> None:
    """Serve the worker at the other end of a line until it lets go of it."""
    line: Connection[bytes, bytes] = Connection(descriptor)
    _end_with(line)
    terms = msgspec.msgpack.decode(line.recv_bytes(), type=Terms)
    facts = facts_of(terms)
    line.send_bytes(msgspec.msgpack.encode(facts))
    if not fits(terms, facts):
        return
    sandbox = Sandbox(level=facts.isolation, hide=[Path(terms.hide)])
    with suppress(AutograderError, OSError):  # the first order starts one, and says why it cannot
        sandbox.launch()  # which takes seconds, and so does what comes now
        worker.shared = sandbox.lobby
    from autograder.judge import preload  # noqa: F401

    while True:
        order = msgspec.msgpack.decode(line.recv_bytes(), type=Order)
        line.send_bytes(msgspec.msgpack.encode(carried_out(order, facts.isolation)))


def facts_of(terms: Terms) -> Facts:
    """Return what the command that grades must know of this machine."""
    differs = differences(terms)
    works, reason = available()
    return Facts(differs, "bwrap" if works else "none", reason, os.geteuid() == 0)


def carried_out(order: Order, isolation: Isolation) -> Result:
    """Return what comes of an order, with the isolation that there really is."""
    work = pickle.loads(order.work)
    try:
        result = work(msgspec.structs.replace(order.job, isolation=isolation))
    except AutograderError as error:
        return Failed("AutograderError", error.what, error.where, error.todo)
    except Exception as error:
        return Failed(type(error).__name__, str(error))
    return Measured(result) if isinstance(result, Spent) else Judged(result)


def _end_with(line: Connection[bytes, bytes]) -> None:
    """End this process when the other end is gone, also while it judges.

    It holds nothing that must be put in order: its sandbox sees its line close.
    """
    gone = select.poll()
    gone.register(line.fileno(), 0)  # a hang-up is reported whatever one asks for

    def watch() -> None:
        gone.poll()
        os._exit(1)

    threading.Thread(target=watch, name="end with the worker", daemon=True).start()


if __name__ == "__main__":
    main(int(sys.argv[1]))
