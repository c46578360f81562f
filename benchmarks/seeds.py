"""Do right answers get full marks whatever the seed? In every style of the corpora.

    python -m benchmarks.seeds [--seeds 200] [--without PART ...] [ASSIGNMENT ...]

prints each check that a right version fails, then a line for each assignment:

    seeds assignment=01-rnn-limits versions=7 seeds=200 lost=0
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor

import torch

from autograder.judge.notebook import judge_notebook
from autograder.line.local import LocalSpawner
from samples.assignments import Assignment, assignments, named
from samples.corpus import Version, build_submission

CHUNK = 20  # seeds; what student code leaves behind in this process goes with it


def lost(name: str, version: Version, without: list[str], seeds: range) -> list[str]:
    """The checks that a right version fails, with the seeds."""
    torch.set_num_threads(1)
    assignment = Assignment(name)
    submission = build_submission(assignment.notebook, version.sections)
    found = []
    for seed in seeds:
        verdict = judge_notebook(
            assignment.notebook,
            submission,
            assignment.suite,
            LocalSpawner(),
            student=version.name,
            assignment=name,
            seed=seed,
            fingerprint="none",
            only=[c.name for c in assignment.suite.checks if c.grade_id not in without],
        )
        found += [
            f"{version.name}, seed {seed}: {check.name}: {check.message}"
            for part in verdict.parts
            for check in part.checks
            if not check.passed
        ]
    return found


def survey(
    assignment: Assignment, seeds: int, without: list[str], pool: ProcessPoolExecutor
) -> bool:
    """Print what right versions of one assignment lose; tell whether that is nothing."""
    right = [Version("reference", "", {}, {}, {}), *assignment.right]
    chunks = [range(first, min(first + CHUNK, seeds)) for first in range(0, seeds, CHUNK)]
    todo = [
        pool.submit(lost, assignment.name, version, without, chunk)
        for version in right
        for chunk in chunks
    ]
    found = [line for job in todo for line in job.result()]
    print(*found, sep="\n", end="\n" if found else "")
    left_out = f" without={','.join(without)}" if without else ""
    counts = f"versions={len(right)} seeds={seeds} lost={len(found)}{left_out}"
    print(f"seeds assignment={assignment.name} {counts}", flush=True)
    return not found


def main() -> None:
    parser = argparse.ArgumentParser(description="Grade right versions with many seeds.")
    parser.add_argument("assignments", nargs="*", type=named, default=assignments())
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--without", nargs="*", default=[], help="parts to leave out, by grade_id")
    chosen = parser.parse_args()
    fork = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=fork, max_tasks_per_child=1) as pool:
        good = [survey(each, chosen.seeds, chosen.without, pool) for each in chosen.assignments]
    raise SystemExit(not all(good))


if __name__ == "__main__":
    main()
