"""A stand-in for podman or docker, for machines where none runs: it understands their arguments.

What an engine would run in a container it runs in bubblewrap, with the same folders and the same
command, so the line to a fork server behind a container's wall can be tried out. It proves nothing
about the walls that a real engine builds.

    engine.py STAND_IN_FOR run|image|info|rm ARGUMENTS...
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from autograder.line import bubblewrap as walls

FLAGS = ("--rm", "--read-only", "--read-only-tmpfs=false")


def install(folder: Path, name: str) -> Path:
    """Put it into a folder under an engine's name."""
    program = folder / name
    root = Path(__file__).parents[3]
    program.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(root)!r})\n"
        "from tests.autograder.line.engine import main\nmain(sys.argv[1:])\n"
    )
    program.chmod(0o755)
    return program


def main(arguments: list[str]) -> None:
    verb, *rest = arguments
    if verb != "run":
        return
    volumes, command = understood(rest)
    staging = next(source for source, target in volumes.items() if target == walls.CODE)
    outer = walls.bubblewrap(walls.bwrap_program(), Path(staging), [])
    at = outer.index("--remount-ro")
    more = ["--setenv", "PYTHONPATH", ":".join(map(packages, range(len(walls.site_directories()))))]
    for source, target in volumes.items():
        if target != walls.CODE:
            more += ["--ro-bind", source, target]
    python = walls.python_command("bwrap", Path(staging))[0]
    assert command[0] == "python3"
    inside = [*outer[:at], *more, *outer[at:], python, *command[1:]]
    os.execv(inside[0], inside)


def understood(words: list[str]) -> tuple[dict[str, str], list[str]]:
    """Return the volumes, and the command after the image."""
    volumes: dict[str, str] = {}
    at = 0
    while words[at].startswith("--"):
        if words[at] in FLAGS:
            at += 1
            continue
        if words[at] == "--volume":
            source, target, mode = words[at + 1].split(":")
            assert mode == "ro"
            volumes[source] = target
        at += 2
    return volumes, words[at + 1 :]


def packages(index: int) -> str:
    return f"{walls.PACKAGES}/{index}"
