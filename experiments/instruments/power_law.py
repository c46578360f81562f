"""The power law through losses of models of different sizes, and how far to trust it.

Source: Kaplan et al. 2020, eq. (1.1), with a floor as in Hoffmann et al. 2022, eq. (2).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch

from experiments.harness.registry import Outcome


@dataclass(frozen=True)
class PowerLaw:
    """loss = a * parameters^-b + c, fitted to logarithms (c = 0: a straight line in log-log)."""

    a: float
    b: float
    b_error: float  # one standard error, from the residuals
    c: float
    spread: float  # residual standard deviation of log(loss - c)
    points: int
    smallest: int  # the range of parameters it was fitted on
    largest: int


def fit(sizes: Sequence[float], losses: Sequence[float], c: float = 0.0) -> PowerLaw:
    """Fit log(loss - c) = log a - b log(parameters) by least squares.

    Raises ValueError for fewer than three points, or a loss that is not above c.
    """
    if len(sizes) < 3:
        raise ValueError(f"a line with an error needs at least 3 points, got {len(sizes)}")
    if min(losses) <= c:
        raise ValueError(f"every loss must be above c = {c}, got {min(losses)}")
    x = torch.tensor(sizes, dtype=torch.float64).log()
    y = (torch.tensor(losses, dtype=torch.float64) - c).log()
    centred = x - x.mean()
    slope = (centred @ y / (centred @ centred)).item()
    residual = y - y.mean() - slope * centred
    spread = math.sqrt((residual @ residual).item() / (len(sizes) - 2))
    return PowerLaw(
        a=math.exp(y.mean().item() - slope * x.mean().item()),
        b=-slope,
        b_error=spread / math.sqrt((centred @ centred).item()),
        c=c,
        spread=spread,
        points=len(sizes),
        smallest=round(min(sizes)),
        largest=round(max(sizes)),
    )


def fit_with_floor(sizes: Sequence[float], losses: Sequence[float], grid: int = 200) -> PowerLaw:
    """Fit with a floor c too: the c in [0, lowest loss) that leaves the least squared error.

    The error is that of the loss itself, not of log(loss - c), which shrinks as c grows.
    """

    def missed(law: PowerLaw) -> float:
        return sum(
            (law.a * n**-law.b + law.c - loss) ** 2 for n, loss in zip(sizes, losses, strict=True)
        )

    floors = (min(losses) * step / grid for step in range(grid))
    return min((fit(sizes, losses, c) for c in floors), key=missed)


def laws(trials: Mapping[str, Outcome]) -> dict[str, dict[str, Any]]:
    """Return, by kind of model, the fits to the trials of ``learned.scaling`` and what limits them.

    "line" has no floor, "floor" has one, "without_one_size" is the range of the line's b when
    each size in turn is left out, and "limits" says in words what was measured.
    """
    kinds: dict[str, list[Outcome]] = {}
    for outcome in trials.values():
        kinds.setdefault(outcome["parameters"]["kind"], []).append(outcome)
    return {kind: law(outcomes) for kind, outcomes in kinds.items()}


def law(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Fit the trials of one kind of model."""
    points = [(o["weights"], o["loss"]) for o in outcomes]
    sizes = sorted({size for size, _ in points})
    line = fit(*zip(*points, strict=True))
    without = [
        fit(*zip(*[point for point in points if point[0] != size], strict=True)).b for size in sizes
    ]
    read, epochs = outcomes[0]["characters_read"], outcomes[0]["epochs"]
    return {
        "line": asdict(line),
        "floor": asdict(fit_with_floor(*zip(*points, strict=True))),
        "without_one_size": [min(without), max(without)],
        "limits": f"{len(sizes)} sizes from {sizes[0]:,} to {sizes[-1]:,} parameters, embedding "
        f"and output included; {len(points)} runs; {read:,} characters of Python source each, "
        f"{epochs:.2f} of one pass; depth and learning rate fixed per kind; one machine. The "
        "largest models have seen few characters per parameter, so the exponent is of this "
        "budget, not of the model.",
    }
