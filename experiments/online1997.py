"""The learning rule of 1997, compiled: one sequence at a time, traces instead of unrolling.

Hochreiter & Schmidhuber 1997, section 4 and appendix A.1, in the notation of
``solutions/carousel.py``. Hidden activations are ordered [cells; input gates; output gates];
``z(t) = [x(t); y(t-1); 1]`` is what every hidden unit sees. Inputs come as sparse pairs
(index, value), so that a one-hot symbol among a thousand costs as much as one number: with a
self-loop of 1 a trace only changes where z is not zero.

The tests hold this kernel to the readable rule in ``solutions/learning.py``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Shape(NamedTuple):
    """How a 1997 net is wired. Counts of units, and which parts it has."""

    inputs: int
    outputs: int
    blocks: int
    cells: int  # per block
    in_gate: bool = True
    out_gate: bool = True
    cell_bias: bool = True
    gate_bias: bool = True
    out_bias: bool = True
    out_sees_input: bool = False  # connectivity B of tasks 2a and 2b
    recurrent: bool = True
    squash: int = 0  # 0: g in [-2,2], h in [-1,1]; 1: tanh for both; 2: g logistic, h identity
    self_loop: float = 1.0


class Weights(NamedTuple):
    """Rows are units; columns are z for hidden units, [cells; x; 1] for output units."""

    cell: Array
    in_gate: Array
    out_gate: Array
    output: Array


class Scratch(NamedTuple):
    """Arrays that a sequence needs, made once: state, traces and the sequence's weight changes."""

    y: Array
    s: Array
    z: Array
    trace_cell: Array
    trace_in: Array
    d_cell: Array
    d_in: Array
    d_out: Array
    d_output: Array


def hidden_units(shape: Shape) -> int:
    """Return the number of hidden activations that feed back."""
    if not shape.recurrent:
        return 0
    return shape.blocks * (shape.cells + int(shape.in_gate) + int(shape.out_gate))


def columns(shape: Shape) -> tuple[int, int]:
    """Return the widths of z and of what an output unit sees, bias column included."""
    z = shape.inputs + hidden_units(shape) + 1
    out = shape.blocks * shape.cells + (shape.inputs if shape.out_sees_input else 0) + 1
    return z, out


def zero_weights(shape: Shape) -> Weights:
    """Return weights of zero in the shapes that ``shape`` asks for."""
    z, out = columns(shape)
    return Weights(
        np.zeros((shape.blocks * shape.cells, z)),
        np.zeros((shape.blocks, z)),
        np.zeros((shape.blocks, z)),
        np.zeros((shape.outputs, out)),
    )


def scratch(shape: Shape) -> Scratch:
    """Return the working arrays for one net."""
    z, _ = columns(shape)
    units, cells = hidden_units(shape), shape.blocks * shape.cells
    w = zero_weights(shape)
    return Scratch(
        np.zeros(max(units, 1)),
        np.zeros(cells),
        np.zeros(z),
        np.zeros((cells, z)),
        np.zeros((cells, z)),
        w.cell,
        w.in_gate,
        w.out_gate,
        w.output,
    )


def weight_count(shape: Shape) -> int:
    """Return the number of weights that exist and learn, as the tables of the paper count them."""
    seen = shape.inputs + hidden_units(shape)
    cells = shape.blocks * shape.cells
    gates = shape.blocks * (int(shape.in_gate) + int(shape.out_gate))
    hidden = cells * (seen + int(shape.cell_bias)) + gates * (seen + int(shape.gate_bias))
    out = cells + (shape.inputs if shape.out_sees_input else 0) + int(shape.out_bias)
    return hidden + shape.outputs * out


