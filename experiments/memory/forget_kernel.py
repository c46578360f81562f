"""On-line learning in memory cells with forget gates, on streams that need not end. Compiled.

The rule of Gers, Schmidhuber & Cummins 2000: the truncated one of 1997, with a third gate per
block in the carousel and the weights changed after every symbol:

    s(t) = f_j(t) s(t-1) + in_j(t) g(net(t)),   y(t) = out_j(t) h(s(t))
    ds/dW(t) = f_j(t) ds/dW(t-1) + what W adds at t

Gates and cells see z = [x; y(t-1); 1], cells have no bias, outputs see [y; x; 1]. That is the
one wiring we found with the 424 weights that are reported for 4 blocks of 2 cells. Without a
forget gate f is a constant, the self-loop: 1 in the cell of 1997, below 1 with state decay.
``rule1997.step`` holds the nets of 1997 themselves, whose gates feed back.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from experiments.tasks.paper1997 import embedded_reber

Array = NDArray[np.float64]
Index = NDArray[np.int64]

SYMBOLS, LAST = 7, 6  # E, the string's last symbol, is number 6
LONGEST = 64
LADDER = (0.5, 1.0, 1.5, 2.0)  # biases: minus for input and output gates, plus for forget gates


class Net(NamedTuple):
    """Weights: rows are units, columns what they see; the last column is the bias."""

    cell: Array
    in_gate: Array
    forget: Array
    out_gate: Array
    output: Array
    self_loop: float  # below 0: the forget gate instead


class Memory(NamedTuple):
    """What the net carries from symbol to symbol: activations, states and their traces."""

    y: Array
    s: Array
    trace_cell: Array
    trace_in: Array
    trace_forget: Array


def start(blocks: int, cells: int, self_loop: float, seed: int) -> Net:
    """Draw weights uniform in [-0.2, 0.2] and set the ladders of gate biases."""
    rng = np.random.default_rng(seed)
    units = blocks * cells
    width = SYMBOLS + units + 1

    def draw(rows: int) -> Array:
        return rng.uniform(-0.2, 0.2, (rows, width))

    net = Net(draw(units), draw(blocks), draw(blocks), draw(blocks), draw(SYMBOLS), self_loop)
    net.cell[:, -1] = 0.0
    ladder = np.resize(LADDER, blocks)
    net.in_gate[:, -1] = net.out_gate[:, -1] = -ladder
    net.forget[:, -1] = ladder
    return net


def weight_count(net: Net) -> int:
    """Return the number of weights that learn."""
    count = net.cell.size - len(net.cell) + net.in_gate.size + net.out_gate.size + net.output.size
    return count + (net.forget.size if net.self_loop < 0 else 0)


def blank(net: Net) -> Memory:
    """Return a memory of zeros."""
    units, width = net.cell.shape
    zeros = np.zeros
    return Memory(zeros(units), zeros(units), *(zeros((units, width)) for _ in range(3)))


@njit(cache=True)
def wipe(memory: Memory) -> None:
    """Set everything that is carried to zero: the external reset."""
    memory.y[:] = 0.0
    memory.s[:] = 0.0
    memory.trace_cell[:] = 0.0
    memory.trace_in[:] = 0.0
    memory.trace_forget[:] = 0.0


@njit(cache=True)
def _gate(row: Array, symbol: int, y: Array) -> float:
    net = row[symbol] + row[-1]
    for m in range(y.shape[0]):
        net += row[SYMBOLS + m] * y[m]
    return 1.0 / (1.0 + np.exp(-net))


@njit(cache=True)
def step(net: Net, memory: Memory, symbol: int, target: Array, rate: float, out: Array) -> None:
    """Read one symbol, write the predictions into ``out``, and learn from ``target`` at once.

    ``rate`` 0 only reads.
    """
    blocks, units = net.in_gate.shape[0], net.cell.shape[0]
    cells, width = units // blocks, net.cell.shape[1]
    z = np.zeros(width)
    z[symbol] = 1.0
    z[SYMBOLS : width - 1] = memory.y
    z[width - 1] = 1.0
    before = memory.y.copy()
    slope = np.zeros(units)
    opened = np.zeros(blocks)
    for j in range(blocks):
        gate_in = _gate(net.in_gate[j], symbol, before)
        opened[j] = _gate(net.out_gate[j], symbol, before)
        keep, keep_slope = net.self_loop, 0.0
        if keep < 0.0:
            keep = _gate(net.forget[j], symbol, before)
            keep_slope = keep * (1.0 - keep)
        for v in range(j * cells, (j + 1) * cells):
            a = net.cell[v, symbol]
            for m in range(units):
                a += net.cell[v, SYMBOLS + m] * before[m]
            g = 2.0 * np.tanh(0.5 * a)
            by_cell = gate_in * (1.0 - 0.25 * g * g)
            by_in = g * gate_in * (1.0 - gate_in)
            by_forget = memory.s[v] * keep_slope
            if rate > 0.0:
                for m in range(width):
                    memory.trace_cell[v, m] = keep * memory.trace_cell[v, m] + by_cell * z[m]
                    memory.trace_in[v, m] = keep * memory.trace_in[v, m] + by_in * z[m]
                    memory.trace_forget[v, m] = keep * memory.trace_forget[v, m] + by_forget * z[m]
            memory.s[v] = keep * memory.s[v] + gate_in * g
            h = np.tanh(0.5 * memory.s[v])
            slope[v] = 0.5 * (1.0 - h * h)
            memory.y[v] = opened[j] * h
    back = np.zeros(units)
    for o in range(SYMBOLS):
        a = net.output[o, units + symbol] + net.output[o, width - 1]
        for v in range(units):
            a += net.output[o, v] * memory.y[v]
        out[o] = 1.0 / (1.0 + np.exp(-a))
        if rate > 0.0:
            e = (target[o] - out[o]) * out[o] * (1.0 - out[o])
            for v in range(units):
                back[v] += e * net.output[o, v]
                net.output[o, v] += rate * e * memory.y[v]
            net.output[o, units + symbol] += rate * e
            net.output[o, width - 1] += rate * e
    if rate > 0.0:
        _change(net, memory, z, back, slope, opened, rate)


@njit(cache=True)
def _change(
    net: Net, memory: Memory, z: Array, back: Array, slope: Array, opened: Array, rate: float
) -> None:
    """Change the hidden layer's weights by the truncated rule; ``back`` is the error at y."""
    blocks, units = net.in_gate.shape[0], net.cell.shape[0]
    cells, width = units // blocks, net.cell.shape[1]
    for j in range(blocks):
        read = 0.0
        for v in range(j * cells, (j + 1) * cells):
            read += back[v] * memory.y[v] * (1.0 - opened[j])
            e = rate * back[v] * opened[j] * slope[v]
            for m in range(width):
                if m < width - 1:
                    net.cell[v, m] += e * memory.trace_cell[v, m]
                net.in_gate[j, m] += e * memory.trace_in[v, m]
                if net.self_loop < 0.0:
                    net.forget[j, m] += e * memory.trace_forget[v, m]
        for m in range(width):
            net.out_gate[j, m] += rate * read * z[m]


