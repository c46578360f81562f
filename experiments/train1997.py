"""Train a 1997 net on-line until its task's stop rule holds, all inside compiled loops.

Python only sees chunks of sequences, so that a run can show progress and be stopped.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from experiments import tasks1997 as tasks
from experiments.online1997 import (
    Scratch,
    Shape,
    Weights,
    apply,
    blame,
    reset,
    step,
)

Array = NDArray[np.float64]
Index = NDArray[np.int64]

REBER, TWO_SEQUENCES, LONG_LAG, TWO_CLASSES, MARKED_PAIRS, TEMPORAL_ORDER = range(6)


@njit(cache=True)
def generate(task: int, size: Index, index: Index, value: Array, target: Array) -> int:
    """Fill the buffers with one sequence of the task; return its length."""
    if task == REBER:
        return tasks.embedded_reber(size, index, value, target)
    if task == TWO_SEQUENCES:
        return tasks.two_sequences(size, index, value, target)
    if task == LONG_LAG:
        return tasks.long_lag(size, index, value, target)
    if task == TWO_CLASSES:
        return tasks.two_classes(size, index, value, target)
    if task == MARKED_PAIRS:
        return tasks.marked_pairs(size, index, value, target)
    return tasks.temporal_order(size, index, value, target)


class Buffers(NamedTuple):
    """One sequence and the outputs of one step."""

    index: Index
    value: Array
    target: Array
    out: Array


def buffers(shape: Shape, longest: int, active: int) -> Buffers:
    """Return buffers for sequences of at most ``longest`` steps with ``active`` inputs each."""
    cells = shape.blocks * shape.cells
    return Buffers(
        np.zeros((longest + 1, active), np.int64),
        np.zeros((longest + 1, active)),
        np.zeros((longest + 1, shape.outputs)),
        np.zeros(shape.outputs + cells + shape.blocks),
    )


@njit(cache=True)
def run_sequence(
    shape: Shape,
    w: Weights,
    work: Scratch,
    sequence: Buffers,
    length: int,
    judged_at: int,
    every_step: bool,
    rate: float,
) -> tuple[float, float, bool]:
    """Read one sequence and learn from it (rate 0: only read it).

    Return the largest and the mean absolute output error, at the steps from ``length - judged_at``
    on, and whether at every step all wanted outputs exceeded all others.
    ``every_step``: there is an error at each step, not only at the last.
    """
    reset(work)
    worst, total, ranked, learn = 0.0, 0.0, True, rate > 0.0
    out, target = sequence.out, sequence.target
    for t in range(length):
        step(shape, w, work, sequence.index[t], sequence.value[t], out, learn)
        if not every_step and t < length - 1:
            continue
        low, high = 2.0, -1.0
        for o in range(shape.outputs):
            if t >= length - judged_at:
                error = abs(out[o] - target[t, o])
                worst = max(worst, error)
                total += error
            if target[t, o] > 0.5:
                low = min(low, out[o])
            else:
                high = max(high, out[o])
        ranked = ranked and low > high
        if learn:
            blame(shape, w, work, sequence.index[t], sequence.value[t], out, target[t])
    if learn:
        apply(w, work, rate)
    judged = min(judged_at, length if every_step else 1)
    return worst, total / (judged * shape.outputs), ranked


class Rule(NamedTuple):
    """A stop rule over the last ``window`` sequences: few wrong ones, and a small mean error."""

    tolerance: float  # a sequence is wrong when an output misses by this much or more
    window: int
    wrong_below: int  # stop while fewer than this many of the window are wrong
    mean_below: float


@njit(cache=True)
def train_window(
    task: int,
    size: Index,
    shape: Shape,
    w: Weights,
    work: Scratch,
    sequence: Buffers,
    rule: Rule,
    judged_at: int,
    every_step: bool,
    rate: float,
    recent: Array,
    done: int,
    more: int,
) -> tuple[int, float, int]:
    """Train on up to ``more`` sequences; stop when the rule holds.

    ``recent`` (2, window) keeps the last errors, worst and mean, across chunks. Return the number
    of sequences seen so far, negative once the rule holds, with the window's mean error and its
    count of wrong sequences.
    """
    wrong, mean = 0, 0.0
    for k in range(rule.window):
        wrong += recent[0, k] >= rule.tolerance
        mean += recent[1, k]
    for _ in range(more):
        length = generate(task, size, sequence.index, sequence.value, sequence.target)
        worst, average, _ = run_sequence(
            shape, w, work, sequence, length, judged_at, every_step, rate
        )
        k = done % rule.window
        wrong += int(worst >= rule.tolerance) - int(recent[0, k] >= rule.tolerance)
        mean += average - recent[1, k]
        recent[0, k], recent[1, k] = worst, average
        done += 1
        if (
            wrong < rule.wrong_below
            and mean / rule.window < rule.mean_below
            and done >= rule.window
        ):
            return -done, mean / rule.window, wrong
    return done, mean / rule.window, wrong


@njit(cache=True)
def test(
    task: int,
    size: Index,
    shape: Shape,
    w: Weights,
    work: Scratch,
    sequence: Buffers,
    tolerance: float,
    judged_at: int,
    every_step: bool,
    count: int,
) -> tuple[int, float]:
    """Read ``count`` fresh sequences; return how many are wrong and the mean absolute error.

    Task 3c is judged against the noise-free target, which stands behind the sequence.
    """
    wrong, total = 0, 0.0
    for _ in range(count):
        length = generate(task, size, sequence.index, sequence.value, sequence.target)
        if task == TWO_CLASSES:
            sequence.target[length - 1] = sequence.target[length]
        worst, average, _ = run_sequence(
            shape, w, work, sequence, length, judged_at, every_step, 0.0
        )
        wrong += worst >= tolerance
        total += average
    return wrong, total / count
