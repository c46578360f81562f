"""Keep a stale result whose code was only said differently: run some trials by old and new code.

For a result whose code has changed since: find the revision whose code has the key that the result
was made by, take it out of git into a tree of its own, and run the experiment's quick trials with
that code and with today's, on this machine, and one full trial too where one takes less than a
minute. When everything that comes out is equal, the trials are kept, the result gets today's key,
and a note says when, who and which trials. Otherwise it stays stale, and the value that differs is
named. Nothing else brings a stale result up to date but running it again.

What measures time never comes out the same, and changed parameters are another trial: both are
refused. How much slips through is measured by ``python -m benchmarks.replay``.
"""

from __future__ import annotations

import getpass
import json
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

from experiments.harness import results
from experiments.harness.registry import Experiment, Trial
from experiments.harness.results import Result, device_name, files, key, plain, revision, save
from experiments.harness.runner import changed, changed_trials

TREES = results.ROOT / ".cache" / "replay"
IN_TREE = Path(__file__).with_name("in_tree.py")
CODE = ("codehash", *results.PACKAGES)  # what a tree holds
SHORT = 60.0  # seconds: a full trial that takes less is run too

# By experiment, then by what a trial is called here: "quick group0", "full group2".
Jobs = dict[str, dict[str, Trial]]
Outcomes = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Verdict:
    """What became of a result: kept, or not and why."""

    name: str
    kept: bool
    why: str


def replay(chosen: Sequence[Experiment]) -> Iterator[Verdict]:
    """Try to bring results up to date; yield what became of each that is stale."""
    stale: dict[str, tuple[Experiment, Result]] = {}
    for experiment in chosen:
        result = results.load(experiment.name, quick=False)
        if result is None or not changed(result, experiment):
            continue
        why = refused(result, experiment)
        if why:
            yield Verdict(experiment.name, False, why)
        else:
            stale[experiment.name] = experiment, result
    by_tree: dict[Path, list[str]] = {}
    bases = made_in({name: result.code for name, (_, result) in stale.items()})
    for name in stale:
        if name in bases:
            by_tree.setdefault(bases[name], []).append(name)
        else:
            yield Verdict(name, False, "no revision has the code that made it: run it again")
    for tree, names in by_tree.items():
        chosen_trials = {name: trials_to_run(*stale[name]) for name in names}
        then, now = all_run_in([tree, results.ROOT], chosen_trials)
        for name in names:
            other = next(chain(failures(now[name]), differences(then[name], now[name])), "")
            if not other:
                keep(*stale[name], tree.name, chosen_trials[name])
            count = len(chosen_trials[name])
            yield Verdict(name, not other, other or f"{count} trials come out as in {tree.name}")


def refused(result: Result, experiment: Experiment) -> str:
    """Return why a result cannot be replayed, or nothing."""
    trials = changed_trials(result, experiment)
    if trials:
        return f"{', '.join(trials)}: other parameters today, or no such trial; run it again"
    if experiment.timed:
        return "it measures time, which never comes out the same: run it again"
    return ""


def trials_to_run(experiment: Experiment, result: Result) -> dict[str, Trial]:
    """Return the quick trials, and the shortest full one that is short, by what they are called."""
    chosen = {f"quick {trial.key}": trial for trial in experiment.trials(True)}
    seconds = {
        name: record.made.seconds or experiment.seconds for name, record in result.trials.items()
    }
    full = {trial.key: trial for trial in experiment.trials(False) if trial.key in seconds}
    shortest = min(full, key=lambda name: seconds[name], default=None)
    if shortest is not None and seconds[shortest] < SHORT:
        chosen[f"full {shortest}"] = full[shortest]
    return chosen


def made_in(wanted: dict[str, str]) -> dict[str, Path]:
    """Return, by experiment, the tree of the newest revision whose code has the wanted key."""
    found: dict[str, Path] = {}
    for name in git("rev-list", "--abbrev-commit", "--abbrev=12", "HEAD", "--", *CODE).split():
        if len(found) == len(wanted):
            break
        tree = tree_of(name)
        if tree is None:
            break  # from before there were keys
        keys = keys_in(tree)
        found |= {
            name: tree
            for name, code in wanted.items()
            if name not in found and keys.get(name) == code
        }
    return found