@njit(cache=True)
def stream(
    net: Net, memory: Memory, symbols: int, reset: bool, rate: float, last_rate: float, log: Array
) -> None:
    """Read at least ``symbols`` symbols of embedded Reber strings, one after the other.

    After E comes the next string's B. ``reset`` wipes the memory before each string. The rate
    falls geometrically from ``rate`` to ``last_rate``. ``log`` (rows, 7) adds up, over equal
    parts of the stream: symbols, wrong symbols, strings, strings whose outer symbol is wrong, the
    sum over symbols of mean |s| and of mean h'(s), and the largest |s|. A symbol is wrong
    when a legal successor does not score above every other symbol.
    """
    size = np.array([LONGEST])
    index = np.zeros((LONGEST + 1, 1), np.int64)
    value = np.zeros((LONGEST + 1, 1))
    target = np.zeros((LONGEST + 1, SYMBOLS))
    out = np.zeros(SYMBOLS)
    done = 0
    while done < symbols:
        if reset:
            wipe(memory)
        length = embedded_reber(size, index, value, target)
        index[length, 0] = LAST
        target[length] = 0.0
        target[length, 0] = 1.0
        row = log[min(log.shape[0] - 1, done * log.shape[0] // symbols)]
        now = rate * (last_rate / rate) ** (done / symbols) if rate > 0.0 else 0.0
        for t in range(length + 1):
            step(net, memory, index[t, 0], target[t], now, out)
            low, high = 2.0, -1.0
            for o in range(SYMBOLS):
                if target[t, o] > 0.5:
                    low = min(low, out[o])
                else:
                    high = max(high, out[o])
            wrong = low <= high
            row[1] += wrong
            if t == length - 2:
                row[3] += wrong
            for v in range(memory.s.shape[0]):
                h = np.tanh(0.5 * memory.s[v])
                row[4] += abs(memory.s[v]) / memory.s.shape[0]
                row[5] += 0.5 * (1.0 - h * h) / memory.s.shape[0]
                row[6] = max(row[6], abs(memory.s[v]))
        row[0] += length + 1
        row[2] += 1
        done += length + 1
