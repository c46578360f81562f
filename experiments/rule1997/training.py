"""Train eight 1997 nets side by side, on-line, until their task's stop rule holds.

Everything happens inside compiled loops; Python only sees chunks of sequences, so that a run can
show progress and be stopped. A lane whose net is done goes on reading but learns no more.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from experiments.rule1997.lanes import LANES
from experiments.rule1997.memory import Array, Index, Scratch, Sequences, Shape, Weights
from experiments.rule1997.step import apply, blame, reset, step
from experiments.tasks import paper1997 as tasks

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


class Drafts(NamedTuple):
    """Sequences as they are drawn, each from step 0 on: (sequence, step, input or output)."""

    index: Index
    value: Array
    target: Array
    length: Index


def drafts(shape: Shape, longest: int, active: int, count: int = LANES) -> Drafts:
    """Return room for ``count`` sequences of at most ``longest`` steps."""
    return Drafts(
        np.zeros((count, longest + 1, active), np.int64),
        np.zeros((count, longest + 1, active)),
        np.zeros((count, longest + 1, shape.outputs)),
        np.zeros(count, np.int64),
    )


@njit(cache=True)
def draw(task: int, size: Index, drawn: Drafts, clean: bool) -> None:
    """Draw one sequence per row. ``clean``: task 3c's target without noise, as tests want it."""
    for i in range(drawn.length.shape[0]):
        n = generate(task, size, drawn.index[i], drawn.value[i], drawn.target[i])
        drawn.length[i] = n
        if clean and task == TWO_CLASSES:
            drawn.target[i, n - 1] = drawn.target[i, n]


@njit(cache=True)
def align(drawn: Drafts, rows: Index, given: Sequences, every_step: bool) -> int:
    """Copy one drawn sequence (``rows`` says which) into each lane, all ending together.

    Return the number of steps. Without ``every_step`` only the last target is copied.
    """
    steps = 0
    for k in range(LANES):
        steps = max(steps, drawn.length[rows[k]])
    for k in range(LANES):
        i = rows[k]
        n = drawn.length[i]
        first = steps - n
        given.start[k] = first
        given.latest[0] = first if k == 0 else max(first, given.latest[0])
        for t in range(first):
            for a in range(given.index.shape[1]):
                given.index[t, a, k] = 0
                given.value[t, a, k] = 0.0
        for t in range(n):
            for a in range(given.index.shape[1]):
                given.index[first + t, a, k] = drawn.index[i, t, a]
                given.value[first + t, a, k] = drawn.value[i, t, a]
        for t in range(0 if every_step else n - 1, n):
            for o in range(given.target.shape[1]):
                given.target[first + t, o, k] = drawn.target[i, t, o]
    return steps


class Way(NamedTuple):
    """How nets learn: from which steps' errors, and when their weights change."""

    every_step: bool = False  # there is an error at every step, not only at the last
    judged_at: int = 1  # the last so many steps count when errors are reported
    per_step: bool = False  # weights change at once, not at the end of the sequence


class Report(NamedTuple):
    """What came out of one sequence, per lane."""

    worst: Array  # largest absolute output error
    mean: Array
    ranked: Index  # 1 where at every step all wanted outputs exceeded all others


def report() -> Report:
    """Return room for a report."""
    return Report(np.zeros(LANES), np.zeros(LANES), np.zeros(LANES, np.int64))


@njit(cache=True)
def read(
    shape: Shape,
    w: Weights,
    work: Scratch,
    given: Sequences,
    steps: int,
    way: Way,
    rate: Array,
    found: Report,
) -> None:
    """Read one sequence per lane, and learn from it where the lane's ``rate`` is not 0."""
    reset(work, given)
    learn = rate.max() > 0.0
    found.worst[:] = 0.0
    found.mean[:] = 0.0
    found.ranked[:] = 1
    for t in range(steps):
        answer = way.every_step or t == steps - 1
        step(shape, w, work, given, t, answer, learn)
        if not answer:
            continue
        _judge(shape, work, given, t, t >= steps - way.judged_at, found)
        if learn:
            blame(shape, w, work, given, t)
            if way.per_step:
                apply(w, work, rate)
                work.d_hidden[:] = 0.0
                work.d_output[:] = 0.0
    if learn and not way.per_step:
        apply(w, work, rate)
    for k in range(LANES):
        judged = min(way.judged_at, steps - given.start[k] if way.every_step else 1)
        found.mean[k] /= judged * shape.outputs


