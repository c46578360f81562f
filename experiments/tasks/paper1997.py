"""The tasks of the 1997 paper as generators that fill sparse buffers, compiled.

Every generator has the same form, so that one training loop serves all of them:

    length = generate(size, index, value, target)

``size`` holds the task's integers, ``index[t, k]`` and ``value[t, k]`` the k-th active input of
step t, ``target[t]`` the wanted outputs (row ``length - 1`` when the error comes at the end only).
Numbers come from numba's own generator: call ``seed`` first. Source of every protocol:
Hochreiter & Schmidhuber 1997, section 5.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Index = NDArray[np.int64]
Array = NDArray[np.float64]

# Transitions of the Reber grammar: from each inner state, two (symbol, next state) edges.
# Symbols: B T P S X V E = 0 .. 6. Source: Reber 1967, as drawn by Cleeremans et al. 1989.
REBER = np.array(
    [
        [[0, 1], [0, 1]],
        [[1, 2], [2, 3]],
        [[3, 2], [4, 4]],
        [[1, 3], [5, 5]],
        [[4, 3], [3, 6]],
        [[2, 4], [5, 6]],
        [[6, 7], [6, 7]],
    ],
    dtype=np.int64,
)
REBER_END = 7


@njit(cache=True)
def seed(number: int) -> None:
    """Seed the compiled generators (numba keeps its own random state)."""
    np.random.seed(number)


@njit(cache=True)
def embedded_reber(size: Index, index: Index, value: Array, target: Array) -> int:
    """Fill one embedded Reber string: predict the next symbol at every step (experiment 1).

    B, then T or P, then one whole Reber string, then the same T or P, then E. Targets mark
    every symbol that may come next. ``size`` is (longest string allowed,).
    """
    outer = 1 + np.random.randint(2)
    t = 0
    target[:, :] = 0.0
    index[0, 0] = 0
    target[0, 1] = target[0, 2] = 1.0
    index[1, 0] = outer
    target[1, 0] = 1.0
    t = 2
    state = 0
    while state != REBER_END:
        edge = np.random.randint(2)
        index[t, 0] = REBER[state, edge, 0]
        state = REBER[state, edge, 1]
        if state == REBER_END:
            target[t, outer] = 1.0
        else:
            target[t, REBER[state, 0, 0]] = 1.0
            target[t, REBER[state, 1, 0]] = 1.0
        t += 1
        if t + 2 >= size[0]:
            return embedded_reber(size, index, value, target)
    index[t, 0] = outer
    target[t, 6] = 1.0
    value[: t + 1, 0] = 1.0
    return t + 1


@njit(cache=True)
def two_sequences(size: Index, index: Index, value: Array, target: Array) -> int:
    """Fill (x or y, a_1 .. a_(p-1), the same x or y); predict every next symbol (task 2a).

    ``size`` is (p, noisy): noisy = 1 draws the middle symbols at random (task 2b).
    Symbols: a_1 .. a_(p-1) = 0 .. p-2, x = p-1, y = p.
    """
    p = size[0]
    first = p - 1 + np.random.randint(2)
    index[0, 0] = first
    for t in range(1, p):
        index[t, 0] = np.random.randint(p - 1) if size[1] == 1 else t - 1
    value[:p, 0] = 1.0
    target[:p, :] = 0.0
    for t in range(p - 1):
        target[t, index[t + 1, 0]] = 1.0
    target[p - 1, first] = 1.0
    return p


@njit(cache=True)
def long_lag(size: Index, index: Index, value: Array, target: Array) -> int:
    """Fill task 2c: one of two symbols, then at least q random distractors, then e.

    ``size`` is (q, p, longest). Symbols: a_1 .. a_p = 0 .. p-1, then e, b, x, y. After the q
    distractors each further one comes with probability 9/10. The target says which of x, y it was.
    """
    q, p, longest = size[0], size[1], size[2]
    which = np.random.randint(2)
    index[0, 0] = p + 1
    index[1, 0] = p + 2 + which
    t = 2
    for _ in range(q):
        index[t, 0] = np.random.randint(p)
        t += 1
    while np.random.random() < 0.9 and t < longest - 1:
        index[t, 0] = np.random.randint(p)
        t += 1
    index[t, 0] = p
    value[: t + 1, 0] = 1.0
    target[t, 0] = 1.0 - which
    target[t, 1] = float(which)
    return t + 1


@njit(cache=True)
def two_classes(size: Index, index: Index, value: Array, target: Array) -> int:
    """Fill experiment 3: N informative steps of +1 or -1, then Gaussian noise of variance 0.2.

    ``size`` is (T, N, variant): variant 0 = 3a, 1 = 3b (noise on the signal too), 2 = 3c
    (targets 0.2 and 0.8 with Gaussian noise of variance 0.1; ``target[length]`` holds the
    noise-free one). The target of class 1 (+1) is 1, or 0.2 in 3c.
    """
    length = size[0] + np.random.randint(size[0] // 10 + 1)
    positive = np.random.randint(2) == 1
    for t in range(length):
        index[t, 0] = 0
        signal = (1.0 if positive else -1.0) if t < size[1] else 0.0
        noise = np.random.normal() * np.sqrt(0.2) if t >= size[1] or size[2] >= 1 else 0.0
        value[t, 0] = signal + noise
    clean = 1.0 if positive else 0.0
    target[length - 1, 0] = clean
    if size[2] == 2:
        clean = 0.2 if positive else 0.8
        target[length - 1, 0] = clean + np.random.normal() * np.sqrt(0.1)
    target[length, 0] = clean
    return length


@njit(cache=True)
def marked_pairs(size: Index, index: Index, value: Array, target: Array) -> int:
    """Fill experiments 4 and 5: two marked numbers among many, to be added or multiplied.

    ``size`` is (T, product): values in [-1, 1] and target 0.5 + (X1 + X2)/4 for the sum; values
    in [0, 1] and target X1 X2 for the product. Markers: 1 on the two pairs, -1 on the first and
    the last step. A marked first pair counts as 0 (sum) or 1 (product).
    """
    minimum, product = size[0], size[1] == 1
    length = minimum + np.random.randint(minimum // 10 + 1)
    for t in range(length):
        index[t, 0], index[t, 1] = 0, 1
        value[t, 0] = np.random.random() if product else 2.0 * np.random.random() - 1.0
        value[t, 1] = 0.0
    first = np.random.randint(10)
    second = first
    while second == first:
        second = np.random.randint(minimum // 2 - 1)
    value[0, 1] = value[length - 1, 1] = -1.0
    x1, x2 = value[first, 0], value[second, 0]
    if first > 0:
        value[first, 1] = 1.0
    else:
        x1 = 1.0 if product else 0.0
    if second > 0:
        value[second, 1] = 1.0
    else:
        x2 = 1.0 if product else 0.0
    target[length - 1, 0] = x1 * x2 if product else 0.5 + (x1 + x2) / 4.0
    return length


@njit(cache=True)
def temporal_order(size: Index, index: Index, value: Array, target: Array) -> int:
    """Fill experiment 6: two or three symbols X or Y among fillers; name their order.

    ``size`` is (symbols,): 2 gives task 6a (4 classes), 3 gives task 6b (8 classes).
    Inputs: a b c d = 0 .. 3, X = 4, Y = 5, E (start) = 6, B (end) = 7.
    """
    length = 100 + np.random.randint(11)
    index[0, 0] = 6
    for t in range(1, length - 1):
        index[t, 0] = np.random.randint(4)
    index[length - 1, 0] = 7
    value[:length, 0] = 1.0
    label = 0
    for k in range(size[0]):
        if size[0] == 2:
            at = (10 if k == 0 else 50) + np.random.randint(11)
        else:
            at = 10 + np.random.randint(11) if k == 0 else 33 * k + np.random.randint(11)
        which = np.random.randint(2)
        index[at, 0] = 4 + which
        label = 2 * label + which
    target[length - 1, :] = 0.0
    target[length - 1, label] = 1.0
    return length