def tree_of(name: str) -> Path | None:
    """Return a tree with the code of a revision, or None when it has no keys yet.

    Trees stay where they are: their compiled kernels serve again.
    """
    tree = TREES / name
    if not tree.exists():
        if not git("ls-tree", name, CODE[0]):
            return None
        tree.parent.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(dir=tree.parent))
        command = ["git", "-C", results.ROOT, "archive", name, "--", *CODE, ":!experiments/results"]
        archive = subprocess.run(command, check=True, capture_output=True).stdout
        subprocess.run(["tar", "-x", "-C", new], input=archive, check=True)
        new.rename(tree)
    return tree


def keys_in(tree: Path) -> dict[str, str]:
    """Return the key of every experiment, by the code in a tree."""
    known = tree / "keys.json"
    if not known.exists():
        in_tree(tree, None, known).wait()
    return dict(json.loads(known.read_text()))


def run_in(tree: Path, jobs: Jobs) -> Outcomes:
    """Run trials by the code in a tree; return outcomes by experiment and trial."""
    return next(iter(all_run_in([tree], jobs)))


def all_run_in(trees: Sequence[Path], jobs: Jobs) -> list[Outcomes]:
    """Run the same trials in several trees at the same time."""
    with tempfile.TemporaryDirectory() as folder:
        asked = Path(folder, "asked")
        answers = [Path(folder, f"{k}") for k in range(len(trees))]
        parameters = {
            name: {called: trial.parameters for called, trial in trials.items()}
            for name, trials in jobs.items()
        }
        asked.write_bytes(pickle.dumps(parameters))
        running = [in_tree(tree, asked, file) for tree, file in zip(trees, answers, strict=True)]
        for process in running:
            process.wait()
        return [json.loads(file.read_text()) for file in answers]


def in_tree(tree: Path, asked: Path | None, answer: Path) -> Running:
    """Start the program that works with the code of a tree."""
    command = [sys.executable, "-P", str(IN_TREE), str(answer), *([str(asked)] if asked else [])]
    # Each tree keeps its compiled kernels to itself.
    environment = {name: v for name, v in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    environment["PYTHONPATH"] = str(tree)
    return Running(tree, subprocess.Popen(command, cwd=tree, env=environment))


@dataclass
class Running:
    """A process that works with the code of a tree."""

    tree: Path
    process: subprocess.Popen[bytes]

    def wait(self) -> None:
        """Wait until it has done its work."""
        if self.process.wait():
            raise RuntimeError(f"the code of {self.tree} did not run; what it said stands above")


def failures(outcomes: dict[str, Any]) -> Iterator[str]:
    """Yield what could not be run by today's code: two failures alike would say nothing."""
    for called, outcome in outcomes.items():
        if "failed" in outcome:
            yield f"{called} fails by today's code: {outcome['failed']}"


def differences(old: Any, new: Any, where: str = "") -> Iterator[str]:
    """Yield where two pieces of plain data are not equal, and what stands there."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted(old.keys() | new.keys()):
            here = f"{where}.{name}" if where else name
            if name not in old or name not in new:
                yield f"{here} is {'new' if name in new else 'gone'}"
            else:
                yield from differences(old[name], new[name], here)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for k, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from differences(one, other, f"{where}[{k}]")
    elif type(old) is not type(new) or old != new:
        yield f"{where} was {old!r}, is {new!r}"


def keep(experiment: Experiment, result: Result, base: str, trials: dict[str, Trial]) -> None:
    """Write today's key, and how it came to stand there."""
    note = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "by": who(),
        "device": device_name("cpu"),
        "from": {"revision": base, "code": result.code},
        "to": {"revision": revision(), "code": key(experiment)},
        "trials": list(trials),
        "versions": results.versions(),
    }
    result.replays.append(plain(note))
    result.code, result.files = key(experiment), files(experiment)
    save(result)


@cache
def who() -> str:
    """Return the name that git knows, or the user's."""
    return git("config", "--get", "user.name", check=False) or getpass.getuser()


def git(*arguments: str, check: bool = True) -> str:
    """Return what git says about this repository."""
    command = ["git", "-C", str(results.ROOT), *arguments]
    return subprocess.run(command, check=check, capture_output=True, text=True).stdout.strip()
