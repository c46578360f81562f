"""Do right answers get full marks whatever the seed? In every style of the corpus.

    python -m benchmarks.seeds [HOW_MANY]

prints each check that a right version fails, then ``seeds versions=7 seeds=200 lost=0``.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import torch

from autograder.checks import load_suite
from autograder.judge.notebook import judge_notebook
from autograder.line.local import LocalSpawner
from autograder.notebooks.assemble import assemble
from samples.corpus import Version, build_submission, versions

EXERCISE = Path(__file__).resolve().parent.parent / "exercises" / "01-rnn-limits.md"
SUITE = "rnn_limits"


def lost(version: Version, seeds: range) -> list[str]:
    """The checks that a right version fails, with the seeds."""
    torch.set_num_threads(1)
    suite = load_suite(SUITE)
    notebook = assemble(EXERCISE, suite)
    submission = build_submission(notebook, version.sections)
    found = []
    for seed in seeds:
        verdict = judge_notebook(
            notebook,
            submission,
            suite,
            LocalSpawner(),
            student=version.name,
            assignment=EXERCISE.stem,
            seed=seed,
            fingerprint="none",
        )
        found += [
            f"{version.name}, seed {seed}: {check.name}: {check.message}"
            for part in verdict.parts
            for check in part.checks
            if not check.passed
        ]
    return found


def main() -> None:
    count = int(sys.argv[1]) if sys.argv[1:] else 200
    right = [Version("reference", "", {}, {}, {}), *versions(SUITE, "right")]
    fork = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=fork) as pool:
        found = [
            line for lines in pool.map(lost, right, [range(count)] * len(right)) for line in lines
        ]
    print(*found, sep="\n", end="\n" if found else "")
    print(f"seeds versions={len(right)} seeds={count} lost={len(found)}")
    raise SystemExit(bool(found))


if __name__ == "__main__":
    main()
