"""Training time against length at several batches, for one layer of each kind.

``cost-throughput`` has every layer at batch 1. Here batch 1 is measured again beside the others, so
that one busy hour of a machine does not stand against another's quiet one.
"""

from __future__ import annotations

from experiments.cost import sweeps
from experiments.cost.layers import BY_NAME
from experiments.cost.rows import GIB, LENGTHS
from experiments.harness.registry import Parameters, register

LAYERS = (
    "RNN",
    "LSTM",
    "minGRU",
    "Mamba",
    "Mamba-2",
    "attention",
    "attention in chunks",
    "transformer block",
)
BATCHES = (1, 8, 64)
# A point whose forecast passes a ceiling is not run; the result says what it would take.
CEILINGS = {"most_seconds": 6.0, "most_bytes": 4 * GIB}


def trials(quick: bool) -> dict[str, Parameters]:
    """One trial a layer and batch, over growing lengths."""
    return {
        f"{name}, batch {batch}": {
            "measure": "training",
            "varies": "length",
            "sizes": LENGTHS[: 2 if quick else 5],
            "specs": [BY_NAME[name].spec()],
            "batch": batch,
            "length": 0,
            "passes": 2,
            "patience": 0.5,
            **CEILINGS,
            "seed": 0,
        }
        for name in LAYERS
        for batch in (BATCHES[:1] if quick else BATCHES)
    }


register(
    "cost-grid",
    "cost",
    "training time against length and batch",
    sweeps.run,
    trials,
    8,
    timed=True,
)
