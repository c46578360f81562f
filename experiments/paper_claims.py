"""What the paper's tasks, run again, say about the documents' claims."""

from __future__ import annotations

from collections.abc import Mapping

from experiments.paper_run import TEST_SEQUENCES
from experiments.registry import Finding, Outcome, reading
from experiments.tables import describe, seeds_of

Trials = Mapping[str, Mapping[str, Outcome]]


@reading("thousand-step-lag", "paper-2c-q50-p50", "paper-2c-q1000-p1000")
def _thousand_steps(trials: Trials) -> Finding:
    """A lag beyond 100 steps was bridged, and so was ten times that."""
    words, solved = [], True
    for name, lag in (("paper-2c-q50-p50", 51), ("paper-2c-q1000-p1000", 1001)):
        outcomes = list(trials[name].values())
        words.append(f"minimal lag {lag}: {describe(outcomes)[1]}")
        solved = solved and any(seed["solved"] for seed in seeds_of(outcomes))
    return Finding(f"Task 2c, {'; '.join(words)}.", solved)


@reading("temporal-order-variants", "paper-6a", "paper-6b")
def _temporal_order(trials: Trials) -> Finding:
    """The paper's own variants have 4 and 8 classes; the net of 156 weights learns the first."""
    seeds = seeds_of(list(trials["paper-6a"].values()))
    right = [1 - seed["test_wrong"] / TEST_SEQUENCES for seed in seeds if seed["solved"]]
    share = sum(right) / len(right) if right else 0.0
    four, eight = (describe(list(trials[name].values()))[1] for name in ("paper-6a", "paper-6b"))
    text = (
        f"4 classes (6a): {four}; the solved nets get {share:.2%} of fresh sequences right within "
        f"0.3. 8 classes (6b): {eight}."
    )
    return Finding(text, share > 0.99)
