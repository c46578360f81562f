"""The learning rule of 1997, compiled: one sequence at a time, traces instead of unrolling.

Hochreiter & Schmidhuber 1997, section 4 and appendix A.1, in the notation of
``solutions/carousel.py``. Hidden activations are ordered [cells; input gates; output gates];
``z(t) = [x(t); y(t-1); 1]`` is what every hidden unit sees. Inputs come as sparse pairs
(index, value), so that a one-hot symbol among a thousand costs as much as one number: with a
self-loop of 1 a trace only changes where z is not zero.

What makes it fast: eight nets learn side by side, each from its own start and its own sequences,
and their numbers lie side by side in memory (the last axis, ``lane``). Every product and sum is
thus one vector instruction for eight nets, the exponential function included. A lane with a
shorter sequence starts later, so that all end together. Outputs are computed where they are
wanted, at the last step in most tasks.

The tests hold this kernel to the readable rule in ``solutions/learning.py``.
"""

from __future__ import annotations

from numba import njit

from experiments.rule1997.lanes import LANES, add_product
from experiments.rule1997.memory import Array, Index, Scratch, Sequences, Shape, Weights

# Sums may be taken in any order; infinities and NaNs keep their meaning.
FAST = {"reassoc", "contract", "arcp", "nsz"}


@njit(cache=True, fastmath={"contract"})
def _logistic(x: Array, power: Array, bits: Index) -> None:
    """Replace every x by 1 / (1 + exp(-x)), without a branch or a call.

    exp(a) = 2^n exp(r), with n the integer nearest to a / ln 2. Adding 1.5 * 2^52 leaves n in the
    low bits of a double; shifted to the exponent's place they make 2^n. exp(r), |r| <= ln 2 / 2,
    is its Taylor series, exact to a rounding error with twelve terms.
    """
    shift, high, low = 6755399441055744.0, 0.6931471803691238, 1.9082149292705877e-10
    for i in range(x.size):
        a = min(max(-x[i], -700.0), 700.0)
        n = a * 1.4426950408889634 + shift
        power[i] = n
        n -= shift
        r = (a - n * high) - n * low
        p = 1.0 / 479001600.0
        p = p * r + 1.0 / 39916800.0
        p = p * r + 1.0 / 3628800.0
        p = p * r + 1.0 / 362880.0
        p = p * r + 1.0 / 40320.0
        p = p * r + 1.0 / 5040.0
        p = p * r + 1.0 / 720.0
        p = p * r + 1.0 / 120.0
        p = p * r + 1.0 / 24.0
        p = p * r + 1.0 / 6.0
        p = p * r + 0.5
        p = p * r + 1.0
        x[i] = p * r + 1.0
    for i in range(x.size):  # a loop of its own: these are two views of one memory
        bits[i] = (bits[i] + 1023) << 52
    for i in range(x.size):
        x[i] = 1.0 / (1.0 + x[i] * power[i])


@njit(cache=True)
def reset(work: Scratch, given: Sequences) -> None:
    """Forget everything but the weights: activations, states, traces and pending changes."""
    work.y[:] = 0.0
    work.s[:] = 0.0
    work.trace[:] = 0.0
    work.d_hidden[:] = 0.0
    work.d_output[:] = 0.0
    for k in range(LANES):
        work.z[work.z.size - LANES + k] = 1.0 if given.start[k] == 0 else 0.0


@njit(cache=True, fastmath=FAST)
def step(
    shape: Shape, w: Weights, work: Scratch, given: Sequences, t: int, answer: bool, learn: bool
) -> None:
    """Read one token per lane; when learning, update the traces.

    ``answer``: the outputs are wanted too. They do not feed back, so most steps need none.
    """
    z, y, act, s, yc = work.z, work.y, work.act, work.s, work.yc
    units, back = act.size // LANES, y.size // LANES
    first, row = shape.inputs, w.hidden.shape[1]
    for i in range(y.size):
        z[i] = y[i]
    for i in range(act.size):
        act[i] = 0.0
    for m in range(back + 1):
        for u in range(units):
            add_product(act, u * LANES, w.hidden, (u * row + first + m) * LANES, z, m * LANES)
    if shape.dense:
        for i in range(first):
            for u in range(units):
                at = (t * first + i) * LANES
                add_product(act, u * LANES, w.hidden, (u * row + i) * LANES, given.value, at)
    else:
        for i in range(given.index.shape[1]):
            for k in range(LANES):
                column, x = given.index[t, i, k], given.value[t, i, k]
                for u in range(units):
                    act[u * LANES + k] += w.hidden[u, column, k] * x
    if shape.squash == 1:  # tanh(x) = 2 f(2x) - 1
        for i in range(s.size):
            act[i] *= 2.0
    _logistic(act, work.power, work.bits)
    _write(shape, work)
    if learn:
        _update_traces(shape, work, given, t)
    _read(shape, work)
    if shape.recurrent:
        for i in range(s.size):
            y[i] = yc[i]
        for i in range(s.size, act.size):
            y[i] = act[i]
    if t < given.latest[0]:
        _hold(work, given, t)
    if answer:
        _answer(shape, w, work, given, t)


