"""A quick experiment run again, in another process, solves the same seeds."""

from __future__ import annotations

from experiments.harness.registry import Outcome, experiments
from experiments.harness.runner import Job, outcomes

# Some seeds of these solve their task within the quick budget, and some do not.
AGAIN = {"documents-order-2-100": "identity", "paper-1-4x1-rate0.5": "group0"}


def test_a_rerun_gives_the_same_solved_and_unsolved_seeds() -> None:
    known = experiments()
    jobs: list[Job] = [
        (name, trial)
        for name, key in AGAIN.items()
        for trial in known[name].trials(True)
        if trial.key == key
    ]
    once = patterns(jobs, processes=1)  # here; what it compiles is there for the others
    assert set(once) == set(AGAIN)
    assert patterns(jobs, processes=2) == once


def patterns(jobs: list[Job], processes: int) -> dict[str, object]:
    return {job[0]: pattern(out) for job, out, _ in outcomes(jobs, "cpu", jobs=processes)}


def pattern(outcome: Outcome) -> tuple[int, list[tuple[bool, int]]]:
    """Return which seeds solved the task, and after how many sequences."""
    return outcome["budget"], [(seed["solved"], seed["sequences"]) for seed in outcome["seeds"]]
