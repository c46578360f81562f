"""Run a notebook's own cells in a fresh Python: what a student's `check` does, without walls."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection

from autograder.errors import AutograderError
from autograder.inside import wire
from autograder.judge.pool import fresh_processes
from autograder.line.local import LocalTransport

START_S = 120.0  # importing torch on a slow machine


@dataclass(frozen=True)
class Ran:
    """How one cell ended; ``error`` is empty when it ran through."""

    error: str = ""
    kind: str = ""
    line: int = 0
    cell: str = ""  # where the error was raised: another cell's function, perhaps
    name: str = ""  # the missing name of a NameError


def rehearse(cells: list[tuple[str, str]], cell_s: float) -> Iterator[Ran]:
    """Run the cells in a process of their own; what hangs or dies ends the run."""
    context = fresh_processes()
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, cells), daemon=True)
    process.start()
    theirs.close()
    try:
        if not ours.poll(START_S):
            raise AutograderError("Python did not start in time", todo="Try it again.")
        ours.recv()
        for name, _ in cells:
            if not ours.poll(cell_s):
                yield Ran(
                    f"did not finish within {cell_s:g} s. Is there an endless loop?", cell=name
                )
                return
            yield ours.recv()
    except EOFError:
        yield Ran("ended the Python process. Remove exit() and the like")
    finally:
        process.kill()
        process.join()


def _serve(connection: Connection, cells: list[tuple[str, str]]) -> None:
    """Run in the other process: execute the cells one by one and say how each went."""
    os.environ["MPLBACKEND"] = "agg"  # a window would wait for somebody to close it
    transport = LocalTransport()
    connection.send("ready")
    for name, source in cells:
        body, _ = transport.request(wire.Exec(name, source), timeout=0.0)
        if isinstance(body, wire.Failure):
            error = f"{body.kind}: {body.message}".removesuffix(": ")
            connection.send(Ran(error, body.kind, body.line, body.cell, body.name))
        else:
            connection.send(Ran())