@njit(cache=True, fastmath=FAST)
def _write(shape: Shape, work: Scratch) -> None:
    """Add to the states what the input gates let in; keep the slopes for the traces."""
    act, gate, s, slope, n = work.act, work.in_gate, work.s, work.slope, work.s.size
    if shape.in_gate:
        for v in range(n // LANES):
            first = n + v // shape.cells * LANES
            for k in range(LANES):
                gate[v * LANES + k] = act[first + k]
    steep, low = 4.0, 2.0
    if shape.squash != 0:
        steep, low = (2.0, 1.0) if shape.squash == 1 else (1.0, 0.0)
    steeper = steep if shape.squash == 2 else 4.0
    loop = shape.self_loop
    for i in range(n):
        s[i] = loop * s[i] + gate[i] * (steep * act[i] - low)
    for i in range(n):
        slope[i] = steeper * act[i] * (1.0 - act[i]) * gate[i]
    for i in range(n):
        slope[n + i] = (steep * act[i] - low) * gate[i] * (1.0 - gate[i])


@njit(cache=True, fastmath=FAST)
def _read(shape: Shape, work: Scratch) -> None:
    """Squash the states and let the output gates pass them."""
    h, s, gate, act, yc, n = work.h, work.s, work.out_gate, work.act, work.yc, work.s.size
    steep = 2.0 if shape.squash == 1 else 1.0
    for i in range(n):
        h[i] = steep * s[i]
    if shape.squash != 2:
        _logistic(h, work.power, work.bits)
        for i in range(n):
            h[i] = 2.0 * h[i] - 1.0
    if shape.out_gate:
        gates = act.size - shape.blocks * LANES
        for v in range(n // LANES):
            first = gates + v // shape.cells * LANES
            for k in range(LANES):
                gate[v * LANES + k] = act[first + k]
    for i in range(n):
        yc[i] = gate[i] * h[i]


@njit(cache=True)
def _hold(work: Scratch, given: Sequences, t: int) -> None:
    """Keep lanes whose sequence has not begun at zero, and note whose first step is next."""
    cells, units, last = work.s.size, work.y.size, work.z.size - LANES
    for k in range(LANES):
        if t < given.start[k]:
            for i in range(k, cells, LANES):
                work.s[i] = 0.0
            for i in range(k, units, LANES):
                work.y[i] = 0.0
        work.z[last + k] = 1.0 if t + 1 >= given.start[k] else 0.0


@njit(cache=True, fastmath=FAST)
def _update_traces(shape: Shape, work: Scratch, given: Sequences, t: int) -> None:
    """Add this step to the traces, after letting them decay as the state does."""
    trace, slope, z, first = work.trace, work.slope, work.z, shape.inputs
    wide = slope.size // LANES
    if shape.self_loop != 1.0:
        for m in range(trace.shape[0]):
            for c in range(wide):
                for k in range(LANES):
                    trace[m, c, k] *= shape.self_loop
    if shape.dense:
        for i in range(first):
            at = (t * first + i) * LANES
            for c in range(wide):
                add_product(trace, (i * wide + c) * LANES, given.value, at, slope, c * LANES)
    else:
        for i in range(given.index.shape[1]):
            for k in range(LANES):
                column, x = given.index[t, i, k], given.value[t, i, k]
                for c in range(wide):
                    trace[column, c, k] += x * slope[c * LANES + k]
    for m in range(z.size // LANES):
        for c in range(wide):
            place = ((first + m) * wide + c) * LANES
            add_product(trace, place, z, m * LANES, slope, c * LANES)


@njit(cache=True, fastmath=FAST)
def _answer(shape: Shape, w: Weights, work: Scratch, given: Sequences, t: int) -> None:
    """Compute the output units."""
    cells, wide, out = work.s.size // LANES, w.output.shape[1], work.out
    for o in range(shape.outputs):
        for k in range(LANES):
            out[o * LANES + k] = w.output[o, wide - 1, k]
        for v in range(cells):
            add_product(out, o * LANES, w.output, (o * wide + v) * LANES, work.yc, v * LANES)
    if shape.out_sees_input:
        for i in range(given.index.shape[1]):
            for k in range(LANES):
                column, x = cells + given.index[t, i, k], given.value[t, i, k]
                for o in range(shape.outputs):
                    out[o * LANES + k] += w.output[o, column, k] * x
    _logistic(out, work.power, work.bits)


@njit(cache=True, fastmath=FAST)
def blame(shape: Shape, w: Weights, work: Scratch, given: Sequences, t: int) -> None:
    """Add the weight changes that this step's output error asks for (rate not yet applied)."""
    cells, blocks, out = work.s.size // LANES, shape.blocks, work.out
    units, width, first = work.act.size // LANES, work.trace.shape[0], shape.inputs
    biased = width if shape.cell_bias else width - 1
    gate_biased = width if shape.gate_bias else width - 1
    for o in range(shape.outputs):  # from here on ``out`` holds the error at the net inputs
        for k in range(LANES):
            y, begun = out[o * LANES + k], 1.0 if t >= given.start[k] else 0.0
            out[o * LANES + k] = begun * y * (1.0 - y) * (given.target[t, o, k] - y)
    wide, back, e, read = w.output.shape[1], work.back, work.e, work.read
    back[:] = 0.0
    for o in range(shape.outputs):
        for v in range(cells):
            add_product(back, v * LANES, w.output, (o * wide + v) * LANES, out, o * LANES)
    for j in range(blocks):
        read[:] = 0.0
        for v in range(j * shape.cells, (j + 1) * shape.cells):
            for k in range(LANES):
                h, error = work.h[v * LANES + k], back[v * LANES + k]
                slope = 1.0 if shape.squash == 2 else 1.0 - h * h
                if shape.squash == 0:
                    slope *= 0.5
                read[k] += h * error
                e[k] = work.out_gate[v * LANES + k] * slope * error
            for m in range(biased):
                at, seen = (v * width + m) * LANES, (m * 2 * cells + v) * LANES
                add_product(work.d_hidden, at, e, 0, work.trace, seen)
            if shape.in_gate:
                for m in range(gate_biased):
                    at = ((cells + j) * width + m) * LANES
                    seen = (m * 2 * cells + cells + v) * LANES
                    add_product(work.d_hidden, at, e, 0, work.trace, seen)
        if shape.out_gate:
            u = units - blocks + j
            for k in range(LANES):
                gate = work.act[u * LANES + k]
                read[k] *= gate * (1.0 - gate)
            for i in range(given.index.shape[1]):
                for k in range(LANES):
                    x = given.value[t, i, k]
                    work.d_hidden[u, given.index[t, i, k], k] += read[k] * x
            for m in range(gate_biased - first):
                at = (u * width + first + m) * LANES
                add_product(work.d_hidden, at, read, 0, work.z, m * LANES)
    _blame_outputs(shape, work, given, t)


@njit(cache=True, fastmath=FAST)
def _blame_outputs(shape: Shape, work: Scratch, given: Sequences, t: int) -> None:
    """Add the output units' own weight changes; ``out`` holds their errors."""
    cells, wide, out = work.s.size // LANES, work.d_output.shape[1], work.out
    for o in range(shape.outputs):
        for v in range(cells):
            at = (o * wide + v) * LANES
            add_product(work.d_output, at, out, o * LANES, work.yc, v * LANES)
        if shape.out_bias:
            for k in range(LANES):
                work.d_output[o, wide - 1, k] += out[o * LANES + k]
    if shape.out_sees_input:
        for i in range(given.index.shape[1]):
            for k in range(LANES):
                column, x = cells + given.index[t, i, k], given.value[t, i, k]
                for o in range(shape.outputs):
                    work.d_output[o, column, k] += out[o * LANES + k] * x


@njit(cache=True)
def apply(w: Weights, work: Scratch, rate: Array) -> None:
    """Add ``rate`` (one per lane) times the pending changes to the weights."""
    for u in range(w.hidden.shape[0]):
        for m in range(w.hidden.shape[1]):
            for k in range(LANES):
                w.hidden[u, m, k] += rate[k] * work.d_hidden[u, m, k]
    for o in range(w.output.shape[0]):
        for m in range(w.output.shape[1]):
            for k in range(LANES):
                w.output[o, m, k] += rate[k] * work.d_output[o, m, k]
