"""What can be run: each experiment names its trials, how to run one, and the code it depends on."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from experiments.results import Outcome

# One module per part of the issue; each fills the registry when it is imported.
MODULES = ("experiments.paper",)


@dataclass(frozen=True)
class Trial:
    """One unit of work: it has a name, its own seed, and is never half done."""

    key: str
    parameters: dict[str, Any]


@dataclass(frozen=True)
class Experiment:
    """A question, the trials that answer it, and how to run one of them."""

    name: str
    part: str  # paper, documents, ablations, limits, cost, scaling
    purpose: str
    sources: tuple[str, ...]
    trials: Callable[[bool], list[Trial]]  # quick -> trials
    run: Callable[[dict[str, Any], str], Outcome]  # parameters, device -> outcome
    seconds: float  # about how long one full trial takes on one core; orders the suite


_EXPERIMENTS: dict[str, Experiment] = {}


def register(experiment: Experiment) -> None:
    """Add an experiment; its name must be new."""
    if experiment.name in _EXPERIMENTS:
        raise ValueError(f"two experiments are called {experiment.name!r}")
    _EXPERIMENTS[experiment.name] = experiment


def experiments() -> dict[str, Experiment]:
    """Return every experiment by name, shortest first."""
    for module in MODULES:
        importlib.import_module(module)
    return dict(sorted(_EXPERIMENTS.items(), key=lambda item: item[1].seconds))
