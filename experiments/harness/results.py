"""Results on disk: one JSON file per experiment, with everything needed to make it again.

A file holds one record per trial: its parameters, its outcome, and how it was made. Trials are
written as they finish, so a run that is stopped goes on where it was. A result remembers the key
of the code it was made by (``codehash``): when that code has changed since (where it lies,
comments and docstrings do not count), the result is stale and ``python -m experiments check``
says so.
"""

from __future__ import annotations

import json
import math
import os
import platform
import subprocess
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from codehash import Code
from experiments.harness.registry import Experiment, Outcome

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "experiments" / "results"
PACKAGES = ("experiments", "solutions")
# Plumbing: it moves results and compiled code about and cannot change what comes out.
PLUMBING = ("experiments/__init__.py", "experiments/harness/")


@dataclass
class Made:
    """How a trial was made.

    Until November 2026 a file had one stamp. Trials from then hold a copy of it: code, device and
    versions are theirs; revision and command are of the last run that added a trial to the file;
    ``seconds`` is None, and the file's ``earlier_wall_s`` holds their sum.
    """

    command: str
    revision: str
    device: str
    versions: dict[str, str]
    seconds: float | None = None


@dataclass
class Record:
    """One trial: what decided it, what came out, and how."""

    parameters: dict[str, Any]
    outcome: Outcome
    made: Made


@dataclass
class Result:
    """What one experiment found so far."""

    experiment: str
    quick: bool
    code: str = ""  # the key of what ran
    files: dict[str, str] = field(default_factory=dict)  # the code's files then, and their hashes
    trials: dict[str, Record] = field(default_factory=dict)
    earlier_wall_s: float = 0.0  # of trials whose own time is not known
    replays: list[dict[str, Any]] = field(default_factory=list)  # by which the code was kept up

    @property
    def wall_s(self) -> float:
        """How long all trials took."""
        known = (record.made.seconds or 0.0 for record in self.trials.values())
        return round(self.earlier_wall_s + sum(known), 2)


def path(experiment: str, quick: bool) -> Path:
    """Return where a result is kept; quick ones stay apart from full ones and out of git."""
    return RESULTS / ("quick" if quick else "") / f"{experiment}.json"


def load(experiment: str, quick: bool) -> Result | None:
    """Read a result, or None when there is none. Raises ValueError naming an unreadable file."""
    file = path(experiment, quick)
    if not file.exists():
        return None
    try:
        result = Result(**json.loads(file.read_text()))
        result.trials = {
            key: Record(data["parameters"], data["outcome"], Made(**data["made"]))
            for key, data in result.trials.items()
        }
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{file} is not a result: {error}. Delete it and run again.") from None
    return result


def save(result: Result) -> None:
    """Write a result so that a stop at any moment leaves the old file or the new one."""
    file = path(result.experiment, result.quick)
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    text = json.dumps(asdict(result), indent=1, sort_keys=True, allow_nan=False)
    new.write_text(text + "\n")
    os.replace(new, file)


def made(command: str, device: str, seconds: float) -> Made:
    """Return how a trial was made that just ran on a device (in words)."""
    return Made(command, revision(), device, versions(), round(seconds, 3))


def versions() -> dict[str, str]:
    """Return the versions of what computes."""
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in ("torch", "numpy", "numba")},
    }


def plain(data: Any) -> Any:
    """Return data as JSON gives it back: lists for tuples, strings for keys.

    Raises ValueError for numbers that JSON does not have: infinities, and what is no number.
    """
    return json.loads(json.dumps(data, allow_nan=False))


def finite(data: Any) -> Any:
    """Return an outcome with None in place of infinities and of what is no number."""
    if isinstance(data, dict):
        return {key: finite(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [finite(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data


@cache
def code() -> Code:
    """Return the code as it is on disk when first asked."""
    return Code(ROOT, PACKAGES, PLUMBING)


def key(experiment: Experiment) -> str:
    """Return the key of what runs an experiment: a function, and the code it is made of."""
    run = experiment.run
    return f"{run.__name__} {code().key(run.__module__)}"


def files(experiment: Experiment) -> dict[str, str]:
    """Return the files that the key covers, each with the hash of its own code."""
    return code().files(experiment.run.__module__)


@cache
def revision() -> str:
    """Return the git revision, marked when the working tree differs from it."""
    git = ["git", "-C", str(ROOT)]
    head = subprocess.run([*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True)
    dirty = subprocess.run(
        [*git, "status", "--porcelain", "--", *PACKAGES, ":!experiments/results"],
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
