"""How far each task of the 1997 paper was reproduced, and which open detail comes closest."""

from __future__ import annotations

from collections.abc import Iterator

from experiments.paper import ROWS
from experiments.registry import Outcome
from experiments.search import details
from experiments.tables import all_trials, successes


def rows(quick: bool) -> Iterator[tuple[str, str, str, str, str, str]]:
    """Yield task, share solved, the paper's sequences, ours, their ratio, and the best detail."""
    for row in ROWS:
        outcomes = all_trials(f"paper-{row.name}", quick)
        if not outcomes:
            yield row.name, "missing", f"{row.paper:,}", "", "", ""
            continue
        share, mean, words = summary(outcomes)
        ratio = f"{mean / row.paper:.2f}" if mean else ""
        best = _best(row.name, quick)
        yield row.name, share, f"{row.paper:,}", words, ratio, best


def summary(outcomes: list[Outcome]) -> tuple[str, float, str]:
    """Return share solved, mean sequences of the solved (0 without one), and the same in words."""
    solved, count = successes(outcomes)
    share = f"{len(solved)}/{count}"
    if not solved:
        return share, 0.0, f"not within {outcomes[0]['budget']:,}"
    mean = sum(solved) / len(solved)
    return share, mean, f"{mean:,.0f}"


def _best(row: str, quick: bool) -> str:
    """Return the detail of the search that solved most seeds, then fastest."""
    found = []
    for detail in details(row):
        outcomes = all_trials(f"search-{row}-{detail}", quick)
        if outcomes:
            share, mean, words = summary(outcomes)
            found.append((-int(share.partition("/")[0]), mean, f"{detail}: {share}, {words}"))
    return min(found)[2] if found else ""
