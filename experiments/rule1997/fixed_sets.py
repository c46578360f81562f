"""Training sets and test sets for the 1997 nets: fixed sequences, drawn once.

Experiment 1 trains on 256 strings and is judged on all of them and 256 others; experiment 3 is
judged on 256 test sequences. Source: Hochreiter & Schmidhuber 1997, sections 5.1 and 5.3.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from experiments.rule1997.lanes import LANES
from experiments.rule1997.memory import Array, Index, Scratch, Sequences, Shape, Weights
from experiments.rule1997.training import REBER, Drafts, Report, Way, align, drafts, draw, read

TEST_SET = 256
REBER_LAST = 6  # every string ends with E
DRAWN_FOR_TESTS = 20  # times the test set: most short strings are in the training set


def reber_sets(size: Index, shape: Shape, longest: int) -> tuple[Drafts, Drafts]:
    """Draw training strings, then test strings that are not among them (seed the tasks first)."""
    training = drafts(shape, longest, 1, TEST_SET)
    draw(REBER, size, training, False)
    more = drafts(shape, longest, 1, DRAWN_FOR_TESTS * TEST_SET)
    draw(REBER, size, more, False)
    known = {row[:n].tobytes() for row, n in zip(training.index, training.length, strict=True)}
    new = [i for i, n in enumerate(more.length) if more.index[i, :n].tobytes() not in known]
    if len(new) < TEST_SET:
        raise ValueError(f"only {len(new)} of {len(more.length)} strings are new; draw more")
    return training, Drafts(*(part[new[:TEST_SET]] for part in more))


def next_symbols(strings: Drafts) -> Drafts:
    """Return Reber strings with the symbol that did come next as target, not all legal ones."""
    target = np.zeros_like(strings.target)
    for i, n in enumerate(strings.length):
        following = np.append(strings.index[i, 1:n, 0], REBER_LAST)
        target[i, np.arange(n), following] = 1.0
    return strings._replace(target=target)


@njit(cache=True)
def train_on(
    strings: Drafts,
    shape: Shape,
    w: Weights,
    work: Scratch,
    given: Sequences,
    way: Way,
    rate: Array,
    found: Report,
    count: int,
) -> Array:
    """Learn from ``count`` sequences per lane, drawn at random; return the mean errors."""
    total, rows = np.zeros(LANES), np.zeros(LANES, np.int64)
    for _ in range(count):
        for k in range(LANES):
            rows[k] = np.random.randint(strings.length.shape[0])
        steps = align(strings, rows, given, way.every_step)
        read(shape, w, work, given, steps, Way(True, steps, way.per_step), rate, found)
        total += found.mean
    return total / count


@njit(cache=True)
def unranked(
    strings: Drafts, shape: Shape, w: Weights, work: Scratch, given: Sequences, found: Report
) -> Index:
    """Count the sequences where, at some step, a legal symbol does not score highest."""
    wrong, still = np.zeros(LANES, np.int64), np.zeros(LANES)
    for i in range(strings.length.shape[0]):
        steps = align(strings, np.full(LANES, i), given, True)
        read(shape, w, work, given, steps, Way(True, 1, False), still, found)
        wrong += 1 - found.ranked
    return wrong


@njit(cache=True)
def ranked(
    strings: Drafts, shape: Shape, w: Weights, work: Scratch, given: Sequences, found: Report
) -> NDArray[np.bool_]:
    """Tell which lanes rank all sequences right; stop reading once none does."""
    passed, still = np.ones(LANES, np.bool_), np.zeros(LANES)
    for i in range(strings.length.shape[0]):
        steps = align(strings, np.full(LANES, i), given, True)
        read(shape, w, work, given, steps, Way(True, 1, False), still, found)
        passed &= found.ranked == 1
        if not passed.any():
            break
    return passed


@njit(cache=True)
def misses(
    strings: Drafts,
    shape: Shape,
    w: Weights,
    work: Scratch,
    given: Sequences,
    found: Report,
    tolerance: float,
    allowed: int,
) -> tuple[Index, Array]:
    """Count final outputs off by ``tolerance`` or more, and return the mean errors so far.

    Stop reading once every lane has more wrong ones than ``allowed``.
    """
    wrong, total, still = np.zeros(LANES, np.int64), np.zeros(LANES), np.zeros(LANES)
    count = 0
    for i in range(strings.length.shape[0]):
        steps = align(strings, np.full(LANES, i), given, False)
        read(shape, w, work, given, steps, Way(False, 1, False), still, found)
        wrong += found.worst >= tolerance
        total += found.mean
        count += 1
        if (wrong > allowed).all():
            break
    return wrong, total / count
