"""Synthetic tasks with known answers, as dense batches for PyTorch.

Each asks one question about memory. The 1997 paper's tasks come from ``paper1997``, one
sequence at a time; here they become tensors, batch first. Where lengths vary, ``length`` or
``inside`` says where a sequence ends, and the padding behind is zero.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray
from torch import Tensor

from experiments.tasks import paper1997

REBER_SYMBOLS = 7
Symbols = NDArray[np.int64]
Legal = NDArray[np.bool_]
Values = NDArray[np.float64]


class Batch(NamedTuple):
    """Sequences with one target each, due at the last step of the sequence."""

    x: Float[Tensor, "batch time dim"]
    target: Float[Tensor, " batch"]
    length: Int[Tensor, " batch"]


def latch(batch: int, lag: int, generator: torch.Generator, noise: float = 0.2) -> Batch:
    """Keep one bit through ``lag`` steps of Gaussian noise of variance ``noise``.

    Two input lines: the bit (+1 or -1, on the first step only) and the noise. The target is
    the bit. Lines are kept apart, so a layer can shut the noise out if it has the means.
    """
    x = torch.zeros(batch, lag + 1, 2)
    target = 2.0 * torch.randint(0, 2, (batch,), generator=generator) - 1
    x[:, 0, 0] = target
    x[:, 1:, 1] = torch.randn(batch, lag, generator=generator) * noise**0.5
    return Batch(x, target, torch.full((batch,), lag + 1))


def adding(batch: int, time: int, generator: torch.Generator) -> Batch:
    """Add two marked numbers out of ``time`` (the later form of the task).

    Values are uniform in [0, 1]; one mark falls in each half. The target is the sum, so the
    best constant answer, 1, has a mean squared error of 1/6. Source: Le, Jaitly & Hinton 2015.
    """
    value = torch.rand(batch, time, generator=generator)
    first = torch.randint(0, time // 2, (batch,), generator=generator)
    second = torch.randint(time // 2, time, (batch,), generator=generator)
    rows = torch.arange(batch)
    mark = torch.zeros(batch, time)
    mark[rows, first] = mark[rows, second] = 1
    target = value[rows, first] + value[rows, second]
    return Batch(torch.stack([value, mark], dim=-1), target, torch.full((batch,), time))


def two_classes(count: int, minimal: int, informative: int, seed: int) -> Batch:
    """Tell two classes apart by the first few inputs; noise follows (1997, experiment 3a).

    The first ``informative`` inputs are +1 (class 1, target 1) or -1 (class 2, target 0);
    Gaussian noise of variance 0.2 fills the rest. Lengths lie in [T, T + T/10].
    """
    longest = minimal + minimal // 10
    index, value, target = buffers(longest, inputs=1, outputs=1)
    size = np.array([minimal, informative, 0])
    paper1997.seed(seed)
    x, labels, lengths = np.zeros((count, longest, 1)), np.zeros(count), np.zeros(count, int)
    for row in range(count):
        lengths[row] = n = paper1997.two_classes(size, index, value, target)
        x[row, :n, 0] = value[:n, 0]
        labels[row] = target[n, 0]
    as_float = torch.from_numpy(x).float(), torch.from_numpy(labels).float()
    return Batch(*as_float, torch.from_numpy(lengths))


class Strings(NamedTuple):
    """Strings of the embedded Reber grammar; behind a string's end ``inside`` is False.

    ``legal`` marks every symbol that may come next, ``next`` the one that did.
    """

    x: Float[Tensor, "batch time symbol"]
    legal: Bool[Tensor, "batch time symbol"]
    next: Int[Tensor, "batch time"]
    inside: Bool[Tensor, "batch time"]


def reber_sets(count: int, seed: int, longest: int = 64) -> tuple[Strings, Strings]:
    """Draw ``count`` training strings, then ``count`` test strings that are not among them."""
    paper1997.seed(seed)
    training = [reber_string(longest) for _ in range(count)]
    seen = {symbols.tobytes() for symbols, _ in training}
    test: list[tuple[Symbols, Legal]] = []
    while len(test) < count:
        string = reber_string(longest)
        if string[0].tobytes() not in seen:
            test.append(string)
    return strings(training), strings(test)


def reber_string(longest: int) -> tuple[Symbols, Legal]:
    """Draw one string: its symbols without the final E, and what may follow each of them."""
    index, value, target = buffers(longest, inputs=1, outputs=REBER_SYMBOLS)
    n = paper1997.embedded_reber(np.array([longest]), index, value, target)
    return index[:n, 0].copy(), target[:n] > 0


def strings(drawn: list[tuple[Symbols, Legal]]) -> Strings:
    """Put strings of different lengths into common tensors."""
    shape = len(drawn), max(len(symbols) for symbols, _ in drawn), REBER_SYMBOLS
    x, legal = torch.zeros(shape), torch.zeros(shape, dtype=torch.bool)
    following = torch.zeros(shape[:2], dtype=torch.long)
    for row, (symbols, allowed) in enumerate(drawn):
        n = len(symbols)
        x[row, torch.arange(n), torch.from_numpy(symbols)] = 1
        legal[row, :n] = torch.from_numpy(allowed)
        following[row, : n - 1] = torch.from_numpy(symbols[1:])
        following[row, n - 1] = REBER_SYMBOLS - 1  # every string ends with E
    return Strings(x, legal, following, legal.any(-1))


def all_right(
    scores: Float[Tensor, "*seed batch time symbol"], wanted: Strings
) -> Bool[Tensor, "*seed batch"]:
    """Tell for every string whether the legal symbols score highest at every step.

    This is the criterion of the 1997 paper, experiment 1.
    """
    worst_legal = scores.masked_fill(~wanted.legal, float("inf")).amin(-1)
    best_other = scores.masked_fill(wanted.legal, float("-inf")).amax(-1)
    return ((worst_legal > best_other) | ~wanted.inside).all(-1)


def buffers(longest: int, inputs: int, outputs: int) -> tuple[Symbols, Values, Values]:
    """Return the index, value and target buffers that the compiled generators fill."""
    return (
        np.zeros((longest + 1, inputs), np.int64),
        np.zeros((longest + 1, inputs)),
        np.zeros((longest + 1, outputs)),
    )
