"""How eight 1997 nets lie in memory: their wiring, weights, working arrays and sequences.

The eight nets learn side by side in *lanes*, the last axis of every array.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.rule1997.lanes import LANES

Array = NDArray[np.float64]
Index = NDArray[np.int64]


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
    dense: bool = False  # every input is active at every step, input i in place i


class Weights(NamedTuple):
    """Rows are units, ordered [cells; input gates; output gates], then the output units.

    Columns of ``hidden`` are z, those of ``output`` [cells; x (connectivity B); 1].
    """

    hidden: Array
    output: Array


class Scratch(NamedTuple):
    """Arrays that a sequence needs, made once: state, traces and the sequence's weight changes.

    Those of one number per unit and lane are flat: unit u, lane k at ``u * LANES + k``.
    """

    z: Array  # hidden activations of the step before, and 1
    y: Array  # hidden activations of this step
    act: Array  # logistic of every hidden unit's net input
    s: Array
    h: Array  # h(s), as a logistic function of s at first
    yc: Array  # cell outputs
    out: Array
    in_gate: Array  # the input gate of every cell
    out_gate: Array  # the output gate of every cell
    slope: Array  # of the states by the cells' and the input gates' net inputs
    back: Array  # error at every cell's output
    e: Array  # error at one cell's state
    read: Array  # error at one output gate
    power: Array  # 2^n for the exponential function, and the same memory as integers
    bits: Index
    trace: Array  # (z, twice the cells, lane): ds/dW_cell and ds/dW_in
    d_hidden: Array
    d_output: Array


class Sequences(NamedTuple):
    """One sequence per lane, aligned at their ends: (step, active input or output, lane)."""

    index: Index
    value: Array
    target: Array
    start: Index  # first step of each lane
    latest: Index  # the largest of them, alone


def hidden_units(shape: Shape) -> int:
    """Return the number of hidden units."""
    return shape.blocks * (shape.cells + int(shape.in_gate) + int(shape.out_gate))


def columns(shape: Shape) -> tuple[int, int]:
    """Return the widths of z and of what an output unit sees, bias column included."""
    z = shape.inputs + (hidden_units(shape) if shape.recurrent else 0) + 1
    out = shape.blocks * shape.cells + (shape.inputs if shape.out_sees_input else 0) + 1
    return z, out


def zero_weights(shape: Shape) -> Weights:
    """Return weights of zero in the shapes that ``shape`` asks for."""
    z, out = columns(shape)
    units = hidden_units(shape)
    return Weights(np.zeros((units, z, LANES)), np.zeros((shape.outputs, out, LANES)))


def scratch(shape: Shape) -> Scratch:
    """Return the working arrays for a group of nets."""
    z, _ = columns(shape)
    units, cells, back = hidden_units(shape), shape.blocks * shape.cells, z - shape.inputs
    w = zero_weights(shape)
    power = np.zeros(max(units, shape.outputs) * LANES)
    return Scratch(
        z=np.ones(back * LANES),
        y=np.zeros((back - 1) * LANES),
        act=np.zeros(units * LANES),
        s=np.zeros(cells * LANES),
        h=np.zeros(cells * LANES),
        yc=np.zeros(cells * LANES),
        out=np.zeros(shape.outputs * LANES),
        in_gate=np.ones(cells * LANES),
        out_gate=np.ones(cells * LANES),
        slope=np.zeros(2 * cells * LANES),
        back=np.zeros(cells * LANES),
        e=np.zeros(LANES),
        read=np.zeros(LANES),
        power=power,
        bits=power.view(np.int64),
        trace=np.zeros((z, 2 * cells, LANES)),
        d_hidden=w.hidden,
        d_output=w.output,
    )


def sequences(shape: Shape, longest: int, active: int) -> Sequences:
    """Return room for one sequence of at most ``longest`` steps in every lane."""
    return Sequences(
        np.zeros((longest, active, LANES), np.int64),
        np.zeros((longest, active, LANES)),
        np.zeros((longest, shape.outputs, LANES)),
        np.zeros(LANES, np.int64),
        np.zeros(1, np.int64),
    )


def weight_count(shape: Shape) -> int:
    """Return the number of weights that exist and learn, as the tables of the paper count them."""
    seen = columns(shape)[0] - 1
    cells = shape.blocks * shape.cells
    gates = hidden_units(shape) - cells
    hidden = cells * (seen + int(shape.cell_bias)) + gates * (seen + int(shape.gate_bias))
    out = cells + (shape.inputs if shape.out_sees_input else 0) + int(shape.out_bias)
    return hidden + shape.outputs * out
