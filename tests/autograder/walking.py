"""Documents that a test types: their commands, the files they name, and what they say is printed.

In a ``console`` block a line ``$ ...`` is typed, and the others are what it prints, in short; a
``sh`` block is not typed. A block after a line that ends with a file's name in code is that file.
"""

from __future__ import annotations

import re
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

FENCE = re.compile(r"(?P<before>[^\n]*)\n\n```(?P<kind>\w+)\n(?P<body>.*?)```", re.DOTALL)
NAMED = re.compile(r"`([\w./-]+\.\w+)`:$")


@dataclass
class Command:
    """A line to type, and what the document says it prints."""

    text: str
    prints: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Apart:
    """What a reader does and a test cannot type: a program with windows, or hours of set-up."""

    text: str


@dataclass(frozen=True)
class File:
    """A file that the reader is to have in the course's folder."""

    name: str
    text: str


def steps(document: str) -> Iterator[Command | Apart | File]:
    """Yield what a document tells its reader to do, in order."""
    for fence in FENCE.finditer(document):
        if fence["kind"] == "console":
            yield from _commands(fence["body"])
        elif fence["kind"] == "sh":
            yield Apart(fence["body"].strip())
        elif named := NAMED.search(fence["before"]):
            yield File(named[1], fence["body"])


def _commands(body: str) -> Iterator[Command]:
    command: Command | None = None
    for line in body.splitlines():
        if line.startswith("$ "):
            if command is not None:
                yield command
            command = Command(line.removeprefix("$ "))
        elif command is not None:
            command.prints.append(line)
    if command is not None:
        yield command


def require_printed(command: Command, output: str) -> None:
    """Fail unless the output has the lines that the document shows, in their order.

    The lines of tables and white space do not matter; "…" stands for anything.
    """
    said = " ".join(re.sub(r"[─-╿]", " ", output).split())
    at = 0
    for line in command.prints:
        pieces = [re.escape(" ".join(piece.split())) for piece in line.split("…")]
        found = re.compile(".*?".join(pieces)).search(said, at)
        assert found, f"{command.text}\nthe document shows: {line}\nit printed:\n{output}"
        at = found.start()


class Shell:
    """A terminal with bash, which keeps its folder, its variables and its jobs."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self.folder = folder
        self._bash = subprocess.Popen(
            ["bash", "--norc", "--noprofile"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=dict(environ),
            encoding="utf-8",
        )
        self.type("set -m")  # as in a terminal: a job ends with all that it started

    def type(self, command: str) -> tuple[int, str]:
        """Type a line; return its exit code and what it printed."""
        assert self._bash.stdin is not None
        assert self._bash.stdout is not None
        end = uuid.uuid4().hex
        after = f'printf "%s\\t%d\\t%s\\n" "{end}" "$?" "$PWD"'
        self._bash.stdin.write(f"{{ {command}\n}} < /dev/null\n{after}\n")
        self._bash.stdin.flush()
        output = ""
        for line in self._bash.stdout:
            before, mark, told = line.partition(end)
            output += before
            if mark:
                _, code, folder = told.rstrip("\n").split("\t")
                self.folder = Path(folder)
                return int(code), output
        raise AssertionError(f"the shell ended at: {command}\n{output}")

    def close(self) -> None:
        """End the shell with everything that was started in it."""
        below = psutil.Process(self._bash.pid).children(recursive=True)
        for process in [*below, self._bash]:
            process.kill()
        self._bash.communicate()
        psutil.wait_procs(below, timeout=20)
