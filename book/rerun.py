"""The experiments of 1997, run again: what was printed and what was measured, side by side.

A cell's words are those of ``python -m experiments table``: a trial that did not meet its
criterion within its budget is not solved, and the cell says what it can do instead.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import mean
from typing import Any, NamedTuple

from committed import committed
from results_of_1997 import ABLATED, LOSERS, MOVED
from style import Table, table

from experiments.documents.rows import COLUMNS, table_documents
from experiments.documents.rows import ROWS as DOCUMENT_ROWS
from experiments.harness.outcomes import describe, seeds_of, successes
from experiments.paper.rows import ROWS
from experiments.search.rows import details
from experiments.tables.printed import cell, modern_name

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


def documents_table() -> Table:
    """Return the document's cells, each beside what was measured; rows are tasks."""
    rows = table_documents()
    printed = [name for name in COLUMNS if name in rows[0]["document"]]
    body = []
    for row in rows:
        cells = trials_in(f"experiments/results/{row['experiment']}.json")
        said = (f"{row['document'][name]} | {cell([cells[name]])[1]}" for name in printed)
        body.append((row["title"], *said))
    return table(["task", *(COLUMNS[name] for name in printed)], body)


def moved_table() -> Table:
    """Return learners of adding, T = 100, with both marks early, and with one of them late."""
    early = learners("adding-100")
    body = [
        (COLUMNS[name], f"{early[name]['budget']:,}", cell([early[name]])[1], cell([late])[1])
        for name, late in trials_in(MOVED).items()
    ]
    return table(["learner", "budget", "both in the first half", "one in the last half"], body)


def paper_table() -> Table:
    """Return the paper's rows: its own figures, its recipe run again, and today's training."""
    body = []
    for row in ROWS:
        done = seeds(f"paper-{row.name}")
        wrong = [seed["test_wrong"] for seed in done if seed["solved"]]
        body.append(
            (
                title(row.name),
                f"{row.paper:,}, {row.paper_success}",
                cell(outcomes(f"paper-{row.name}"))[1],
                f"{mean(wrong):.1f}" if wrong else "—",
                cell(outcomes(f"modern-{modern_name(row.name)}"))[1],
            )
        )
    header = ["task", "paper: sequences, solved", "its recipe, here", "then wrong", "Adam, here"]
    return table(header, body)


def search_table(rows: Sequence[str]) -> Table:
    """Return rows of the paper as printed, and below each what one changed detail does."""
    body = []
    for row in rows:
        for detail in ("", *details(row)):
            found = again(row, detail)
            solved = f"{len(found.solved)} of {found.count}"
            body.append((f"{title(row)}; {SAID[detail]}", solved, found.in_words()))
    return table(["recipe", "solved", "times the paper's sequences"], body)


def ablation_table(variants: dict[str, str]) -> Table:
    """Return what is left of three tasks when something is taken out; titles are the values."""
    body = []
    for variant, title in variants.items():
        cells = (ablated(task, variant) for task in ABLATED)
        body.append((title, *(describe([found])[1] if found else "—" for found in cells)))
    return table(["net", *ABLATED], body)


def ablated(task: str, variant: str) -> Outcome | None:
    """Return the outcome of one task with one change, None where it was not tried."""
    found: Outcome = {}
    for path in ABLATED[task]:
        found |= trials_in(path)
    return found.get(variant)


def lost_table(names: dict[str, str], lengths: Sequence[int]) -> Table:
    """Return how the models that lost do on tasks 2a and 2b, each at the best of its rates."""
    header = ["model"]
    body: dict[str, list[str]] = {name: [] for name in names}
    for task, path in LOSERS.items():
        found = trials_in(path)
        for length in lengths:
            header.append(f"{task}, p = {length}")
            for name in names:
                trials = [
                    trial
                    for trial in found.values()
                    if trial["parameters"]["learner"] == name and trial["parameters"]["p"] == length
                ]
                best = min(trials, key=lambda trial: sum(s["sequences"] for s in trial["seeds"]))
                body[name].append(describe([best])[1])
    return table(header, [(names[name], *cells) for name, cells in body.items()])