@njit(cache=True)
def _judge(
    shape: Shape, work: Scratch, given: Sequences, t: int, counts: bool, found: Report
) -> None:
    """Note one step's errors and ranking."""
    for k in range(LANES):
        if t < given.start[k]:
            continue
        low, high = 2.0, -1.0
        for o in range(shape.outputs):
            y, wanted = work.out[o * LANES + k], given.target[t, o, k]
            if counts:
                error = abs(y - wanted)
                found.worst[k] = max(found.worst[k], error)
                found.mean[k] += error
            if wanted > 0.5:
                low = min(low, y)
            else:
                high = max(high, y)
        if low <= high:
            found.ranked[k] = 0


class Rule(NamedTuple):
    """A stop rule over the last ``window`` sequences: few wrong ones, and a small mean error."""

    tolerance: float  # a sequence is wrong when an output misses by this much or more
    window: int
    wrong_below: int  # stop while fewer than this many of the window are wrong
    mean_below: float


class Progress(NamedTuple):
    """How far each lane is."""

    worst: Array  # (window, lane): the last errors
    mean: Array
    seen: Index  # sequences so far; stands still once done
    done: Index  # 1 where the rule held
    wrong: Index  # of the window
    error: Array  # mean over the window


def progress(rule: Rule) -> Progress:
    """Return the progress before the first sequence."""
    window = (rule.window, LANES)
    zeros = (np.zeros(LANES, np.int64) for _ in range(3))
    return Progress(np.ones(window), np.ones(window), *zeros, np.zeros(LANES))


@njit(cache=True)
def train(
    task: int,
    size: Index,
    shape: Shape,
    w: Weights,
    work: Scratch,
    drawn: Drafts,
    given: Sequences,
    rule: Rule,
    way: Way,
    rate: Array,
    so_far: Progress,
    found: Report,
    count: int,
) -> None:
    """Train on ``count`` sequences per lane. A lane's ``rate`` becomes 0 when its rule holds."""
    rows = np.arange(LANES)
    for k in range(LANES):
        so_far.wrong[k], so_far.error[k] = 0, 0.0
        for i in range(rule.window):
            so_far.wrong[k] += so_far.worst[i, k] >= rule.tolerance
            so_far.error[k] += so_far.mean[i, k] / rule.window
    for _ in range(count):
        draw(task, size, drawn, False)
        steps = align(drawn, rows, given, way.every_step)
        read(shape, w, work, given, steps, way, rate, found)
        running = False
        for k in range(LANES):
            if so_far.done[k]:
                continue
            i = so_far.seen[k] % rule.window
            new, old = found.worst[k] >= rule.tolerance, so_far.worst[i, k] >= rule.tolerance
            so_far.wrong[k] += int(new) - int(old)
            so_far.error[k] += (found.mean[k] - so_far.mean[i, k]) / rule.window
            so_far.worst[i, k], so_far.mean[i, k] = found.worst[k], found.mean[k]
            so_far.seen[k] += 1
            if (
                so_far.seen[k] >= rule.window
                and so_far.wrong[k] < rule.wrong_below
                and so_far.error[k] < rule.mean_below
            ):
                so_far.done[k] = 1
                rate[k] = 0.0
            else:
                running = True
        if not running:
            return


@njit(cache=True)
def test(
    task: int,
    size: Index,
    shape: Shape,
    w: Weights,
    work: Scratch,
    drawn: Drafts,
    given: Sequences,
    tolerance: float,
    way: Way,
    found: Report,
    count: int,
    wrong: Index,
    error: Array,
) -> None:
    """Read ``count`` fresh sequences per lane; count the wrong ones, and take the mean error."""
    rows = np.arange(LANES)
    for _ in range(count):
        draw(task, size, drawn, True)
        steps = align(drawn, rows, given, way.every_step)
        read(shape, w, work, given, steps, way, np.zeros(LANES), found)
        for k in range(LANES):
            wrong[k] += found.worst[k] >= tolerance
            error[k] += found.mean[k] / count
