"""Loss against parameters and against characters read: what is run beside ``scaling``.

``scaling`` gives every size the same number of characters. Here the number varies too, each run
with a learning-rate cycle of its own length (a cycle cut short reads as too little training;
Hoffmann et al. 2022), so that equal compute can be compared.
"""

from __future__ import annotations

from experiments.harness.registry import Parameters, register
from experiments.learned.rows import RATES, scaling_trials, seeds
from experiments.learned.scaling import run_scaling

SIZES = (10_000, 30_000, 100_000)
STEPS = (250, 500, 2000)  # ``scaling`` has 1,000
LARGEST = 300_000
LOWER = 3  # the largest models once more with a rate so many times lower: is the rate the limit?


def token_trials(quick: bool) -> dict[str, Parameters]:
    """One model per trial: a kind, a size, steps and a seed; of the longest runs, one seed."""
    fixed = next(iter(scaling_trials(quick).values()))
    grid = [
        (size, steps, seed, 1)
        for size in (SIZES[:1] if quick else SIZES)
        for steps in (STEPS[:1] if quick else STEPS)
        for seed in seeds(1 if quick or steps == STEPS[-1] else 2)
    ]
    if not quick:
        grid.append((LARGEST, fixed["steps"], 0, LOWER))
    return {
        f"{kind}-{size}-{steps}-{seed}" + ("-lower" if lower > 1 else ""): {
            **fixed,
            "kind": kind,
            "size": size,
            "steps": steps,
            "seed": seed,
            "rate": rate / lower,
        }
        for size, steps, seed, lower in grid
        for kind, rate in RATES.items()
    }


register(
    "scaling-tokens",
    "scaling",
    "Loss against parameters and characters read, for LSTM, transformer and Mamba.",
    run_scaling,
    token_trials,
    15,
)
