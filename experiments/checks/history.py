"""Exact checks of what the tasks of 1997 are: lengths of Reber strings, and task 2a by RTRL."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from experiments.checks import rtrl_unit
from experiments.harness.registry import Outcome
from experiments.instruments.rounding import rounded
from experiments.tasks.paper1997 import REBER, REBER_END, Array, Index, embedded_reber
from experiments.tasks.paper1997 import seed as seed_tasks

Parameters = dict[str, Any]
LONGEST = 300  # room for a string; a longer one has a chance of 1e-34


@njit(cache=True)
def _draw(count: int, index: Index, value: Array, target: Array) -> Index:
    """Return the lengths of ``count`` embedded Reber strings.

    The generator's sequences end before the last symbol, E, which is only ever predicted.
    """
    size = np.array([index.shape[0]])
    lengths = np.zeros(count, np.int64)
    for k in range(count):
        lengths[k] = embedded_reber(size, index, value, target) + 1
    return lengths


def reber_lengths(p: Parameters) -> Outcome:
    """Draw embedded Reber strings; beside it, what the grammar's Markov chain gives exactly."""
    seed_tasks(p["seed"])
    index, value = np.zeros((LONGEST, 1), np.int64), np.zeros((LONGEST, 1))
    lengths = _draw(p["strings"], index, value, np.zeros((LONGEST, 7)))
    chances = length_chances(LONGEST)
    return {
        "strings": p["strings"],
        "mean": rounded(float(lengths.mean()), 5),
        "shortest": int(lengths.min()),
        "longest": int(lengths.max()),
        "share_50_or_more": float((lengths >= 50).mean()),
        "exact_mean": float(chances @ np.arange(len(chances))),
        "exact_share_50_or_more": rounded(float(chances[50:].sum())),
    }


def length_chances(longest: int) -> Array:
    """Return the chance of every length of an embedded Reber string, 0 .. ``longest``."""
    chances, at = np.zeros(longest + 1), np.zeros(REBER_END + 1)
    at[0] = 1.0
    for length in range(5, longest + 1):  # B, T or P before the inner string; T or P, E behind
        moved = np.zeros_like(at)
        for state, edges in enumerate(REBER):
            for _, following in edges:
                moved[following] += 0.5 * at[state]
        at = moved
        chances[length] = at[REBER_END]
        at[REBER_END] = 0.0
    return chances


def rtrl_two_sequences(p: Parameters) -> Outcome:
    """Train one recurrent logistic unit on task 2a, from several seeds."""
    seeds = []
    for seed in p["seeds"]:
        weights = rtrl_unit.start(p["p"], seed)
        rtrl_unit.seed(seed)
        done, worst = rtrl_unit.train(
            p["p"], weights, p["rate"], p["tolerance"], p["streak"], p["budget"]
        )
        seeds.append(
            {
                "seed": seed,
                "solved": done > 0,
                "sequences": abs(done),
                "last_worst_error": rounded(worst),
            }
        )
    solved = sum(row["solved"] for row in seeds)
    return {
        "solved": solved,
        "of": len(seeds),
        "budget": p["budget"],
        "criterion": f"largest output error below {p['tolerance']} in {p['streak']:,} sequences "
        "in a row",
        "weights": len(weights),
        "seeds": seeds,
    }


CHECKS = {function.__name__: function for function in (reber_lengths, rtrl_two_sequences)}


def run(parameters: Parameters, device: str) -> Outcome:
    """Run the check that ``parameters["check"]`` names, on the CPU."""
    return CHECKS[parameters["check"]](parameters)
