"""Read results that were measured beforehand, because they take longer than a page may."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent


class Committed(NamedTuple):
    """One experiment: outcomes and parameters by trial, and the command that measures again."""

    outcomes: dict[str, dict[str, Any]]
    parameters: dict[str, dict[str, Any]]
    command: str


def committed(path: str) -> Committed:
    """Return a full result, given its file from the root of the repository.

    A page that names the file runs again when the file changes. ``python -m experiments check``
    tells whether today's code would still give it. Raises ValueError for a quick result: its
    budgets are too small to say anything.
    """
    result = json.loads((ROOT / path).read_text(encoding="utf-8"))
    if result["quick"]:
        raise ValueError(f"{path} is a quick result; run the experiment in full")
    again = f"python -m experiments run --again {result['experiment']}"
    trials = result["trials"].items()
    return Committed(
        {key: record["outcome"] for key, record in trials},
        {key: record["parameters"] for key, record in trials},
        again,
    )
