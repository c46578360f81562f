"""The experiments of 1997, run again: what was printed and what was measured, side by side.

Names of files stand in full, so that a page that imports this module runs again when one of them
changes. A cell's words are those of ``python -m experiments table``: a trial that did not meet its
criterion within its budget is not solved, and the cell says what it can do instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean
from typing import Any, NamedTuple

from committed import committed
from style import Table, table

from experiments.documents.rows import COLUMNS, table_documents
from experiments.harness.outcomes import describe, seeds_of, successes
from experiments.paper.rows import ROWS
from experiments.search.rows import details
from experiments.tables.printed import modern_name

DOCUMENTS = (
    "experiments/results/documents-reber.json",
    "experiments/results/documents-adding-100.json",
    "experiments/results/documents-multiplication-100.json",
    "experiments/results/documents-order-2-100.json",
    "experiments/results/documents-order-4-noisy-1000.json",
    "experiments/results/documents-order-5-100.json",
    "experiments/results/documents-adding-1000.json",
    "experiments/results/documents-multiplication-1000.json",
)
PAPER = (
    "experiments/results/paper-1-4x1-rate0.1.json",
    "experiments/results/paper-1-3x2-rate0.1.json",
    "experiments/results/paper-1-3x2-rate0.2.json",
    "experiments/results/paper-1-4x1-rate0.5.json",
    "experiments/results/paper-1-3x2-rate0.5.json",
    "experiments/results/paper-2a-p100.json",
    "experiments/results/paper-2b-p100.json",
    "experiments/results/paper-2c-q50-p50.json",
    "experiments/results/paper-2c-q100-p100.json",
    "experiments/results/paper-2c-q200-p200.json",
    "experiments/results/paper-2c-q500-p500.json",
    "experiments/results/paper-2c-q1000-p1000.json",
    "experiments/results/paper-2c-q1000-p500.json",
    "experiments/results/paper-2c-q1000-p200.json",
    "experiments/results/paper-2c-q1000-p100.json",
    "experiments/results/paper-2c-q1000-p50.json",
    "experiments/results/paper-3a-T100-N3.json",
    "experiments/results/paper-3a-T100-N1.json",
    "experiments/results/paper-3a-T1000-N3.json",
    "experiments/results/paper-3b-T100-N3.json",
    "experiments/results/paper-3b-T100-N1.json",
    "experiments/results/paper-3b-T1000-N1.json",
    "experiments/results/paper-3c-T100-N3.json",
    "experiments/results/paper-3c-T100-N1.json",
    "experiments/results/paper-4-T100.json",
    "experiments/results/paper-4-T500.json",
    "experiments/results/paper-4-T1000.json",
    "experiments/results/paper-5-loose.json",
    "experiments/results/paper-5-tight.json",
    "experiments/results/paper-6a.json",
    "experiments/results/paper-6b.json",
)
TODAY = (
    "experiments/results/modern-1-4x1.json",
    "experiments/results/modern-1-3x2.json",
    "experiments/results/modern-2a-p100.json",
    "experiments/results/modern-2b-p100.json",
    "experiments/results/modern-2c-q50-p50.json",
    "experiments/results/modern-2c-q100-p100.json",
    "experiments/results/modern-2c-q200-p200.json",
    "experiments/results/modern-2c-q500-p500.json",
    "experiments/results/modern-2c-q1000-p1000.json",
    "experiments/results/modern-2c-q1000-p500.json",
    "experiments/results/modern-2c-q1000-p200.json",
    "experiments/results/modern-2c-q1000-p100.json",
    "experiments/results/modern-2c-q1000-p50.json",
    "experiments/results/modern-3a-T100-N3.json",
    "experiments/results/modern-3a-T100-N1.json",
    "experiments/results/modern-3a-T1000-N3.json",
    "experiments/results/modern-3b-T100-N3.json",
    "experiments/results/modern-3b-T100-N1.json",
    "experiments/results/modern-3b-T1000-N1.json",
    "experiments/results/modern-3c-T100-N3.json",
    "experiments/results/modern-3c-T100-N1.json",
    "experiments/results/modern-4-T100.json",
    "experiments/results/modern-4-T500.json",
    "experiments/results/modern-4-T1000.json",
    "experiments/results/modern-5-loose.json",
    "experiments/results/modern-5-tight.json",
    "experiments/results/modern-6a.json",
    "experiments/results/modern-6b.json",
)
SEARCH = (
    "experiments/results/search-1-4x1-rate0.1-per-step.json",
    "experiments/results/search-1-4x1-rate0.1-factor-2.json",
    "experiments/results/search-1-4x1-rate0.1-output-bias.json",
    "experiments/results/search-1-4x1-rate0.1-legal-targets.json",
    "experiments/results/search-1-4x1-rate0.1-per-step-bias.json",
    "experiments/results/search-1-4x1-rate0.1-per-step-bias-legal.json",
    "experiments/results/search-1-3x2-rate0.5-per-step.json",
    "experiments/results/search-1-3x2-rate0.5-factor-2.json",
    "experiments/results/search-1-3x2-rate0.5-output-bias.json",
    "experiments/results/search-1-3x2-rate0.5-legal-targets.json",
    "experiments/results/search-1-3x2-rate0.5-per-step-bias.json",
    "experiments/results/search-1-3x2-rate0.5-per-step-bias-legal.json",
    "experiments/results/search-2a-p100-late-cell.json",
    "experiments/results/search-2a-p100-late-cell-per-step.json",
    "experiments/results/search-2a-p100-late-cell-shut.json",
    "experiments/results/search-2a-p100-scaled.json",
    "experiments/results/search-2a-p100-rate-tenth.json",
    "experiments/results/search-2a-p100-outputs-first.json",
    "experiments/results/search-2a-p100-outputs-first-per-step.json",
    "experiments/results/search-2b-p100-outputs-first-per-step.json",
    "experiments/results/search-2c-q50-p50-factor-2.json",
    "experiments/results/search-2c-q50-p50-rate-4.json",
    "experiments/results/search-2c-q50-p50-output-bias.json",
    "experiments/results/search-4-T100-factor-2.json",
    "experiments/results/search-4-T100-rate-4.json",
    "experiments/results/search-4-T100-rate-8.json",
    "experiments/results/search-4-T100-no-output-bias.json",
    "experiments/results/search-4-T100-two-marks.json",
    "experiments/results/search-4-T100-two-marks-factor-2.json",
    "experiments/results/search-4-T100-two-marks-rate-4.json",
    "experiments/results/search-4-T100-two-marks-rate-8.json",
    "experiments/results/search-4-T500-two-marks-rate-8.json",
    "experiments/results/search-5-loose-factor-2.json",
    "experiments/results/search-5-loose-rate-4.json",
    "experiments/results/search-5-loose-two-marks.json",
    "experiments/results/search-5-loose-two-marks-rate-4.json",
    "experiments/results/search-5-tight-rate-4.json",
    "experiments/results/search-5-tight-two-marks-rate-4.json",
    "experiments/results/search-6a-factor-2.json",
    "experiments/results/search-6a-rate-half.json",
)

ABLATED = {
    "adding, T = 100": (
        "experiments/results/ablations-gates.json",
        "experiments/results/ablations-self-loop.json",
        "experiments/results/ablations-squashing.json",
        "experiments/results/ablations-biases.json",
    ),
    "temporal order, 6a": ("experiments/results/ablations-order.json",),
    "embedded Reber": ("experiments/results/ablations-reber.json",),
}
LOSERS = {
    "2a": "experiments/results/losers-2a.json",
    "2b": "experiments/results/losers-2b.json",
}
Outcome = dict[str, Any]


def outcomes(name: str) -> list[Outcome]:
    """Return the trials of one experiment, such as "paper-6a"."""
    return list(committed(f"experiments/results/{name}.json").outcomes.values())


def learners(row: str) -> dict[str, Outcome]:
    """Return one row of the documents' table, such as "adding-100": outcomes by learner."""
    return committed(f"experiments/results/documents-{row}.json").outcomes


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


