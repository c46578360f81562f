"""How far each task of the 1997 paper was reproduced, and what its open details change."""

from __future__ import annotations

from collections.abc import Iterator

from experiments.harness.outcomes import all_trials, successes
from experiments.harness.registry import Outcome
from experiments.paper.rows import ROWS
from experiments.search.rows import details


def rows(quick: bool) -> Iterator[tuple[str, str, str, str, str, str]]:
    """Yield task, detail, share solved, the paper's sequences, ours, and their ratio.

    The first line of a task is the paper's recipe as it is printed; below stand the same with one
    detail changed each, those that helped most first.
    """
    for row in ROWS:
        yield _line(row.name, "as printed", row.paper, all_trials(f"paper-{row.name}", quick))
        tried = [
            (detail, all_trials(f"search-{row.name}-{detail}", quick))
            for detail in details(row.name)
        ]
        tried.sort(key=lambda pair: _merit(pair[1]))
        for detail, outcomes in tried:
            yield _line("", detail, row.paper, outcomes)


def _line(
    task: str, detail: str, paper: int, outcomes: list[Outcome]
) -> tuple[str, str, str, str, str, str]:
    if not outcomes:
        return task, detail, "missing", f"{paper:,}", "", ""
    share, mean, words = summary(outcomes)
    return task, detail, share, f"{paper:,}", words, f"{mean / paper:.2f}" if mean else ""


def _merit(outcomes: list[Outcome]) -> tuple[float, float]:
    """Return a key that sorts by the share of solved seeds, then by their sequences."""
    solved, count = successes(outcomes)
    return (-len(solved) / count if count else 1.0), sum(solved) / max(1, len(solved))


def summary(outcomes: list[Outcome]) -> tuple[str, float, str]:
    """Return share solved, mean sequences of the solved (0 without one), and the same in words."""
    solved, count = successes(outcomes)
    share = f"{len(solved)}/{count}"
    if not solved:
        return share, 0.0, f"not within {outcomes[0]['budget']:,}"
    mean = sum(solved) / len(solved)
    return share, mean, f"{mean:,.0f}"
