"""Which result or chapter cell measures each claim of the documents, and what came out.

A claim is measured by a reading (``registry.reading``) of full results, or by a cell of a chapter
that calls ``measured``; the latter is looked up in the notebooks that the book's build executed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from experiments.harness.registry import Finding, Reading, experiments, readings
from experiments.harness.results import ROOT
from experiments.harness.runner import complete

CLAIMS_FILE = ROOT / "book" / "claims.yaml"
EXECUTED = ROOT / "_build" / "jupyter_execute"


@dataclass(frozen=True)
class Measured:
    """What current full results say about a claim, and the experiments that made them."""

    experiments: tuple[str, ...]
    finding: Finding


@dataclass(frozen=True)
class Status:
    """What is known about one measurable claim. ``agrees`` is None when nothing was measured."""

    claim: str
    verdict: str
    where: str
    text: str
    agrees: bool | None


def statuses(quick: bool) -> Iterator[Status]:
    """Yield the state of every measurable claim, in the order of the ledger."""
    by_result, measured = readings(), in_results(quick)
    in_chapters, executed = cells(), records()
    for claim in yaml.safe_load(CLAIMS_FILE.read_text()):
        if claim["measurable"] != "yes":
            continue
        name, verdict = claim["id"], claim["verdict"]
        if name in by_result:
            names, _ = by_result[name]
            where = "results " + ", ".join(names)
            if name in measured:
                finding = measured[name].finding
                yield Status(name, verdict, where, finding.text, finding.agrees)
            else:
                yield Status(name, verdict, where, "not all of its trials have run", None)
        elif name in executed:
            record = executed[name]
            # A cell whose number does not bear out the verdict stops the build.
            agrees = record["verdict"] == verdict
            yield Status(name, verdict, f"cell {in_chapters[name]}", record["text"], agrees)
        elif name in in_chapters:
            text = "run `make book` to see what came out"
            yield Status(name, verdict, f"cell {in_chapters[name]}", text, None)
        else:
            yield Status(name, verdict, "nowhere", "nothing measures this claim", None)


def in_results(quick: bool = False) -> dict[str, Measured]:
    """Return, by claim, what complete and current results say; claims without any are left out."""
    found = {}
    for claim, (names, read) in readings().items():
        finding = find(names, read, quick)
        if finding:
            found[claim] = Measured(names, finding)
    return found


def find(names: tuple[str, ...], read: Reading, quick: bool) -> Finding | None:
    """Return what complete, current results say, or None when some are missing."""
    known = experiments()
    trials = {}
    for name in names:
        if name not in known:
            raise ValueError(f"a claim's reading names {name!r}, which is no experiment")
        trials[name] = complete(known[name], quick)
        if not trials[name]:
            return None
    return read(trials)


def cells() -> dict[str, str]:
    """Return, by claim, the chapter with the cell that measures it."""
    return {
        claim: str(page.relative_to(ROOT))
        for page in sorted((ROOT / "book").glob("*.md"))
        for claim in re.findall(r"\bmeasured\(\s*\"([a-z0-9-]+)\"", page.read_text())
    }


def records(folder: Path = EXECUTED) -> dict[str, dict[str, Any]]:
    """Return, by claim, what the cells of the last build left in their outputs."""
    found = {}
    for file in sorted(folder.rglob("*.ipynb")):
        for cell in json.loads(file.read_text())["cells"]:
            for output in cell.get("outputs", []):
                record = output.get("metadata", {}).get("claim")
                if record:
                    found[record["claim"]] = record
    return found
