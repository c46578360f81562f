"""The other side of a rehearsal: a Python of its own that runs a student's cells.

    python -m autograder.student.rehearsed

It reads one order, a line of JSON, from standard input and answers on standard output, a line each:
what the text of the cells says, then how each of them ended. It needs nothing that only some
systems have.
"""

from __future__ import annotations

import gc
import os
import threading
import time
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from autograder.student.rehearsal import Order, Ran, Scan

QUICK_S = 5.0  # a test that took longer is not computed again to say more about it
LOOKED = "__looked_at__"


def main() -> None:
    """Run the cells of one order."""
    orders, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb", buffering=0)
    _keep_from_student_code()
    gc.disable()  # importing makes next to no garbage, and much to look through for it
    import torch

    from autograder.inside import wire
    from autograder.inside.runtime import Runtime
    from autograder.inside.scan import spellings
    from autograder.line.local import LocalTransport
    from autograder.student import assertion

    gc.enable()
    gc.freeze()
    runtime = Runtime(interruptible=True, own_process=True)
    transport = LocalTransport(runtime)
    line = orders.readline()
    if not line:
        return  # there was nothing to run
    threading.Thread(target=_end_with_the_other_side, args=(orders.fileno(),), daemon=True).start()
    order = msgspec.json.decode(line, type=Order)
    transport.request(wire.Refuse(spellings(order.refuse)), timeout=0.0)
    answers.write(
        msgspec.json.encode(_scans(order.cells, [*order.refuse, *order.elsewhere])) + b"\n"
    )

    def evaluate(expression: str) -> Any:
        """Compute something in the notebook, as a cell would, its random numbers put back."""
        with torch.random.fork_rng(devices=[]):
            transport.request(wire.Exec(LOOKED, f"{LOOKED} = {expression}"), timeout=0.0)
        return runtime.namespace.pop(LOOKED)

    for name, source in order.cells:
        start = time.monotonic()
        body, _ = transport.request(wire.Exec(name, source), timeout=0.0)
        ran = Ran()
        if isinstance(body, wire.Failure):
            error = f"{body.kind}: {body.message}".removesuffix(": ")
            ran = Ran(error, body.kind, body.line, body.cell, body.name, body.way)
            if body.kind == "AssertionError" and body.cell == name:
                quick = time.monotonic() - start < QUICK_S
                ran = replace(
                    ran,
                    examined=assertion.purpose(source, body.line),
                    came_back=assertion.came_back(source, body.line, evaluate) if quick else "",
                )
        answers.write(msgspec.json.encode(ran) + b"\n")


def _keep_from_student_code() -> None:
    """Let nothing come from standard input, and nothing but answers go to standard output."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.environ["MPLBACKEND"] = "agg"  # a window would wait for somebody to close it


def _end_with_the_other_side(orders: int) -> None:
    """End this process, whatever it runs, when nobody is left who waits for its answers."""
    while os.read(orders, 1):
        pass
    os._exit(1)


def _scans(cells: Sequence[tuple[str, str]], refuse: Sequence[str]) -> list[Scan]:
    from autograder.inside.scan import refused_names
    from autograder.inside.source import Unread

    aliases: dict[str, str] = {}
    scans = []
    for _, source in cells:
        try:
            found = refused_names(source, refuse, aliases)
        except Unread as reason:
            scans.append(Scan(unread=str(reason)))
        else:
            scans.append(Scan({name: line for line, name in reversed(found)}))
    return scans


if __name__ == "__main__":
    main()
