"""What is run with the family of linear recurrences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from experiments.family import scans, selection, state_size
from experiments.harness.registry import Parameters, register

Trials = dict[str, Parameters]
LATER = ("retnet", "mamba-conv")  # added or mended later
BESIDE = ("mamba", "attention")  # to compare with; not at the smallest size
STATES = (16, 64, 256)
RATE = 0.01  # one for all layers
TASKS = ("copying", "selective copying", "induction")
CHOOSING_RATE = 0.02


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
    layers = [name for name in state_size.LAYERS if name not in LATER + BESIDE]
    return trials_of(layers, STATES, quick) | trials_of(BESIDE, STATES[1:], quick)


def retnet_trials(quick: bool) -> Trials:
    """The same for RetNet, whose angles were mended later."""
    return trials_of(LATER[:1], STATES, quick)


def mamba_trials(quick: bool) -> Trials:
    """The same for Mamba with its short convolution."""
    return trials_of(LATER[1:], STATES, quick)


def trials_of(layers: Iterable[str], sizes: Sequence[int], quick: bool) -> Trials:
    """Return every size of the state and every seed of some layers."""
    return {
        f"{layer}-{numbers}-seed{seed}": recall(layer, numbers, seed, quick)
        for numbers in (sizes[:1] if quick else sizes)
        for layer in layers
        for seed in range(1 if quick else 5)
    }


def choosing(task: str, selects: str, seed: int, quick: bool, **changes: Any) -> Parameters:
    """Return the parameters of one net's training, with or without selection."""
    return {
        "task": task,
        "selects": selects,
        "seed": seed,
        "rate": CHOOSING_RATE,
        "width": 16,
        "states": 8,
        "layers": 2,
        "symbols": 8,
        "items": 4,
        "length": 16,
        "tested": [16, 32, 64, 128],
        "batch": 16,
        "steps": 20 if quick else 1200,
        "test_count": 300,
        **changes,
    }


def selection_trials(quick: bool) -> Trials:
    """One task, one net and one seed per trial."""
    wanted = [(task, selects) for task in TASKS for selects in ("nothing", "all")]
    return {
        f"{task.replace(' ', '-')}-{selects}-seed{seed}": choosing(task, selects, seed, quick)
        for seed in range(1 if quick else 5)
        for task, selects in (*wanted, ("selective copying", "step"))
    }


def scan_trials(quick: bool) -> Trials:
    """What is counted, and what is compared with double precision."""
    lengths = [64, 256, 1024, 4096, 16_384, 65_536]
    return {
        "counts": {"measure": "counts", "lengths": [16, 64, 256, 1024, 4096], "seed": 0},
        "precision": {
            "measure": "precision",
            "lengths": lengths[:3] if quick else lengths,
            "seeds": [0, 1, 2],
            "dim": 4,
        },
    }


def time_trials(quick: bool) -> Trials:
    """The scans, and the diagonal model's three forms."""
    return {
        "times": {
            "measure": "times",
            "lengths": [64, 256] if quick else [64, 256, 1024, 4096],
            "model_lengths": [64, 256] if quick else [64, 256, 1024],
            "width": 16,
            "states": 16,
            "rounds": 2 if quick else 3,
        }
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
    "family-recall-retnet",
    "family",
    "the same for RetNet, whose angles were mended later",
    state_size.run,
    retnet_trials,
    5,
)
register(
    "family-recall-mamba",
    "family",
    "the same for Mamba with its short convolution",
    state_size.run,
    mamba_trials,
    8,
)
register(
    "family-selection",
    "family",
    "copying, selective copying and induction, with and without selection",
    selection.run,
    selection_trials,
    15,
)
register(
    "family-scans",
    "family",
    "work, depth and precision of the ways to compute one linear recurrence",
    scans.run,
    scan_trials,
    40,
)
register(
    "family-scan-times",
    "family",
    "time of the scans, and of the diagonal model's three forms",
    scans.run,
    time_trials,
    60,
    timed=True,
)
