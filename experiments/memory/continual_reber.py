"""Memory cells on an endless stream of embedded Reber strings, with and without forgetting.

Nobody tells the net where a string ends. The cell of 1997 keeps all it ever wrote; state decay
fades it, an external reset wipes it at each string's start, a forget gate learns when to.
Source: Gers, Schmidhuber & Cummins 2000, whose streams stop at the first error; ours never do.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.harness.registry import Outcome
from experiments.instruments.rounding import rounded
from experiments.memory.forget_kernel import SYMBOLS, Memory, Net, blank, start, step, stream
from experiments.tasks.dense import reber_string
from experiments.tasks.paper1997 import seed as seed_strings

Array = NDArray[np.float64]


def learn(p: dict[str, Any], seed: int) -> tuple[Net, Memory, Array]:
    """Train one net on one stream; return it, what it carries at the end, and the log."""
    net = start(p["blocks"], p["cells"], p["self_loop"], seed)
    memory, log = blank(net), np.zeros((p["parts"], 7))
    seed_strings(seed)
    stream(net, memory, p["symbols"], p["reset"], p["rate"], p["last_rate"], log)
    return net, memory, log


def run(parameters: dict[str, Any], device: str) -> Outcome:
    """Train one kind of net on-line from several seeds, then freeze it and let it read on."""
    p = parameters
    rows, logs = [], []
    for seed in p["seeds"]:
        net, memory, log = learn(p, seed)
        logs.append(log)
        seed_strings(1000 + seed)
        frozen = np.zeros((1, 7))
        stream(net, memory, p["test_symbols"], p["reset"], 0.0, 0.0, frozen)
        row = frozen[0]
        rows.append(
            {
                "seed": seed,
                "solved": bool(row[1] == 0),
                "sequences": int(log[:, 2].sum()),
                "wrong_symbols": int(row[1]),
                "wrong_outer": float(round(row[3] / row[2], 5)),
                "mean_state": rounded(row[4] / row[0]),
                "largest_state": rounded(row[6]),
                "mean_slope": rounded(row[5] / row[0]),  # h'(s), 0.5 at s = 0
            }
        )
    log = np.array(logs)
    count = log[:, :, 0]
    return {
        "solved": sum(row["solved"] for row in rows),
        "of": len(rows),
        "budget": min(row["sequences"] for row in rows),
        "criterion": f"no wrong prediction in {p['test_symbols']} symbols read without learning",
        "seeds": rows,
        "symbols": [round(float(s)) for s in count.mean(0).cumsum()],
        "wrong": [rounded(w) for w in (log[:, :, 1] / count).mean(0)],
        "wrong_outer": [rounded(w) for w in (log[:, :, 3] / log[:, :, 2]).mean(0)],
        "state": [rounded(s) for s in (log[:, :, 4] / count).mean(0)],
        "slope": [rounded(s) for s in (log[:, :, 5] / count).mean(0)],
    }


def drift(parameters: dict[str, Any], device: str) -> Outcome:
    """Let a trained net read a long stream without reset, frozen; watch its cells' states.

    ``source`` "random" draws every symbol alike, "reber" strings of the grammar. Per cell:
    how often its increments change sign, the share of the rarer sign, the largest |s|, how far
    the state ends from 0, and the mean of h'(s).
    """
    p = parameters
    cells: dict[str, list[float]] = {
        name: [] for name in ("sign_changes", "rarer_sign", "largest", "end", "mean_slope")
    }
    for seed in p["seeds"]:
        net, _, _ = learn(p, seed)
        if p["source"] == "random":
            symbols = np.random.default_rng(seed).integers(0, SYMBOLS, p["steps"])
        else:
            symbols = reber_stream(p["steps"], seed)
        s = states(net, symbols)
        increments = np.diff(s, axis=0, prepend=0.0)
        up = increments > 0
        cells["sign_changes"] += list((up[1:] != up[:-1]).mean(0))
        cells["rarer_sign"] += list(np.minimum(up.mean(0), 1 - up.mean(0)))
        cells["largest"] += list(np.abs(s).max(0))
        cells["end"] += list(np.abs(s[-1]))
        cells["mean_slope"] += list((0.5 - 0.5 * np.tanh(s / 2) ** 2).mean(0))
    found = {name: [rounded(v) for v in values] for name, values in cells.items()}
    return {"steps": p["steps"], "cells": len(cells["end"]), **found}


def reber_stream(steps: int, seed: int) -> NDArray[np.int64]:
    """Return ``steps`` symbols of embedded Reber strings, one string after the other."""
    seed_strings(seed)
    pieces, length = [], 0
    while length < steps:
        piece = np.append(reber_string(64)[0], SYMBOLS - 1)
        pieces.append(piece)
        length += len(piece)
    return np.concatenate(pieces)[:steps]


def states(net: Net, symbols: NDArray[np.int64]) -> Array:
    """Return the cells' states after every symbol, (time, cell), from a blank memory."""
    memory, out, target = blank(net), np.zeros(SYMBOLS), np.zeros(SYMBOLS)
    kept = np.empty((len(symbols), len(memory.s)))
    for t, symbol in enumerate(symbols):
        step(net, memory, symbol, target, 0.0, out)
        kept[t] = memory.s
    return kept
