"""What outcomes of trials that train several seeds say: how many solved their task, how soon.

A cell is *measured* when at least one seed met the criterion, *over budget* when none did within
the number of training sequences that stands in the cell, and *missing* when no full, current
result holds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from experiments.harness.registry import Outcome, experiments
from experiments.harness.runner import complete

MEASURED, OVER_BUDGET, MISSING = "measured", "over_budget", "missing"


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