def uniform_start(
    shape: Shape,
    rng: np.random.Generator,
    width: float,
    in_bias: tuple[float, ...] | None = None,
    out_bias: tuple[float, ...] | None = None,
) -> Weights:
    """Draw weights uniform in [-width, width]; a bias ladder replaces the gates' random biases."""
    w = zero_weights(shape)
    for matrix in w:
        matrix[...] = rng.uniform(-width, width, matrix.shape)
    for matrix, present in ((w.cell, shape.cell_bias), (w.output, shape.out_bias)):
        if not present:
            matrix[:, -1] = 0.0
    for matrix, ladder in ((w.in_gate, in_bias), (w.out_gate, out_bias)):
        if not shape.gate_bias:
            matrix[:, -1] = 0.0
        elif ladder is not None:
            matrix[:, -1] = ladder
    return w


@njit(cache=True)
def _logistic(x: float) -> float:
    return 1.0 / (1.0 + np.exp(-x))


@njit(cache=True)
def _squash_in(squash: int, x: float) -> tuple[float, float]:
    """Return g(x) and g'(x)."""
    if squash == 0:
        t = np.tanh(0.5 * x)
        return 2.0 * t, 1.0 - t * t
    if squash == 1:
        t = np.tanh(x)
        return t, 1.0 - t * t
    f = _logistic(x)
    return f, f * (1.0 - f)


@njit(cache=True)
def _squash_out(squash: int, s: float) -> tuple[float, float]:
    """Return h(s) and h'(s)."""
    if squash == 0:
        t = np.tanh(0.5 * s)
        return t, 0.5 * (1.0 - t * t)
    if squash == 1:
        t = np.tanh(s)
        return t, 1.0 - t * t
    return s, 1.0


@njit(cache=True)
def reset(work: Scratch) -> None:
    """Forget everything: activations, states, traces and pending weight changes."""
    for array in (work.y, work.s, work.z):
        array[:] = 0.0
    work.trace_cell[:] = 0.0
    work.trace_in[:] = 0.0
    work.d_cell[:] = 0.0
    work.d_in[:] = 0.0
    work.d_out[:] = 0.0
    work.d_output[:] = 0.0


@njit(cache=True)
def _net(row: Array, work: Scratch, index: NDArray[np.int64], value: Array, first: int) -> float:
    """Return one unit's net input: sparse inputs, recurrent part and (z's last entry) the bias."""
    total = 0.0
    for k in range(index.shape[0]):
        total += row[index[k]] * value[k]
    for m in range(first, row.shape[0]):
        total += row[m] * work.z[m]
    return total


@njit(cache=True)
def step(
    shape: Shape,
    w: Weights,
    work: Scratch,
    index: NDArray[np.int64],
    value: Array,
    out: Array,
    learn: bool,
) -> None:
    """Read one token, write the outputs into ``out`` and, when learning, update the traces."""
    n_in, cells, blocks = shape.inputs, shape.cells, shape.blocks
    units = work.y.shape[0] if shape.recurrent else 0
    width = work.z.shape[0]
    work.z[:n_in] = 0.0
    for k in range(index.shape[0]):
        work.z[index[k]] = value[k]
    for m in range(units):
        work.z[n_in + m] = work.y[m]
    total = blocks * cells
    for j in range(blocks):
        work.z[width - 1] = 1.0 if shape.gate_bias else 0.0
        gate_in, gate_out = 1.0, 1.0
        if shape.in_gate:
            gate_in = _logistic(_net(w.in_gate[j], work, index, value, n_in))
        if shape.out_gate:
            gate_out = _logistic(_net(w.out_gate[j], work, index, value, n_in))
        for v in range(j * cells, (j + 1) * cells):
            work.z[width - 1] = 1.0 if shape.cell_bias else 0.0
            g, dg = _squash_in(shape.squash, _net(w.cell[v], work, index, value, n_in))
            work.s[v] = shape.self_loop * work.s[v] + gate_in * g
            h, _ = _squash_out(shape.squash, work.s[v])
            if learn:
                _trace(shape, work, v, index, dg * gate_in, g * gate_in * (1.0 - gate_in))
            out[shape.outputs + v] = gate_out * h
            if shape.recurrent:
                work.y[v] = gate_out * h
        if shape.recurrent:
            if shape.in_gate:
                work.y[total + j] = gate_in
            if shape.out_gate:
                work.y[total + (blocks if shape.in_gate else 0) + j] = gate_out
        out[shape.outputs + total + j] = gate_out
    for o in range(shape.outputs):
        a = w.output[o, w.output.shape[1] - 1] if shape.out_bias else 0.0
        for v in range(total):
            a += w.output[o, v] * out[shape.outputs + v]
        if shape.out_sees_input:
            for k in range(index.shape[0]):
                a += w.output[o, total + index[k]] * value[k]
        out[o] = _logistic(a)


