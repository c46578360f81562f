"""Results on disk: one JSON file per experiment, with everything needed to make it again.

A file holds the command, the code it was made by, versions, device, wall time and one record per
trial. Trials are written as they finish, so a run that is stopped goes on where it was. A
result remembers a hash of each source file it depends on: when the code in one has changed since
(comments and docstrings do not count), the result is stale and ``python -m experiments check``
says so.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from experiments.registry import Outcome

ROOT = Path(__file__).resolve().parent.parent
RESULTS = Path(__file__).resolve().parent / "results"
# Plumbing: it moves results about and cannot change them.
PLUMBING = {"experiments/registry.py", "experiments/results.py", "experiments/runner.py"}


@dataclass
class Result:
    """What one experiment found so far."""

    experiment: str
    quick: bool
    command: str = ""
    revision: str = ""
    sources: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    device: str = ""
    wall_s: float = 0.0  # summed over all runs that added trials
    trials: dict[str, Outcome] = field(default_factory=dict)


def path(experiment: str, quick: bool) -> Path:
    """Return where a result is kept; quick ones stay apart from full ones and out of git."""
    return RESULTS / ("quick" if quick else "") / f"{experiment}.json"


def load(experiment: str, quick: bool) -> Result | None:
    """Read a result, or None when there is none. Raises ValueError naming an unreadable file."""
    file = path(experiment, quick)
    if not file.exists():
        return None
    try:
        return Result(**json.loads(file.read_text()))
    except (ValueError, TypeError) as error:
        raise ValueError(f"{file} is not a result: {error}. Delete it and run again.") from None


def save(result: Result) -> None:
    """Write a result so that a stop at any moment leaves the old file or the new one."""
    file = path(result.experiment, result.quick)
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    new.write_text(json.dumps(asdict(result), indent=1, sort_keys=True) + "\n")
    os.replace(new, file)


def stamp(result: Result, command: str, sources: dict[str, str], device: str) -> None:
    """Record where the trials that are about to be added come from."""
    result.command, result.device = command, device
    result.revision = revision()
    result.sources = sources
    result.versions = {
        "python": platform.python_version(),
        **{name: version(name) for name in ("torch", "numpy", "numba")},
    }


def plain(data: Any) -> Any:
    """Return data as JSON gives it back: lists for tuples, strings for keys."""
    return json.loads(json.dumps(data))


def sources(modules: Iterable[str]) -> dict[str, str]:
    """Return the hash of every file of the project that these modules are made of.

    Imports are followed through ``experiments`` and ``solutions``.
    """
    found: dict[str, str] = {}
    waiting = [file for module in modules for file in _files(module)]
    while waiting:
        name = waiting.pop()
        if name not in found and name not in PLUMBING:
            found[name] = source_hash(name)
            waiting += _imported(name)
    return dict(sorted(found.items()))


@cache
def _imported(name: str) -> list[str]:
    """Return the project's files that a file imports."""
    files: list[str] = []
    for node in ast.walk(ast.parse((ROOT / name).read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            files += _files(node.module)
            files += [file for a in node.names for file in _files(f"{node.module}.{a.name}")]
        elif isinstance(node, ast.Import):
            files += [file for a in node.names for file in _files(a.name)]
    return files


def _files(module: str) -> list[str]:
    """Return the file of one of the project's modules, as a list; empty for anything else."""
    if module.partition(".")[0] not in ("experiments", "solutions"):
        return []
    name = module.replace(".", "/") + ".py"
    return [name] if (ROOT / name).exists() else []


@cache
def source_hash(name: str) -> str:
    """Return a short hash of the code in a file, given relative to the repository's root."""
    file = ROOT / name
    if not file.exists():
        return "gone"
    tree = ast.parse(file.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node, clean=False
        ):
            node.body = node.body[1:] or [ast.Pass()]
    return hashlib.sha256(ast.unparse(tree).encode()).hexdigest()[:16]


def revision() -> str:
    """Return the git revision, marked when the working tree differs from it."""
    git = ["git", "-C", str(ROOT)]
    head = subprocess.run([*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True)
    dirty = subprocess.run(
        [*git, "status", "--porcelain", "--", "solutions", "experiments/*.py"],
        capture_output=True,
        text=True,
    )
    return (head.stdout.strip() or "none") + ("+changes" if dirty.stdout.strip() else "")


def device_name(device: str) -> str:
    """Return what the trials ran on, in words."""
    if device.startswith("cuda"):
        import torch

        return torch.cuda.get_device_name(device)
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return f"{line.partition(':')[2].strip()}, {os.cpu_count()} cores"
    return platform.processor() or platform.machine()
