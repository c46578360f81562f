"""Which translators are trained, and how often."""

from __future__ import annotations

from typing import Any

from experiments.alignment import known, one_vector
from experiments.harness.registry import Parameters, register

# States of these widths make translators of nearly as many weights. A step of training takes about
# twice as long looking back, so "half" has as much time as the translators with one vector.
WIDTHS = {"attention": 32, "fixed": 43, "half": 32, "backwards": 43}
STEPS = 4000
KEPT = ("attention-seed0", "fixed-seed0")  # the first seeds, whatever they can do
DECODERS = ("additive", "general")


def _vector_rows(quick: bool) -> dict[str, Parameters]:
    common = {
        "longest": 12,
        "batch": 32 if quick else 128,
        "spread": 4000,
        "rate": 0.01,
        "test": list(range(3, 16)),
        "test_count": 50 if quick else 400,
    }

    def row(name: str, seed: int) -> dict[str, Any]:
        ways = {"attention": name in ("attention", "half"), "backwards": name == "backwards"}
        steps = STEPS // (40 if quick else 1) // (2 if name == "half" else 1)
        keep = f"{name}-seed{seed}" in KEPT
        return {"seed": seed, "width": WIDTHS[name], **ways, **common, "steps": steps, "keep": keep}

    seeds = range(3 if quick else 5)
    return {f"{name}-seed{seed}": row(name, seed) for name in WIDTHS for seed in seeds}


def _known_rows(quick: bool) -> dict[str, Parameters]:
    common = {
        "seeds": list(range(3 if quick else 5)),
        "width": 32,
        "batch": 64,
        "longest": 12,
        "steps": 100 if quick else 1500,
        "rate": 0.01,
        "test_count": 100 if quick else 400,
    }
    return {decoder: {"decoder": decoder, **common} for decoder in DECODERS}


register(
    "alignment-one-vector",
    "alignment",
    "pronouncing words of all lengths at equal weights: looking back, or through one vector",
    one_vector.run,
    _vector_rows,
    20,
)
register(
    "alignment-known",
    "alignment",
    "attention weights, gradients and changed letters against a spelling whose rule is known",
    known.run,
    _known_rows,
    8,
)