def documents_table() -> Table:
    """Return the document's cells, each beside what was measured; rows are tasks."""
    rows = table_documents()
    printed = [name for name in COLUMNS if name in rows[0]["document"]]
    body = []
    for row in rows:
        cells = committed(f"experiments/results/{row['experiment']}.json").outcomes
        said = (f"{row['document'][name]} | {describe([cells[name]])[1]}" for name in printed)
        body.append((row["title"], *said))
    return table(["task", *(COLUMNS[name] for name in printed)], body)


def paper_table() -> Table:
    """Return the paper's rows: its own figures, its recipe run again, and today's training."""
    body = []
    for row in ROWS:
        done = seeds(f"paper-{row.name}")
        wrong = [seed["test_wrong"] for seed in done if seed["solved"]]
        body.append(
            (
                row.name,
                f"{row.paper:,}, {row.paper_success}",
                describe(outcomes(f"paper-{row.name}"))[1],
                f"{mean(wrong):.1f}" if wrong else "—",
                describe(outcomes(f"modern-{modern_name(row.name)}"))[1],
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
            name = f"{row}, {detail}" if detail else f"{row}, as printed"
            solved = f"{len(found.solved)} of {found.count}"
            body.append((name, solved, found.in_words()))
    return table(["recipe", "solved", "times the paper's sequences"], body)


def ablation_table(variants: dict[str, str]) -> Table:
    """Return what is left of three tasks when something is taken out; titles are the values."""
    body = []
    for variant, title in variants.items():
        cells = (ablated(task, variant) for task in ABLATED)
        body.append((title, *(describe([cell])[1] if cell else "—" for cell in cells)))
    return table(["net", *ABLATED], body)


def ablated(task: str, variant: str) -> Outcome | None:
    """Return the outcome of one task with one change, None where it was not tried."""
    found: Outcome = {}
    for path in ABLATED[task]:
        found |= committed(path).outcomes
    return found.get(variant)


def lost_table(names: dict[str, str], lengths: Sequence[int]) -> Table:
    """Return how the models that lost do on tasks 2a and 2b, each at the best of its rates."""
    header = ["model"]
    body: dict[str, list[str]] = {name: [] for name in names}
    for task, path in LOSERS.items():
        found = committed(path)
        for length in lengths:
            header.append(f"{task}, p = {length}")
            for name in names:
                trials = [
                    found.outcomes[key]
                    for key, given in found.parameters.items()
                    if (given["learner"], given["p"]) == (name, length)
                ]
                best = min(trials, key=lambda trial: sum(s["sequences"] for s in trial["seeds"]))
                body[name].append(describe([best])[1])
    return table(header, [(names[name], *cells) for name, cells in body.items()])
