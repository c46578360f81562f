"""The two tables: what the documents print, what the paper reports, and what was measured here.

A cell is *measured* when at least one seed met the criterion, *over budget* when none did within
the number of training sequences that stands in the cell, and *missing* when no full, current
result holds it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.table import Table

from experiments.document_rows import COLUMNS, table_documents
from experiments.paper import ROWS
from experiments.registry import Outcome, experiments
from experiments.runner import complete, current, outcomes_of

MEASURED, OVER_BUDGET, MISSING = "measured", "over_budget", "missing"

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
            status, words = describe([outcome] if outcome else [])
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
            status, words = describe(outcomes)
            printed.status[status] += 1
            cells.append(words)
        wrong = [s["test_wrong"] for s in seeds_of(groups) if s["solved"]]
        mean_wrong = f"{sum(wrong) / len(wrong):.1f}" if wrong else "—"
        claimed = D1_ON_PAPER.get(row.name) or D1_ON_PAPER.get(row.name.partition("-")[0]) or "—"
        told = f"{row.paper:,} sequences, {row.paper_success} solved"
        printed.table.add_row(row.name, claimed, told, cells[0], mean_wrong, cells[1])
    return printed


def modern_name(name: str) -> str:
    """Return the row that stands for this one under today's training.

    Experiment 1's rows differ in the net and in the 1997 learning rate; today's have one rate.
    """
    return name.partition("-rate")[0]


def describe(outcomes: Sequence[Outcome]) -> tuple[str, str]:
    """Return a cell's status and its words, from all trials that belong to it."""
    if not outcomes:
        return MISSING, "missing"
    solved, count = successes(outcomes)
    budget = max(outcome["budget"] for outcome in outcomes)
    share = f"{len(solved)}/{count}"
    if not solved:
        return OVER_BUDGET, f"{share}, not within {budget:,} sequences"
    words = f"{share}, mean {sum(solved) / len(solved):,.0f} sequences"
    if len(solved) < count:
        words += f"; the others not within {budget:,}"
    return MEASURED, words


def successes(outcomes: Sequence[Outcome]) -> tuple[list[int], int]:
    """Return after how many sequences each solved seed was, and how many seeds there are."""
    seeds = seeds_of(outcomes)
    return [seed["sequences"] for seed in seeds if seed["solved"]], len(seeds)


def seeds_of(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Return the records of all seeds in some trials."""
    return [seed for outcome in outcomes for seed in outcome["seeds"]]


def all_trials(name: str, quick: bool) -> list[Outcome]:
    """Return the trials of an experiment when all of them are there and current, else nothing."""
    known = experiments()
    return list(complete(known[name], quick).values()) if name in known else []
