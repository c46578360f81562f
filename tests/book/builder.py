"""Builds one book after the other, each in a process forked from this one.

What a build imports takes longer than a small book; here it is imported once. `building.py` starts
this file, writes a request a line, and reads an exit status a line.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module

from jupyter_book.cli.main import main

# What every build comes to, and only in its midst.
LATER = ("jupyter_book.sphinx", "sphinxext.opengraph", "experiments.harness.ledger")


def build(source: str, output: str, log: str) -> None:
    """Do what the command does; this process ends with its exit status."""
    file = os.open(log, os.O_WRONLY | os.O_APPEND)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # requests are for the process above
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.chdir(source)
    main(["build", source, "--path-output", output, "-W", "-n", "--keep-going"])


if __name__ == "__main__":
    for name in LATER:
        import_module(name)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            build(*json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
