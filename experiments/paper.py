"""The eleven tasks of the 1997 paper, by its own protocol: nets, rule, rates and stop criteria.

Rows carry the paper's own mean number of training sequences, so that a table can show both.
Source: Hochreiter & Schmidhuber 1997, section 5 and Tables 1 to 10.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from experiments import train1997 as tr
from experiments.online1997 import Shape, Weights, scratch, zero_weights
from experiments.registry import Experiment, Outcome, Trial, register
from experiments.tasks1997 import seed as seed_tasks
from solutions.nets1997 import EXPERIMENTS, LSTM1997Net

TEST_SEQUENCES = 2560
CHUNK = 5000  # sequences between looks at the clock


@dataclass(frozen=True)
class Row:
    """One line of the paper's tables."""

    name: str
    net: str  # a key of solutions.nets1997.EXPERIMENTS
    task: int
    size: tuple[int, ...]
    longest: int
    rule: tr.Rule
    paper: int  # mean number of sequences until success
    budget: int  # sequences after which a trial counts as not solved
    seconds: float  # about, per trial
    active: int = 1
    every_step: bool = False
    judged_at: int = 1
    rate: float | None = None  # None: the net's own
    trials: int = 10


def _never_wrong(tolerance: float, window: int) -> tr.Rule:
    return tr.Rule(tolerance, window, 1, float("inf"))


def _long_lag(q: int, p: int, paper: int) -> Row:
    size = (q, p, q + 250)
    rule = _never_wrong(0.2, 10_000)
    seconds = paper * q * 3e-6
    net = f"distractors-{p}"
    return Row(f"2c-q{q}-p{p}", net, tr.LONG_LAG, size, q + 252, rule, paper, 10 * paper, seconds)


def _adding(length: int, paper: int) -> Row:
    rule = tr.Rule(0.04, 2000, 1, 0.01)
    longest = length + length // 10 + 1
    seconds = paper * length * 1e-6
    size = (length, 0)
    name = f"4-T{length}"
    return Row(
        name, "adding", tr.MARKED_PAIRS, size, longest, rule, paper, 5 * paper, seconds, active=2
    )


_TWO_SYMBOLS = Row(
    "2a-p100", "two-sequences", tr.TWO_SEQUENCES, (100, 0), 101, _never_wrong(0.25, 10_000),
    5_040, 100_000, 30, every_step=True, judged_at=100,
)  # fmt: skip
_MULTIPLICATION = Row(
    "5-loose", "multiplication", tr.MARKED_PAIRS, (100, 1), 111,
    tr.Rule(0.04, 2000, 140, float("inf")), 482_000, 2_400_000, 50, active=2,
)  # fmt: skip
_ORDER = tr.Rule(0.3, 2000, 1, 0.1)

ROWS = [
    _TWO_SYMBOLS,
    replace(
        _TWO_SYMBOLS, name="2b-p100", net="random-middle", size=(100, 1), judged_at=1, paper=5_680
    ),
    _long_lag(50, 50, 30_000),
    _long_lag(100, 100, 31_000),
    _long_lag(200, 200, 33_000),
    _long_lag(500, 500, 38_000),
    _long_lag(1000, 1000, 49_000),
    _long_lag(1000, 500, 49_000),
    _long_lag(1000, 200, 75_000),
    _long_lag(1000, 100, 135_000),
    _long_lag(1000, 50, 203_000),
    _adding(100, 74_000),
    _adding(500, 209_000),
    _adding(1000, 853_000),
    _MULTIPLICATION,
    replace(
        _MULTIPLICATION, name="5-tight", rule=tr.Rule(0.04, 2000, 13, float("inf")),
        paper=1_273_000, budget=6_400_000, seconds=130,
    ),
    Row("6a", "order-4", tr.TEMPORAL_ORDER, (2,), 112, _ORDER, 31_390, 300_000, 5),
    Row("6b", "order-8", tr.TEMPORAL_ORDER, (3,), 112, _ORDER, 571_100, 2_900_000, 120),
]  # fmt: skip