@njit(cache=True)
def _trace(
    shape: Shape, work: Scratch, v: int, index: NDArray[np.int64], cell: float, gate: float
) -> None:
    """Add this step to ds/dW of cell ``v``: all columns if the state decays, else z's non-zeros."""
    width = work.z.shape[0]
    first = 0
    if shape.self_loop == 1.0:
        first = shape.inputs
        for k in range(index.shape[0]):
            m = index[k]
            work.trace_cell[v, m] += cell * work.z[m]
            work.trace_in[v, m] += gate * work.z[m]
    for m in range(first, width):
        z = work.z[m]
        if m == width - 1:
            z = 1.0
        work.trace_cell[v, m] = shape.self_loop * work.trace_cell[v, m] + cell * z
        work.trace_in[v, m] = shape.self_loop * work.trace_in[v, m] + gate * z


@njit(cache=True)
def blame(
    shape: Shape,
    w: Weights,
    work: Scratch,
    index: NDArray[np.int64],
    value: Array,
    out: Array,
    target: Array,
) -> None:
    """Add the weight changes that this step's output error asks for (rate not yet applied)."""
    total, cells, width = shape.blocks * shape.cells, shape.cells, work.z.shape[0]
    last = w.output.shape[1] - 1
    for j in range(shape.blocks):
        gate_out = out[shape.outputs + total + j]
        read = 0.0
        for v in range(j * cells, (j + 1) * cells):
            back = 0.0
            for o in range(shape.outputs):
                back += w.output[o, v] * out[o] * (1.0 - out[o]) * (target[o] - out[o])
            h, dh = _squash_out(shape.squash, work.s[v])
            read += h * back
            e = gate_out * dh * back
            for m in range(width - 1 if not shape.cell_bias else width):
                work.d_cell[v, m] += e * work.trace_cell[v, m]
            if shape.in_gate:
                for m in range(width - 1 if not shape.gate_bias else width):
                    work.d_in[j, m] += e * work.trace_in[v, m]
        if shape.out_gate:
            d = gate_out * (1.0 - gate_out) * read
            for m in range(width - 1):
                work.d_out[j, m] += d * work.z[m]
            if shape.gate_bias:
                work.d_out[j, width - 1] += d
    for o in range(shape.outputs):
        e = out[o] * (1.0 - out[o]) * (target[o] - out[o])
        for v in range(total):
            work.d_output[o, v] += e * out[shape.outputs + v]
        if shape.out_sees_input:
            for k in range(index.shape[0]):
                work.d_output[o, total + index[k]] += e * value[k]
        if shape.out_bias:
            work.d_output[o, last] += e


@njit(cache=True)
def apply(w: Weights, work: Scratch, rate: float) -> None:
    """Add ``rate`` times the pending changes to the weights."""
    for j in range(w.cell.shape[0]):
        for m in range(w.cell.shape[1]):
            w.cell[j, m] += rate * work.d_cell[j, m]
    for j in range(w.in_gate.shape[0]):
        for m in range(w.in_gate.shape[1]):
            w.in_gate[j, m] += rate * work.d_in[j, m]
            w.out_gate[j, m] += rate * work.d_out[j, m]
    for o in range(w.output.shape[0]):
        for m in range(w.output.shape[1]):
            w.output[o, m] += rate * work.d_output[o, m]
