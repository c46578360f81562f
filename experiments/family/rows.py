"""What is run with the family of linear recurrences."""

from __future__ import annotations

from typing import Any

from experiments.family import state_size
from experiments.harness.registry import Parameters, register

Trials = dict[str, Parameters]
STATES = (64, 256, 1024)
RATES = (0.003, 0.01, 0.03)
RATE = 0.01  # the best of the three for every layer, or level with it


def recall(layer: str, numbers: int, seed: int, quick: bool, **changes: Any) -> Parameters:
    """Return the parameters of one layer's training on lists of pairs."""
    return {
        "layer": layer,
        "numbers": numbers,
        "seed": seed,
        "rate": RATE,
        "keys": 64,
        "values": 16,
        "pairs": [2, 4, 8, 16],
        "batch": 32,
        "steps": 20 if quick else 800,
        "test_count": 300,
        **changes,
    }


def recall_trials(quick: bool) -> Trials:
    """One layer, one size of the state and one seed per trial."""
    return {
        f"{layer}-{numbers}-seed{seed}": recall(layer, numbers, seed, quick)
        for numbers in (STATES[:1] if quick else STATES)
        for layer in state_size.LAYERS
        for seed in range(1 if quick else 5)
    }


def rate_trials(quick: bool) -> Trials:
    """The middle size, of a seed that no comparison uses."""
    return {
        f"{layer}-rate{rate}": recall(layer, STATES[1], 100, quick, rate=rate)
        for layer in state_size.LAYERS
        for rate in RATES
    }


register(
    "family-recall",
    "family",
    "values looked up by key against the size of the state, for the family at equal training",
    state_size.run,
    recall_trials,
    8,
)
register(
    "family-recall-rates",
    "family",
    "Which learning rate suits each layer of the family when values are looked up by key?",
    state_size.run,
    rate_trials,
    6,
)