def shape_of(net: LSTM1997Net) -> Shape:
    """Return the compiled kernel's description of a net."""
    hidden = net.hidden
    squash = {"scaled": 0, "tanh": 1, "sigmoid": 2}[hidden.g]
    biased = 0 if hidden.bias is None else hidden.bias.shape[0]
    return Shape(
        inputs=hidden.input_size,
        outputs=net.weight_out.shape[0],
        blocks=hidden.blocks,
        cells=hidden.block_size,
        in_gate=hidden.input_gate,
        out_gate=hidden.output_gate,
        cell_bias=biased == hidden.units,
        gate_bias=biased > 0,
        out_bias=net.bias_out is not None,
        out_sees_input=net.connectivity == "B",
        recurrent=hidden.weight_hh is not None,
        squash=squash,
        self_loop=hidden.self_loop,
    )


def weights_of(net: LSTM1997Net) -> Weights:
    """Copy a net's parameters into the kernel's layout, in float64."""
    hidden, shape = net.hidden, shape_of(net)
    weights = zero_weights(shape)
    rows = torch.zeros(hidden.units, weights.cell.shape[1], dtype=torch.float64)
    rows[:, : hidden.input_size] = hidden.weight_ih.detach()
    if hidden.weight_hh is not None:
        rows[:, hidden.input_size : -1] = hidden.weight_hh.detach()
    if hidden.bias is not None:
        rows[-hidden.bias.shape[0] :, -1] = hidden.bias.detach()
    cells, blocks = hidden.cells, hidden.blocks
    weights.cell[...] = rows[:cells].numpy()
    if hidden.input_gate:
        weights.in_gate[...] = rows[cells : cells + blocks].numpy()
    if hidden.output_gate:
        weights.out_gate[...] = rows[-blocks:].numpy()
    weights.output[:, : net.weight_out.shape[1]] = net.weight_out.detach().double().numpy()
    if net.bias_out is not None:
        weights.output[:, -1] = net.bias_out.detach().double().numpy()
    return weights


def run_row(row: Row, seed: int, budget: int, **changes: Any) -> Outcome:
    """Train one net of a row until its stop rule holds or the budget is spent, then test it."""
    torch.manual_seed(seed)
    net = EXPERIMENTS[row.net].build(**changes).double()
    rate = row.rate if row.rate is not None else EXPERIMENTS[row.net].rate
    shape, weights = shape_of(net), weights_of(net)
    work, sequence = scratch(shape), tr.buffers(shape, row.longest, row.active)
    size = np.array(row.size, dtype=np.int64)
    seed_tasks(seed)
    recent = np.full((2, row.rule.window), 1.0)
    started, done, curve, mean, wrong = time.perf_counter(), 0, [], 1.0, row.rule.window
    while 0 <= done < budget:
        done, mean, wrong = tr.train_window(
            row.task, size, shape, weights, work, sequence, row.rule, row.judged_at,
            row.every_step, rate, recent, done, min(CHUNK, budget - done),
        )  # fmt: skip
        curve.append([abs(done), round(mean, 6), wrong])
    missed, error = tr.test(
        row.task, size, shape, weights, work, sequence, row.rule.tolerance, row.judged_at,
        row.every_step, TEST_SEQUENCES,
    )  # fmt: skip
    return {
        "solved": done < 0,
        "sequences": abs(done),
        "budget": budget,
        "window_mean_error": mean,
        "window_wrong": wrong,
        "test_wrong": int(missed),
        "test_mean_error": error,
        "curve": thinned(curve),
        "seconds": round(time.perf_counter() - started, 2),
    }


def thinned(curve: list[list[float]], most: int = 40) -> list[list[float]]:
    """Return at most ``most`` points of a curve, evenly spread, the last one among them."""
    stride = -(-len(curve) // most)
    return curve[::-1][::stride][::-1]


def _experiment(row: Row) -> Experiment:
    def trials(quick: bool) -> list[Trial]:
        count, budget = (3, row.budget // 5) if quick else (row.trials, row.budget)
        return [Trial(f"seed{s}", {"seed": s, "budget": budget}) for s in range(count)]

    return Experiment(
        name=f"paper-{row.name}",
        part="paper",
        purpose=f"task {row.name} of the 1997 paper, its net, rule and stop criterion",
        code=("experiments.paper",),
        trials=trials,
        run=lambda parameters, device: run_row(row, **parameters),
        seconds=row.seconds,
    )


for _row in ROWS:
    register(_experiment(_row))
