"""Our readable LSTM beside PyTorch's compiled one, at the size of the other sweeps of cost."""

from __future__ import annotations

from experiments.cost import sweeps
from experiments.cost.layers import BY_NAME
from experiments.cost.rows import BATCHES, CEILINGS
from experiments.harness.registry import Parameters, register


def trials(quick: bool) -> dict[str, Parameters]:
    """One trial for each of the two, over growing batches, measured one after the other."""
    ours = BY_NAME["LSTM"].spec()
    theirs = {**ours, "kind": "nn.LSTM", "arguments": {**ours["arguments"], "batch_first": True}}
    return {
        name: {
            "measure": "training",
            "varies": "batch",
            "sizes": BATCHES[: 1 if quick else None],
            "specs": [spec],
            "batch": 0,
            "length": 128,
            "passes": 4,
            "patience": 1.0,
            **CEILINGS,
            "seed": 0,
        }
        for name, spec in (("ours", ours), ("PyTorch's", theirs))
    }


register(
    "cost-library",
    "cost",
    "training time of our LSTM and of PyTorch's against the batch",
    sweeps.run,
    trials,
    4,
    timed=True,
)
