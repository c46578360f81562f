"""Adding and multiplying (4, 5) without sequences whose first pair is one of the two that count.

The paper marks the first pair with -1 always, and lets it count as 0 (or 1, in a product) when it
is drawn as one of the two: 12 sequences in 100 then show a single mark. How often that was so in
the paper's runs is open; it calls the case rare. Here it never happens. Everything else is as in
``paper.run``, but that the stop rule is tested every 100 sequences.

Source: Hochreiter & Schmidhuber 1997, sections 5.4 and 5.5.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from experiments.harness.registry import Outcome
from experiments.instruments.rounding import rounded
from experiments.paper.run import TEST_SEQUENCES, thinned
from experiments.rule1997 import training as gr
from experiments.rule1997.lanes import LANES
from experiments.rule1997.memory import Array, Index, Scratch, Sequences, Shape, Weights
from experiments.rule1997.protocol import Group, group, protocol_from
from experiments.tasks import paper1997 as tasks

CHECK = 100  # sequences between two tests of the stop rule


def run(parameters: dict[str, Any], device: str) -> Outcome:
    """Train up to eight seeds until the stop rule holds; the parameters hold protocol, budget."""
    protocol, seeds = protocol_from(parameters["protocol"]), parameters["seeds"]
    budget, window = parameters["budget"], protocol.window
    nets = group(protocol, seeds)
    worst, mean = np.ones((window, LANES)), np.ones((window, LANES))
    solved_at, done = np.zeros(LANES, np.int64), 0
    solved_at[len(seeds) :] = -1
    curve, pause = [], max(1, budget // 40 // CHECK) * CHECK
    while done < budget and (solved_at == 0).any():
        rows = done % window + np.arange(CHECK)
        errors = _read(nets, CHECK)
        # A lane that is done keeps the window it stopped with.
        running = nets.rate > 0
        worst[rows[:, None], running], mean[rows[:, None], running] = (
            part[:, running] for part in errors
        )
        done += CHECK
        wrong = (worst >= protocol.tolerance).sum(axis=0)
        holds = (wrong < protocol.wrong_below) & (mean.mean(axis=0) < protocol.mean_below)
        solved_at[(solved_at == 0) & holds & (done >= window)] = done
        nets.rate[solved_at != 0] = 0.0
        if done % pause == 0:
            curve.append([done, *(rounded(e) for e in mean.mean(axis=0)[: len(seeds)])])
    nets.rate[:] = 0.0
    test_worst, test_mean = _read(nets, TEST_SEQUENCES)
    return {
        "budget": budget,
        "curve": thinned(curve),
        "seeds": [
            {
                "seed": seed,
                "solved": bool(solved_at[k] > 0),
                "sequences": int(solved_at[k]) or done,
                "window_wrong": int(wrong[k]),
                "window_mean_error": rounded(mean[:, k].mean()),
                "test_wrong": int((test_worst[:, k] >= protocol.tolerance).sum()),
                "test_mean_error": rounded(test_mean[:, k].mean()),
            }
            for k, seed in enumerate(seeds)
        ],
    }


def _read(nets: Group, count: int) -> tuple[Array, Array]:
    """Read ``count`` sequences per lane; return each one's largest and mean error.

    Nets learn at their rate; 0 means they only read.
    """
    worst, mean = np.zeros((count, LANES)), np.zeros((count, LANES))
    _read_all(
        nets.size, *nets.net, nets.drawn, nets.given, nets.way, nets.rate, nets.found, worst, mean
    )
    return worst, mean


@njit(cache=True)
def _read_all(
    size: Index,
    shape: Shape,
    w: Weights,
    work: Scratch,
    drawn: gr.Drafts,
    given: Sequences,
    way: gr.Way,
    rate: Array,
    found: gr.Report,
    worst: Array,
    mean: Array,
) -> None:
    """Fill the errors' arrays, a row per sequence."""
    rows = np.arange(LANES)
    for i in range(worst.shape[0]):
        for k in range(LANES):
            drawn.length[k] = two_marks(size, drawn.index[k], drawn.value[k], drawn.target[k])
        steps = gr.align(drawn, rows, given, way.every_step)
        gr.read(shape, w, work, given, steps, way, rate, found)
        worst[i], mean[i] = found.worst, found.mean


@njit(cache=True)
def two_marks(size: Index, index: Index, value: Array, target: Array) -> int:
    """Fill one sequence of task 4 or 5 that shows both of its marks."""
    while True:
        length = tasks.marked_pairs(size, index, value, target)
        marks = 0
        for t in range(length):
            marks += value[t, 1] == 1.0
        if marks == 2:
            return length
