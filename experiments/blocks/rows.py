"""What is run with transformer blocks."""

from __future__ import annotations

from experiments.blocks.depth import run_depth
from experiments.harness.registry import Parameters, register

Trials = dict[str, Parameters]
DEPTHS = (2, 6, 12, 24)


def depth_trials(quick: bool) -> Trials:
    """One depth, place of the norm, rate and warm-up per trial, all seeds one after the other."""
    fixed = {
        "characters": 1_000_000,
        "width": 32,
        "batch": 16,
        "length": 32,
        "steps": 40 if quick else 200,
        "seeds": list(range(1 if quick else 5)),
    }
    return {
        f"{norm}-{depth}-rate{rate}-warm{warm_up}": {
            "norm": norm,
            "depth": depth,
            "rate": rate,
            "warm_up": warm_up,
            **fixed,
        }
        for depth in (DEPTHS[:2] if quick else DEPTHS)
        for norm in ("pre", "post")
        for rate in (0.001, 0.003)
        for warm_up in (0, 50)
    }


register(
    "blocks-depth",
    "blocks",
    "Pre-norm and post-norm blocks in training as the stack grows, with and without warm-up.",
    run_depth,
    depth_trials,
    40,
)
