"""Exact real-time recurrent learning, compiled: a small tanh net, one sequence at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Given(NamedTuple):
    """What a chunk of training is made of, seeds first: every seed reads sequences of its own."""

    x: Array  # (seed, sequence, time, input)
    target: Array  # (seed, sequence, time or 1, output)
    length: Index  # (seed, sequence)


# From sequences and one rate a seed (0: only read) to the largest output error of each sequence,
# and whether at every judged step the wanted outputs exceeded all others: (seed, sequence) both.
Reader = Callable[[Given, Array], tuple[Array, Flags]]


class RTRLNet(NamedTuple):
    """A tanh net with logistic outputs; z = [x; h(t-1); 1] is what a hidden unit sees."""

    hidden: Array  # (units, inputs + units + 1)
    output: Array  # (outputs, units + 1)


def rtrl_start(inputs: int, outputs: int, units: int, seed: int) -> RTRLNet:
    """Draw weights uniform in 1/sqrt(units), biases zero."""
    width, rng = units**-0.5, np.random.default_rng(seed)
    hidden = rng.uniform(-width, width, (units, inputs + units + 1))
    output = rng.uniform(-width, width, (outputs, units + 1))
    hidden[:, -1] = output[:, -1] = 0.0
    return RTRLNet(hidden, output)


@njit(cache=True, fastmath=True, error_model="numpy")
def read_rtrl(
    net: RTRLNet, x: Array, target: Array, lengths: Index, every: bool, rate: float
) -> tuple[Array, Flags]:
    """Read sequences one by one and learn from each by exact real-time recurrent learning.

    The sensitivities P[k, i, m] = dh_k / dW[i, m] go forward with the state (Williams & Zipser
    1989): P(t) = diag(1 - h^2) (U P(t-1) + [k = i] z_m). No truncation; a sequence's weight
    changes are added up and made at its end.
    """
    w, v = net.hidden, net.output
    units, width = w.shape
    outputs, inputs, columns = v.shape[0], x.shape[2], units * width
    worst, ranked = np.zeros(len(x)), np.ones(len(x), np.bool_)
    z, h, y = np.zeros(width), np.zeros(units), np.zeros(outputs)
    p, q = np.zeros((units, columns)), np.zeros((units, columns))
    dw, dv = np.zeros(columns), np.zeros((outputs, units + 1))
    z[width - 1] = 1.0
    for n in range(len(x)):
        h[:] = 0.0
        p[:] = 0.0
        dw[:] = 0.0
        dv[:] = 0.0
        for t in range(lengths[n]):
            for m in range(inputs):
                z[m] = x[n, t, m]
            for k in range(units):
                z[inputs + k] = h[k]
            for k in range(units):
                total = 0.0
                for m in range(width):
                    total += w[k, m] * z[m]
                h[k] = np.tanh(total)
            if rate > 0.0:
                for k in range(units):
                    q[k] = 0.0
                    for m in range(width):
                        q[k, k * width + m] = z[m]
                    for j in range(units):
                        u = w[k, inputs + j]
                        for c in range(columns):
                            q[k, c] += u * p[j, c]
                    slope = 1.0 - h[k] * h[k]
                    for c in range(columns):
                        q[k, c] *= slope
                p, q = q, p
            if not every and t < lengths[n] - 1:
                continue
            wanted = target[n, t if every else 0]
            low, high = 2.0, -1.0
            for o in range(outputs):
                total = v[o, units]
                for k in range(units):
                    total += v[o, k] * h[k]
                y[o] = 1.0 / (1.0 + np.exp(-total))
                worst[n] = max(worst[n], abs(y[o] - wanted[o]))
                if wanted[o] > 0.5:
                    low = min(low, y[o])
                else:
                    high = max(high, y[o])
            ranked[n] = ranked[n] and low > high
            if rate > 0.0:
                for o in range(outputs):
                    e = y[o] * (1.0 - y[o]) * (wanted[o] - y[o])
                    for k in range(units):
                        dv[o, k] += e * h[k]
                        back = e * v[o, k]
                        for c in range(columns):
                            dw[c] += back * p[k, c]
                    dv[o, units] += e
        if rate > 0.0:
            for k in range(units):
                for m in range(width):
                    w[k, m] += rate * dw[k * width + m]
            for o in range(outputs):
                for k in range(units + 1):
                    v[o, k] += rate * dv[o, k]
    return worst, ranked


class RTRLNets:
    """Tanh nets that learn by exact RTRL, one after the other."""

    def __init__(
        self, units: int, inputs: int, outputs: int, seeds: list[int], every_step: bool = False
    ) -> None:
        self.nets = [rtrl_start(inputs, outputs, units, seed) for seed in seeds]
        self.every_step = every_step
        self.weights = self.nets[0].hidden.size + self.nets[0].output.size

    def __call__(self, given: Given, rate: Array) -> tuple[Array, Flags]:
        """Read, and learn where a rate is not 0."""
        both = [
            read_rtrl(net, *(part[k] for part in given), self.every_step, rate[k])
            for k, net in enumerate(self.nets)
        ]
        return np.stack([worst for worst, _ in both]), np.stack([ranked for _, ranked in both])
