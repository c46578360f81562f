"""The two tables: what the documents print, what the paper reports, and what was measured here.

What a cell may say stands in ``harness.outcomes``, and for nets that did not pass in ``ending``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.table import Table

from experiments.documents.rows import COLUMNS, table_documents
from experiments.harness.outcomes import (
    MEASURED,
    MISSING,
    OVER_BUDGET,
    all_trials,
    describe,
    seeds_of,
)
from experiments.harness.registry import Outcome, experiments
from experiments.harness.runner import current, outcomes_of
from experiments.paper.rows import ROWS
from experiments.tables.ending import at_the_end

# What document D1 prints for tasks that the paper has too.
D1_ON_PAPER = {"1": "10/10", "4-T100": "10/10", "4-T1000": "6/10", "5": "10/10", "6a": "—"}


@dataclass
class Printed:
    """A table ready to print, and what its cells are."""

    table: Table
    rows: int  # tasks
    status: Counter[str] = field(default_factory=Counter)

    def last_line(self) -> str:
        """Return the line that counts rows and cells."""
        counts = " ".join(f"{name}={self.status[name]}" for name in (MEASURED, OVER_BUDGET))
        cells = sum(self.status.values())
        return f"table rows={self.rows} cells={cells} {counts} missing={self.status[MISSING]}"


def documents(quick: bool) -> Printed:
    """Return the documents' table: every learner on every row, the document's number beside it."""
    rows = table_documents()
    table = Table("learner", *(row["title"] for row in rows), show_lines=True)
    printed = Printed(table, len(rows))
    printed.table.add_row("the 1997 paper", *(row["paper"] for row in rows))
    known = experiments()
    done = {
        row["experiment"]: outcomes_of(current(known[row["experiment"]], quick)) for row in rows
    }
    for learner, title in COLUMNS.items():
        cells = []
        for row in rows:
            outcome = done[row["experiment"]].get(learner)
            status, words = cell([outcome] if outcome else [])
            printed.status[status] += 1
            claimed = row["document"].get(learner)
            cells.append(f"document {claimed}\n{words}" if claimed else words)
        printed.table.add_row(title, *cells)
    return printed


def paper(quick: bool) -> Printed:
    """Return the paper's tasks: its own figure, its rule run again, and today's training."""
    columns = ("task", "document", "paper", "1997 rule", "wrong of 2,560", "today's training")
    printed = Printed(Table(*columns, show_lines=True), len(ROWS))
    for row in ROWS:
        groups = all_trials(f"paper-{row.name}", quick)
        modern = all_trials(f"modern-{modern_name(row.name)}", quick)
        cells = []
        for outcomes in (groups, modern):
            status, words = cell(outcomes)
            printed.status[status] += 1
            cells.append(words)
        wrong = [s["test_wrong"] for s in seeds_of(groups) if s["solved"]]
        mean_wrong = f"{sum(wrong) / len(wrong):.1f}" if wrong else "—"
        claimed = D1_ON_PAPER.get(row.name) or D1_ON_PAPER.get(row.name.partition("-")[0]) or "—"
        told = f"{row.paper:,} sequences, {row.paper_success} solved"
        printed.table.add_row(row.name, claimed, told, cells[0], mean_wrong, cells[1])
    return printed


def cell(outcomes: Sequence[Outcome]) -> tuple[str, str]:
    """Return a cell's status and its words: how many passed, and what the others can do."""
    status, words = describe(outcomes)
    return status, "; ".join(filter(None, (words, at_the_end(outcomes))))


def modern_name(name: str) -> str:
    """Return the row that stands for this one under today's training.

    Experiment 1's rows differ in the net and in the 1997 learning rate; today's have one rate.
    """
    return name.partition("-rate")[0]
