"""What is run for the sheet: every layer on every task, its cost, its gradient."""

from __future__ import annotations

from functools import partial
from typing import Any

from experiments.harness.registry import Parameters, register
from experiments.sheet import measures, quality
from experiments.sheet.layers import LAYERS

Trials = dict[str, Parameters]
RATES = [0.003, 0.01, 0.03]  # the same three for every layer
SEARCH_SEED = 100
TASKS: dict[str, Parameters] = {
    "adding": {  # no search: a third of the steps teaches hardly any layer a thing
        "settings": {"length": 20},
        "rates": RATES[1:2],
        "steps": 300,
        "search_steps": 10,
        "batch": 32,
        "test": 500,
    },
    "recall": {
        "settings": {"pairs": 8, "values": 16},
        "steps": 270,
        "search_steps": 90,
        "batch": 24,
        "test": 500,
    },
    "tracking": {
        "settings": {"length": 20, "tested": 60},
        "steps": 500,
        "search_steps": 166,
        "batch": 24,
        "test": 300,
    },
    "text": {
        "settings": {"length": 64, "characters": 4_000_000},
        "steps": 300,
        "search_steps": 100,
        "batch": 12,
        "test": 300,
    },
}
SECONDS = {"adding": 35, "recall": 13, "tracking": 14, "text": 12}
PURPOSES = {
    "adding": "every layer of the course on adding over 20 steps, at equal weights and tuning",
    "recall": "the same, looking up 8 values by key",
    "tracking": "the same, permutations of 3, trained on 20 steps and tested on 60",
    "text": "the same, characters of Python's source",
}


def of_layer(layer: str) -> Parameters:
    """Return what names a layer of the sheet."""
    return {"layer": layer, "width": LAYERS[layer].width}


def trained(task: str, layer: str, quick: bool, **changes: Any) -> Parameters:
    """Return the parameters of one layer's search and seeds on one task."""
    short = {"steps": 20, "search_steps": 10} if quick else {}
    return {
        **of_layer(layer),
        "task": task,
        "rates": RATES,
        **TASKS[task],
        **short,
        "search_seed": SEARCH_SEED,
        "seeds": list(range(1 if quick else 5)),
        **changes,
    }


def trained_trials(task: str, quick: bool) -> Trials:
    """One layer per trial."""
    return {layer: trained(task, layer, quick) for layer in LAYERS}


def cost_trials(quick: bool) -> Trials:
    """One layer per trial."""
    fixed = {
        "context": 100 if quick else 1000,
        "batch": 8,
        "length": 128,
        "turns": 3 if quick else 5,
        "seed": 0,
    }
    return {layer: {**of_layer(layer), **fixed} for layer in LAYERS}


def reach_trials(quick: bool) -> Trials:
    """One layer per trial, all seeds."""
    fixed = {"lag": 100, "before": 2, "batch": 8, "seeds": list(range(1 if quick else 5))}
    return {layer: {**of_layer(layer), **fixed} for layer in LAYERS}


for _task, _purpose in PURPOSES.items():
    register(f"sheet-{_task}", "sheet", _purpose, quality.run, partial(trained_trials, _task), 40)
register(
    "sheet-cost",
    "sheet",
    "every layer on the sheet: bytes of state, time of one more token, time of training",
    measures.cost,
    cost_trials,
    4,
    timed=True,
)
register(
    "sheet-reach",
    "sheet",
    "every layer on the sheet: what is left of an untrained layer's gradient over 100 steps",
    measures.reach,
    reach_trials,
    1,
)
