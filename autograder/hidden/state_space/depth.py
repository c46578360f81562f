"""How deep a sum is, read off the numbers that it comes to.

In float64 2^80 + 1 is 2^80: a huge number swallows the ones that are added to it. So let number i
of a sum be 2^80, number j be -2^80, and all others 1. When i and j meet they cancel; the ones
that had come together with either of them by then are lost, the others are counted. With n
numbers in all, n minus the result is how many came together in the sum in which i and j met, and
over all j these sizes are those of the sums that i goes through: as many as there are different
sizes. That is the depth of i, and nothing but results is needed to see it. (The trick is
FPRev's: Xie et al. 2024, which finds the order of sums in libraries.)

What is no tree of sums gives itself away. Of the other numbers, exactly s - 1 meet i in sums of at
most s numbers, if s is the size of a sum that i goes through. Sums taken exactly, or with more
digits, break that.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from autograder.errors import CheckFailure
from autograder.hidden.shared.tools import DOUBLE

HUGE = 2.0**80  # swallows any number of ones, in float32 as in float64
LENGTH = 128


class Probes(NamedTuple):
    """Sequences to be summed, (rows, time), and which two of each are huge."""

    numbers: Tensor
    pairs: list[tuple[int, int]]


def probes(leaves: list[int], length: int = LENGTH) -> Probes:
    """Every leaf with every other number; the first row has no huge ones."""
    pairs = [(i, j) for i in leaves for j in range(length) if i != j]
    numbers = torch.ones(1 + len(pairs), length, dtype=DOUBLE)
    for row, (i, j) in enumerate(pairs, start=1):
        numbers[row, i], numbers[row, j] = HUGE, -HUGE
    return Probes(numbers, pairs)


def some_leaves(rng: torch.Generator, length: int = LENGTH) -> list[int]:
    """Both ends, and two between them."""
    between = torch.randperm(length - 2, generator=rng)[:2] + 1
    return [0, length - 1, *between.tolist()]


def depth(sums: Tensor, asked: Probes, what: str) -> int:
    """The largest number of sums that a leaf goes through on its way into a result.

    `sums`: (rows, time), at t the sum of the numbers up to t; the last few results and some of
    those before are looked at. Raises CheckFailure when they are no sums, or come from no tree.
    """
    length = asked.numbers.shape[1]
    if not torch.equal(sums[0], torch.arange(1, length + 1, dtype=sums.dtype)):
        raise CheckFailure(f"{what}: with every a = 1 and every b = 1 the numbers should count up")
    deepest = 0
    for leaf in dict.fromkeys(i for i, _ in asked.pairs):
        rows = [row for row, pair in enumerate(asked.pairs, start=1) if pair[0] == leaf]
        others = torch.tensor([asked.pairs[row - 1][1] for row in rows])
        for t in (t for t in (*range(6, length - 4, 11), *range(length - 4, length)) if t >= leaf):
            met = t + 1 - sums[rows, t][others <= t]
            sizes, counts = met.unique(return_counts=True)
            if not torch.equal(counts.cumsum(0).to(sizes.dtype), sizes - 1):
                raise CheckFailure(f"{what}: its numbers are no sums of two by two: is it a scan?")
            deepest = max(deepest, len(sizes))
    return deepest


def limit(length: int = LENGTH) -> int:
    return 2 * math.ceil(math.log2(length)) + 2
