"""One logistic recurrent unit trained on-line by the exact gradient: task 2a's baseline of 1997.

With symbols as one-hot inputs x(t), the unit's input weights w and its own weight u,

    h(t) = f(w x(t) + u h(t-1)),   o(t) = f(V x(t) + v h(t))          (no biases)

where the outputs see the inputs too. RTRL carries the sensitivities of h forward:

    dh(t)/dw_i = h (1 - h) (x_i(t) + u dh(t-1)/dw_i),   dh(t)/du alike, with h(t-1) for x_i

and every step's squared error adds to the gradient; the weights change after each sequence.
p + 1 symbols make (p + 1)^2 + 2 (p + 1) + 1 weights. Source: Hochreiter & Schmidhuber 1997,
section 5.2, Table 2; Robinson & Fallside 1987; Williams & Zipser 1989.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]


def start(p: int, seed: int, width: float = 0.2) -> Array:
    """Return weights uniform in [-width, width] as one row: w, u, then per output V_k and v_k."""
    symbols = p + 1
    return np.random.default_rng(seed).uniform(-width, width, symbols + 1 + symbols * (symbols + 1))


@njit(cache=True)
def seed(number: int) -> None:
    """Seed the compiled generator of sequences."""
    np.random.seed(number)


@njit(cache=True)
def read(p: int, first: int, weights: Array, gradient: Array, trace: Array) -> float:
    """Read (x or y, a_1 .. a_(p-1), the same x or y) and predict every next symbol.

    ``first`` is p - 1 for x and p for y; a_i is symbol i - 1. Adds the descent direction of
    half the squared error to ``gradient`` (same layout as the weights); ``trace`` is working
    space for p + 2 sensitivities. Return the largest absolute output error.
    """
    symbols = p + 1
    trace[:] = 0.0
    h, worst = 0.0, 0.0
    own = weights[symbols]
    for t in range(p):
        symbol = first if t == 0 else t - 1
        target = t if t < p - 1 else first
        before = h
        h = 1.0 / (1.0 + np.exp(-(weights[symbol] + own * before)))
        slope = h * (1.0 - h)
        for i in range(symbols + 1):
            trace[i] = own * trace[i]
        trace[symbol] += 1.0
        trace[symbols] += before
        for i in range(symbols + 1):
            trace[i] *= slope
        back = 0.0
        for k in range(symbols):
            row = symbols + 1 + k * (symbols + 1)
            o = 1.0 / (1.0 + np.exp(-(weights[row + symbol] + weights[row + symbols] * h)))
            error = (1.0 if k == target else 0.0) - o
            worst = max(worst, abs(error))
            delta = error * o * (1.0 - o)
            gradient[row + symbol] += delta
            gradient[row + symbols] += delta * h
            back += delta * weights[row + symbols]
        for i in range(symbols + 1):
            gradient[i] += back * trace[i]
    return worst


@njit(cache=True)
def train(
    p: int, weights: Array, rate: float, tolerance: float, streak: int, budget: int
) -> tuple[int, float]:
    """Train until ``streak`` sequences in a row have no error of ``tolerance`` or more.

    x and y are equally likely. Return the number of sequences read, negative when the budget
    ran out, and the largest error of the last sequence.
    """
    gradient, trace = np.zeros_like(weights), np.zeros(p + 2)
    right, worst = 0, 1.0
    for done in range(1, budget + 1):
        gradient[:] = 0.0
        worst = read(p, p - 1 + np.random.randint(2), weights, gradient, trace)
        right = right + 1 if worst < tolerance else 0
        if right == streak:
            return done, worst
        for i in range(weights.shape[0]):
            weights[i] += rate * gradient[i]
    return -budget, worst
