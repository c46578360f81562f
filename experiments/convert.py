"""Once: bring result files from one stamp per file to one per trial, and to the new key.

``python -m experiments.convert OLD`` with a tree of the commit before. A file gets the new key
where, by that tree, its hashes are today's and its trials' parameters too. Parameters change in
form only: no bound is None, not Infinity; tasks of the paper say how they are judged, which shows
in what was recorded; today's training names the kind of its task, which shows in its fields.
No trial runs. Deleted in the next commit.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from codehash import Code
from experiments import results
from experiments.paper_today_run import TASKS
from experiments.registry import experiments
from experiments.results import Made, Record, Result, finite, plain, save
from experiments.runner import changed

FACTS = """
import json
from experiments.registry import experiments
from experiments.results import load, plain, sources
found = {}
for e in experiments().values():
    r, wanted = load(e.name, False), {t.key: plain(t.parameters) for t in e.trials(False)}
    fresh = r.sources == sources(e.code)
    found[e.name] = fresh and all(wanted[k] == o["parameters"] for k, o in r.trials.items())
print(json.dumps(found))
"""
SHOWS = {"window_wrong": "window", "training_wrong": "reber", "first_rule": "two-classes"}
FIELDS = {frozenset(kind.__dataclass_fields__): name for name, kind in TASKS.items()}


def parameters_now(name: str, outcome: dict[str, Any], old: dict[str, Any]) -> dict[str, Any]:
    """Return a trial's parameters as today's rows write them."""
    new = finite(old)
    if old != new:
        assert old["protocol"]["mean_below"] == math.inf
    if "judging" in old:
        (judged,) = {SHOWS[field] for seed in outcome["seeds"] for field in seed if field in SHOWS}
        new["judged"] = judged
    if name.startswith("modern-") and "task" in old:
        kind = FIELDS[frozenset(old["task"])] if old["task"] else "reber"
        new["task"] = {"kind": kind, **old["task"]}
    return new


def main(old: Path) -> None:
    """Convert every file of the results."""
    command = [sys.executable, "-c", FACTS]
    facts = json.loads(
        subprocess.run(
            command, cwd=old, env={**os.environ, "PYTHONPATH": str(old)}, capture_output=True,
            text=True, check=True,
        ).stdout
    )  # fmt: skip
    before = Code(old, results.PACKAGES, results.PLUMBING)
    for file in sorted(results.RESULTS.glob("*.json")):
        data = json.loads((old / "experiments/results" / file.name).read_text())
        name, stamp = (
            data["experiment"],
            Made(*(data[k] for k in ("command", "revision", "device", "versions"))),
        )
        result = Result(name, False, earlier_wall_s=data["wall_s"])
        for key, outcome in data["trials"].items():
            parameters = outcome.pop("parameters", {})
            result.trials[key] = Record(
                parameters_now(name, outcome, parameters), plain(outcome), stamp
            )
        if name == "bench-layers":
            made_in = Path(sys.argv[2])  # the tree of its revision
            code = Code(made_in, results.PACKAGES, results.PLUMBING)
            module = "experiments.bench_layers"
            result.code, result.files = f"main {code.key(module)}", code.files(module)
        else:
            assert facts[name], name
            experiment = experiments()[name]
            result.code, result.files = results.key(experiment), results.files(experiment)
            other = {
                path
                for path, own in before.files(experiment.run.__module__).items()
                if own != result.files.get(path)
            }
            assert other <= EDITED, (name, other)
            assert not changed(result, experiment), (name, changed(result, experiment))
        save(result)


# What this commit edits: parameters read in their new form, and who judges read from them.
EDITED = {f"experiments/{name}.py" for name in ("paper_run", "paper_today_run", "protocol1997")}

if __name__ == "__main__":
    main(Path(sys.argv[1]))
