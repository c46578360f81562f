"""What one core can do: what is run."""

from __future__ import annotations

from experiments.cost import roofline
from experiments.harness.registry import Parameters, register


def trials(quick: bool) -> dict[str, Parameters]:
    """One trial; a matrix that no cache of a core holds."""
    return {
        "core": {
            "width": 1024 if quick else 4096,
            "rows": [1, 4, 16] if quick else [1, 2, 4, 8, 16, 32, 64, 128, 256],
            "copied": 2**20 if quick else 2**26,
            "turns": 2 if quick else 7,
            "seed": 0,
        }
    }


register(
    "cost-roofline",
    "cost",
    "products per second against products per byte, on one core",
    roofline.run,
    trials,
    20,
    timed=True,
)
