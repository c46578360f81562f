"""What can be run: each experiment names its trials, and the function that runs one."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Outcome = dict[str, Any]
Parameters = dict[str, Any]
Run = Callable[[Parameters, str], Outcome]  # parameters, device -> outcome
Rows = Callable[[bool], Mapping[str, Parameters]]  # quick -> the parameters of trials, by name

# Each of these registers experiments, and readings of claims, when it is imported.
MODULES = tuple(
    f"experiments.{name}"
    for name in (
        "paper.rows",
        "paper.today_rows",
        "paper.readings",
        "documents.rows",
        "documents.moved_rows",
        "documents.readings",
        "ablations.rows",
        "ablations.readings",
        "kept.rows",
        "cuts.rows",
        "search.rows",
        "losers.rows",
        "memory.rows",
        "memory.readings",
        "alignment.rows",
        "learned.rows",
        "learned.scaling_rows",
        "learned.readings",
        "cost.grid_rows",
        "cost.library_rows",
        "cost.roofline_rows",
        "cost.rows",
        "cost.readings",
        "blocks.rows",
        "family.rows",
        "sheet.rows",
        "checks.rows",
        "checks.readings",
    )
)


@dataclass(frozen=True)
class Trial:
    """One unit of work: a name, and everything that decides what comes out, as plain JSON data.

    A recorded outcome counts as long as the parameters are the same, so budgets, sizes and seeds
    belong here. One trial may train several seeds side by side.
    """

    key: str
    parameters: Parameters


@dataclass(frozen=True)
class Experiment:
    """A question, the trials that answer it, and how to run one of them."""

    name: str
    part: str  # paper, documents, ablations, kept, cuts, search, losers, limits, blocks, ...
    purpose: str
    run: Run  # a function of a module: all that decides an outcome comes in by the parameters
    rows: Rows
    seconds: float  # about how long one full trial takes on one core; orders the suite
    timed: bool = False  # outcomes hold times: trials run last and alone, and are never replayed

    def trials(self, quick: bool) -> list[Trial]:
        """Return all trials, or those of a quick run: fewer seeds, smaller budgets."""
        return [Trial(name, parameters) for name, parameters in self.rows(quick).items()]


@dataclass(frozen=True)
class Finding:
    """What the results say about a claim, in one sentence with the numbers in it.

    ``agrees``: the numbers bear out the ledger's verdict on the claim.
    """

    text: str
    agrees: bool


# From a claim's trials (experiment name -> trial key -> outcome) to what they say.
Reading = Callable[[Mapping[str, Mapping[str, Outcome]]], Finding]

_EXPERIMENTS: dict[str, Experiment] = {}
_READINGS: dict[str, tuple[tuple[str, ...], Reading]] = {}


def register(
    name: str,
    part: str,
    purpose: str,
    run: Run,
    rows: Rows,
    seconds: float,
    timed: bool = False,
) -> None:
    """Add an experiment; its name must be new, and ``run`` a function of a module."""
    if name in _EXPERIMENTS:
        raise ValueError(f"two experiments are called {name!r}")
    if getattr(importlib.import_module(run.__module__), run.__qualname__, None) is not run:
        raise ValueError(
            f"{name} is run by {run.__qualname__} of {run.__module__}, which is no "
            "function of the module: what it knows besides its parameters would go unnoticed. "
            "Write it at the top of the module and pass it by name."
        )
    _EXPERIMENTS[name] = Experiment(name, part, purpose, run, rows, seconds, timed)


def reading(claim: str, *names: str) -> Callable[[Reading], Reading]:
    """Say that the decorated function reads the experiments ``names`` for what ``claim`` asks."""

    def keep(function: Reading) -> Reading:
        if claim in _READINGS:
            raise ValueError(f"the claim {claim!r} has two readings")
        _READINGS[claim] = names, function
        return function

    return keep


def experiments() -> dict[str, Experiment]:
    """Return every experiment by name, shortest first."""
    _import_all()
    return dict(sorted(_EXPERIMENTS.items(), key=lambda item: item[1].seconds))


def readings() -> dict[str, tuple[tuple[str, ...], Reading]]:
    """Return, by claim id, which experiments speak to it and how to read them."""
    _import_all()
    return dict(_READINGS)


def _import_all() -> None:
    for module in MODULES:
        importlib.import_module(module)
