"""The other side of a rehearsal: a Python of its own that runs a student's cells.

    python -m autograder.judge.rehearsed

It reads one order from standard input and answers on standard output, a line of JSON each: what
the text of the cells says, then how each of them ended.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence

import msgspec

from autograder.judge.rehearsal import Order, Ran, Scan


def main() -> None:
    """Run the cells of one order."""
    orders, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb", buffering=0)
    _keep_from_student_code()
    gc.disable()  # importing makes next to no garbage, and much to look through for it
    from autograder.inside import wire
    from autograder.inside.runtime import Runtime
    from autograder.inside.scan import spellings
    from autograder.line.local import LocalTransport

    gc.enable()
    gc.freeze()
    transport = LocalTransport(Runtime(interruptible=True, own_process=True))
    order = msgspec.json.decode(orders.read(), type=Order)
    transport.request(wire.Refuse(spellings(order.refuse)), timeout=0.0)
    answers.write(
        msgspec.json.encode(_scans(order.cells, [*order.refuse, *order.elsewhere])) + b"\n"
    )
    for name, source in order.cells:
        body, _ = transport.request(wire.Exec(name, source), timeout=0.0)
        ran = Ran()
        if isinstance(body, wire.Failure):
            error = f"{body.kind}: {body.message}".removesuffix(": ")
            ran = Ran(error, body.kind, body.line, body.cell, body.name, body.way)
        answers.write(msgspec.json.encode(ran) + b"\n")


def _keep_from_student_code() -> None:
    """Let nothing come from standard input, and nothing but answers go to standard output."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.environ["MPLBACKEND"] = "agg"  # a window would wait for somebody to close it
    if sys.platform == "linux":
        from autograder.inside.confine import die_with_parent

        die_with_parent()


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
