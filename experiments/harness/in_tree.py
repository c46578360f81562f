"""A program of its own: work with the code of another tree, which PYTHONPATH names.

``python -P in_tree.py ANSWER`` writes the key of every experiment; ``... ANSWER ASKED`` runs the
trials whose parameters stand in ASKED (a pickle) and writes their outcomes. It imports nothing but
what every tree since the first keys has.
"""

from __future__ import annotations

import importlib
import json
import pickle
import sys
from pathlib import Path
from typing import Any


def module(name: str) -> Any:
    """Return a module of the harness; before November 2026 there was no such folder."""
    try:
        return importlib.import_module(f"experiments.harness.{name}")
    except ModuleNotFoundError:
        return importlib.import_module(f"experiments.{name}")


def keys() -> dict[str, str]:
    """Return the key of every experiment."""
    key = module("results").key
    return {name: key(known) for name, known in module("registry").experiments().items()}


def outcomes(asked: dict[str, dict[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Run trials, on one thread; return what came out, by experiment and trial."""
    import torch

    torch.set_num_threads(1)
    known, finite = module("registry").experiments(), module("results").finite

    def outcome(name: str, parameters: dict[str, Any]) -> dict[str, Any]:
        try:
            return dict(finite(known[name].run(parameters, "cpu")))
        except Exception as error:  # whatever it is, it is what comes out
            return {"failed": f"{type(error).__name__}: {error}"}

    return {
        name: {called: outcome(name, parameters) for called, parameters in trials.items()}
        for name, trials in asked.items()
    }


if __name__ == "__main__":
    answer, asked = Path(sys.argv[1]), sys.argv[2:]
    found = outcomes(pickle.loads(Path(asked[0]).read_bytes())) if asked else keys()
    answer.write_text(json.dumps(found, allow_nan=False))
