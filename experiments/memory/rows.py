"""The limits of a memory of fixed size: what is tried, how often, for how long.

Rows only. What the results say of the claims stands in ``readings``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from experiments.harness.registry import Parameters, register
from experiments.memory import (
    attention_faith,
    continual_reber,
    gradient_reach,
    letters_to_sound,
    quotes,
    recall,
    reversal,
)

Trials = dict[str, Parameters]

RATES = {
    "lstm": 0.005,
    "gru": 0.003,
    "mingru": 0.01,
    "mamba": 0.003,
    "mlstm": 0.004,
    "linear-attention": 0.01,
    "gated-delta": 0.01,
    "attention": 0.01,
}
# Cells on the endless stream: (self-loop, below 0 for a forget gate; reset?; last rate).
STREAMS = {
    "1997": (1.0, False, 0.01),
    "1997-reset": (1.0, True, 0.01),
    "decay-0.9": (0.9, False, 0.01),
    "forget": (-1.0, False, 0.01),
    "forget-constant-rate": (-1.0, False, 0.5),
}


def _seeds(quick: bool, full: int) -> list[int]:
    return list(range(3 if quick else full))


def _each_seed(
    names: Sequence[str], seeds: Sequence[int], parameters: Callable[[str], dict[str, Any]]
) -> Trials:
    return {f"{n}-seed{s}": {"seed": s, **parameters(n)} for n in names for s in seeds}


def _gradient_rows(quick: bool) -> Trials:
    common = {"seeds": _seeds(quick, 5), "width": 64, "batch": 8, "longest": 200, "first": 10}
    if quick:
        common |= {"width": 32, "batch": 4}
    return {layer: {"layer": layer, **common} for layer in gradient_reach.LAYERS}


def _recall_rows(quick: bool) -> Trials:
    def parameters(layer: str) -> dict[str, Any]:
        return {
            "layer": layer,
            "rate": RATES[layer],
            "keys": 128,
            "values": 16,
            "pairs": [4, 8, 16] if quick else [4, 8, 16, 32, 64],
            "queries": 16,
            "batch": 32,
            "steps": 100 if quick else 1200,
            "test_count": 100 if quick else 300,
        }

    return _each_seed(list(RATES), _seeds(quick, 3), parameters)


def _reversal_rows(quick: bool) -> Trials:
    def parameters(name: str) -> dict[str, Any]:
        to_30 = name == "fixed-to-30"  # a larger range wants more steps
        return {
            "attention": name == "attention",
            "longest": 30 if to_30 else 15,
            "alphabet": 8,
            "width": 48 if quick else 96,
            "batch": 32 if quick else 64,
            "steps": 120 if quick else 2000 if to_30 else 1200,
            "rate": 0.01 if quick else 0.005,
            "test": [5, 10, 15, 20, 25, 30],
            "test_count": 100 if quick else 300,
        }

    return _each_seed(["fixed", "attention", "fixed-to-30"], _seeds(quick, 3), parameters)


def _letters_rows(quick: bool) -> Trials:
    def parameters(name: str) -> dict[str, Any]:
        return {
            "attention": name == "attention",
            "longest": 8,
            "width": 48 if quick else 96,
            "batch": 32 if quick else 64,
            "steps": 200 if quick else 1200,
            "rate": 0.01,
            "test": list(range(3, 16)),
            "test_count": 100 if quick else 300,
            "maps": name == "attention",
        }

    return _each_seed(["fixed", "attention"], _seeds(quick, 3), parameters)


def _faith_rows(quick: bool) -> Trials:
    common = {
        "seeds": _seeds(quick, 5),
        "width": 32,
        "batch": 64,
        "length": 20,
        "steps": 150 if quick else 500,
        "rate": 0.005,
        "test_count": 200 if quick else 500,
        "orders": 20 if quick else 100,
    }
    return {encoder: {"encoder": encoder, **common} for encoder in ("none", "gru")}


def _stream_rows(quick: bool) -> Trials:
    rows = {}
    for name, (self_loop, reset, last_rate) in STREAMS.items():
        parameters = _stream(quick)
        parameters |= {"self_loop": self_loop, "reset": reset, "last_rate": last_rate}
        rows[name] = {**parameters, "test_symbols": 100_000, "parts": 20}
    return rows


def _stream(quick: bool) -> dict[str, Any]:
    return {
        "seeds": _seeds(quick, 10),
        "blocks": 4,
        "cells": 2,
        "symbols": 300_000 if quick else 1_000_000,
        "rate": 0.5,
    }


def _drift_rows(quick: bool) -> Trials:
    trained = {**_stream(quick), "self_loop": 1.0, "reset": True, "last_rate": 0.01, "parts": 1}
    trained |= {"seeds": _seeds(quick, 5), "steps": 10_000}
    return {source: {"source": source, **trained} for source in ("random", "reber")}


def _quotes_rows(quick: bool) -> Trials:
    def parameters(_: str) -> dict[str, Any]:
        return {
            "characters": 50_000 if quick else 200_000,
            "opening": 0.15,
            "closing": 0.2,
            "hidden": 64,
            "embedding": 16,
            "forget_bias": 2.0,
            "steps": 700 if quick else 1500,
            "rate": 0.005,
            "batch": 24 if quick else 32,
            "length": 60 if quick else 80,
            "test_count": 100,
            "wanted": 0.8,
        }

    return _each_seed(["lstm"], _seeds(quick, 5), parameters)


register(
    "limits-gradient-by-lag",
    "limits",
    "how the gradient of the last output by an earlier input fades with the lag, untrained",
    gradient_reach.run,
    _gradient_rows,
    3,
)
register(
    "limits-recall",
    "limits",
    "values looked up by key against the number of pairs, at equal bytes of state",
    recall.run,
    _recall_rows,
    25,
)
register(
    "limits-reversal",
    "limits",
    "reversing sequences longer than those trained on, with and without attention",
    reversal.run,
    _reversal_rows,
    30,
)
register(
    "limits-letters-to-sound",
    "limits",
    "pronouncing words longer than those trained on, with and without attention (cmudict)",
    letters_to_sound.run,
    _letters_rows,
    40,
)
register(
    "limits-attention-as-explanation",
    "limits",
    "attention weights against what leaving a word out does to the answer",
    attention_faith.run,
    _faith_rows,
    20,
)
register(
    "limits-continual-reber",
    "limits",
    "an endless stream of embedded Reber strings: cells of 1997, decay, reset, forget gate",
    continual_reber.run,
    _stream_rows,
    13,
)
register(
    "limits-state-drift",
    "limits",
    "where the cells of a trained 1997 net go on 10,000 steps without reset",
    continual_reber.drift,
    _drift_rows,
    8,
)
register(
    "limits-cell-meaning",
    "limits",
    "whether a cell of a character LSTM stands for being inside a quotation",
    quotes.run,
    _quotes_rows,
    16,
)
