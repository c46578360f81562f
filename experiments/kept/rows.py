"""Which nets are kept."""

from __future__ import annotations

from experiments.ablations.protocols import adding, trained
from experiments.harness.registry import Parameters, register
from experiments.kept import adding as kept


def _adding(quick: bool) -> dict[str, Parameters]:
    found = trained({"100": adding(100)}, 20_000 if quick else 400_000)
    return {key: {**row, "seeds": list(range(3 if quick else 8))} for key, row in found.items()}


register(
    "kept-adding",
    "kept",
    "adding, T = 100, by the rule of 1997: the weights of one trained net",
    kept.run,
    _adding,
    60,
)
