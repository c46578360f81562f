"""What the paper's tasks, run again, say about the documents' claims."""

from __future__ import annotations

from collections.abc import Mapping

from experiments.harness.outcomes import describe, seeds_of
from experiments.harness.registry import Finding, Outcome, reading
from experiments.paper.run import TEST_SEQUENCES

Trials = Mapping[str, Mapping[str, Outcome]]


@reading("thousand-step-lag", "paper-2c-q50-p50", "paper-2c-q100-p100", "paper-2c-q1000-p1000")
def _thousand_steps(trials: Trials) -> Finding:
    """The claim's hundred steps are bridged by some nets; the paper's thousand are not, here."""
    words, bridged = [], {}
    for lag, name in ((51, "q50-p50"), (101, "q100-p100"), (1001, "q1000-p1000")):
        outcomes = list(trials[f"paper-2c-{name}"].values())
        seeds = seeds_of(outcomes)
        bridged[lag] = sum(seed["test_wrong"] < 0.1 * TEST_SEQUENCES for seed in seeds)
        words.append(
            f"minimal lag {lag}: {describe(outcomes)[1]}, and {bridged[lag]} nets have more than "
            "90% of fresh sequences right by then"
        )
    text = f"Task 2c by the rule of 1997, 10,000 right in a row; {'; '.join(words)}."
    return Finding(text, bridged[51] > 0 and bridged[101] > 0)


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
