"""What nets that did not solve their task can do when the budget is spent.

A bare "not within the budget" leaves open whether a net was close or had learned nothing. So a
cell also says which share of the last sequences such nets got right, which share the mean target
gets right when it is given as the answer to every sequence, and whether the share was still rising.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import torch

from experiments.harness.outcomes import seeds_of
from experiments.harness.registry import Outcome
from experiments.paper.today import task_from
from experiments.tasks.seeded import TASKS, Task

ASKED = 512  # sequences behind each point of a net's curve
DRAWN = 8192  # sequences to which the mean target is given as the answer


def at_the_end(outcomes: Sequence[Outcome]) -> str:
    """Say what the nets that did not pass got right at last; nothing where all passed."""
    unsolved = [seed for seed in seeds_of(outcomes) if not seed["solved"]]
    if not unsolved:
        return ""
    parameters = outcomes[0]["parameters"]
    if "noisy" in parameters:
        return _losses(outcomes[0])
    words = f"{spread([share_right(seed) for seed in unsolved])} right at the end"
    if "task" not in parameters:  # the rule of 1997 keeps other curves
        return words
    mean = share_of_the_mean(parameters["task"])
    if mean is not None:
        words += f" (always the mean: {spread([mean])})"
    rise = rising(outcomes[0]["curve"])
    return words if rise is None else f"{words}, {'still rising' if rise else 'level'}"


def share_right(seed: Mapping[str, Any]) -> float:
    """Return what a net got right at last: a share of its last 512, or of its test sequences."""
    if "right" in seed:
        return float(seed["right"])
    tested = 256 if "training_wrong" in seed else 2560  # there are 256 Reber strings
    return 1.0 - seed["test_wrong"] / tested


def _losses(outcome: Outcome) -> str:
    """Say the loss at last of nets that are judged all or nothing (2a and 2b)."""
    last = outcome["curve"][-1][1:]
    zeros = outcome["parameters"]["p"] / 2  # one of p + 1 outputs is wanted at each of p steps
    ends = " to ".join(dict.fromkeys(f"{end:.0f}" for end in (min(last), max(last))))
    return f"squared error of a sequence {ends} at the end (all outputs 0: {zeros:.0f})"


def spread(shares: list[float]) -> str:
    """Return the smallest and the largest share in per cent, once where they read the same."""
    ends = dict.fromkeys(_percent(end) for end in (min(shares), max(shares)))
    return " to ".join(ends) + " %"


def _percent(share: float) -> str:
    """Return per cent; what is nearly all does not read as all."""
    return f"{math.floor(1000 * share) / 10:.1f}" if 0.99 < share < 1 else f"{100 * share:.0f}"


def rising(curve: list[list[float]]) -> bool | None:
    """Tell whether the last fifth of a curve lies above the fifth before it, beyond chance.

    Points are (sequences, mean share right, nets). Only points with as many nets as the last one
    count: a net that passes takes its share along. None where too few are left to tell.
    """
    if not curve:
        return None
    alike = [share for _, share, nets in curve if nets == curve[-1][2]]
    fifth = len(alike) // 5
    if fifth < 2:
        return None
    before, last = (sum(part) / fifth for part in (alike[-2 * fifth : -fifth], alike[-fifth:]))
    chance = math.sqrt(2 * before * (1 - before) / (ASKED * curve[-1][2]))
    return bool(last - before > max(0.01, 3 * chance))


def share_of_the_mean(given: Any) -> float | None:
    """Return what share the mean target gets right; None for the Reber grammar.

    ``given``: a task as a trial's parameters hold it.
    """
    task = task_from(given) if isinstance(given, dict) else TASKS.get(given)
    return None if task is None else _share_of_the_mean(task)


@cache
def _share_of_the_mean(task: Task) -> float:
    generator = torch.Generator().manual_seed(0)
    blocks = [task.draw(1, 64, generator).target[0] for _ in range(DRAWN // 64)]
    target = torch.cat(blocks)
    answer = target[:, : task.outputs].mean(0)
    return float(task.right(answer.expand(len(target), -1), target).float().mean())
