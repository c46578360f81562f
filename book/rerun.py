"""The experiments of 1997, run again: results by row, by learner and by changed detail.

The tables that stand them side by side are in ``tables_of_1997``.
"""

from __future__ import annotations

import re
from statistics import mean
from typing import Any, NamedTuple

from committed import committed
from results_of_1997 import ABLATED

from experiments.documents.rows import ROWS as DOCUMENT_ROWS
from experiments.harness.outcomes import seeds_of, successes
from experiments.paper.rows import ROWS
from experiments.search.rows import details
from experiments.tables.printed import modern_name

SAID = {  # what a detail of the search changes
    "": "as printed",
    "per-step": "weights change at every step",
    "factor-2": "rate × 2",
    "rate-4": "rate × 4",
    "rate-8": "rate × 8",
    "rate-half": "rate ÷ 2",
    "rate-tenth": "rate ÷ 10",
    "output-bias": "a bias for each output",
    "no-output-bias": "no bias at the output",
    "legal-targets": "all legal symbols wanted",
    "per-step-bias": "every step, and output biases",
    "per-step-bias-legal": "both, and all legal symbols",
    "late-cell": "the cell joins late",
    "late-cell-per-step": "late, and every step",
    "late-cell-shut": "late, with its gate shut",
    "scaled": "the usual g and h",
    "outputs-first": "the outputs learn first",
    "outputs-first-per-step": "outputs first, and every step",
    "two-marks": "always two marks",
    "two-marks-factor-2": "always two marks, rate × 2",
    "two-marks-rate-4": "always two marks, rate × 4",
    "two-marks-rate-8": "always two marks, rate × 8",
}
NO_BREAK = "\N{NO-BREAK SPACE}"
Outcome = dict[str, Any]


def title(row: str) -> str:
    """Return a row of the paper as a reader knows it: "2c-q50-p50" is "2c: q = 50, p = 50"."""
    task, _, rest = row.partition("-")
    if task == "5":
        allowed = next(known.protocol.wrong_below for known in ROWS if known.name == row) - 1
        return f"5: at most {allowed} wrong"
    said = [re.sub(r"^([qpTN])(\d+)$", r"\1 = \2", part) for part in rest.split("-") if part]
    said = [part.replace("x", " × ").replace("rate", "rate ") for part in said]
    kept = [part.replace(" ", NO_BREAK) for part in said]
    return f"{task}: {', '.join(kept)}" if kept else task


def trials_in(path: str) -> dict[str, Outcome]:
    """Return the outcomes of a file by trial, each with its parameters."""
    found = committed(path)
    return {
        key: {**outcome, "parameters": found.parameters[key]}
        for key, outcome in found.outcomes.items()
    }


def outcomes(name: str) -> list[Outcome]:
    """Return the trials of one experiment, such as "paper-6a"."""
    return list(trials_in(f"experiments/results/{name}.json").values())


def learners(row: str) -> dict[str, Outcome]:
    """Return one row of the documents' table, such as "adding-100": outcomes by learner."""
    return trials_in(f"experiments/results/documents-{row}.json")


def seeds(name: str) -> list[dict[str, Any]]:
    """Return the records of all nets of one experiment."""
    return seeds_of(outcomes(name))


def share(name: str) -> str:
    """Return how many nets of an experiment solved it: "3 of 8"."""
    solved, count = successes(outcomes(name))
    return f"{len(solved)} of {count}"


class Again(NamedTuple):
    """One row of the paper, run again by its recipe or with a detail changed."""

    row: str
    paper: int  # the paper's mean number of sequences to success
    solved: list[int]  # the same for each net here that met the paper's rule
    count: int  # of nets
    budget: int

    @property
    def ratio(self) -> float | None:
        """Return the mean of the solved, as a multiple of the paper's; None without one."""
        return mean(self.solved) / self.paper if self.solved else None

    def in_words(self) -> str:
        """Return the ratio for a sentence or a table."""
        return f"{self.ratio:.2f}" if self.ratio else f"not within {self.budget / self.paper:.1f}"


def again(row: str, detail: str = "") -> Again:
    """Return a row of the paper as it came out here; ``detail`` names the one that was changed."""
    name = f"search-{row}-{detail}" if detail else f"paper-{row}"
    paper = next(known.paper for known in ROWS if known.name == row)
    trials = outcomes(name)
    solved, count = successes(trials)
    return Again(row, paper, solved, count, max(trial["budget"] for trial in trials))


def ratio_today(row: str) -> float:
    """Return how many times the paper's sequences a net took by today's training, on average."""
    solved, _ = successes(outcomes(f"modern-{modern_name(row)}"))
    return mean(solved) / again(row).paper


def rows_of_paper() -> list[Again]:
    """Return all rows of the paper, by its recipe as printed."""
    return [again(row.name) for row in ROWS]


def every_recipe(*rows: str) -> list[Again]:
    """Return rows of the paper, each as printed and with every detail that was tried."""
    return [again(row, detail) for row in rows for detail in ("", *details(row))]


def zeros() -> list[Outcome]:
    """Return the cells where the document prints that no trial succeeded."""
    return [
        learners(row.name)[learner]
        for row in DOCUMENT_ROWS
        for learner, printed in row.document.items()
        if printed == "0/10"
    ]


def near(learner: str, nets: int) -> int:
    """Return in how many rows a learner's count is the document's, give or take some nets."""
    pairs = (
        (int(row.document[learner].partition("/")[0]), learners(row.name)[learner]["solved"])
        for row in DOCUMENT_ROWS
    )
    return sum(abs(printed - found) <= nets for printed, found in pairs)


def surprising(task: str) -> float:
    """Return the share of the middle of task 2a or 2b that surprises trained chunkers."""
    shares = [trial.get("surprising", []) for trial in outcomes(f"losers-{task}")]
    return mean(share for some in shares for share in some)


def ablated(task: str, variant: str) -> Outcome | None:
    """Return the outcome of one task with one change, None where it was not tried."""
    found: Outcome = {}
    for path in ABLATED[task]:
        found |= trials_in(path)
    return found.get(variant)


def ahead() -> tuple[int, int]:
    """Return in how many rows a larger share of nets passes with Adam, and by the recipe."""
    pairs = [(outcomes(f"modern-{modern_name(r.name)}"), outcomes(f"paper-{r.name}")) for r in ROWS]
    gaps = [part_of(today) - part_of(recipe) for today, recipe in pairs]
    return sum(gap > 0 for gap in gaps), sum(gap < 0 for gap in gaps)


def part_of(trials: list[Outcome]) -> float:
    """Return which part of all nets of some trials met their criterion."""
    solved, count = successes(trials)
    return len(solved) / count
