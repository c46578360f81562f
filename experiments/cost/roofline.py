"""What one core can do: products per second against products per byte, and the price of a start.

The roofline of Williams, Waterman and Patterson 2009: few products for each byte fetched, and
memory sets the pace; many, and arithmetic does. A weight matrix meets one row of a batch, then
more and more: the same weights are fetched, and used more often.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch

from experiments.cost.measure import fastest, one_thread
from experiments.harness.registry import Outcome
from experiments.instruments.in_turn import Call
from experiments.instruments.rounding import rounded

NUMBER = 4  # bytes of a float32


def run(parameters: dict[str, Any], device: str) -> Outcome:
    """Time a matrix times 1, 2, 4, ... rows, a copy, and an operation that has nothing to do."""
    torch.manual_seed(parameters["seed"])
    n, rows = parameters["width"], parameters["rows"]
    weights = torch.randn(n, n, device=device)
    few = torch.zeros(1, device=device)
    calls: dict[str, Call] = {
        str(count): partial(torch.mm, torch.randn(count, n, device=device), weights)
        for count in rows
    }
    source = torch.randn(parameters["copied"], device=device)
    target = torch.empty_like(source)
    calls |= {"copy": partial(target.copy_, source), "start": partial(torch.add, few, few)}
    with torch.no_grad(), one_thread():
        took = fastest(calls, parameters["turns"])
    points = []
    for count in rows:
        flop = 2 * count * n * n  # a product and a sum for each weight and row
        moved = NUMBER * (n * n + 2 * count * n)
        points.append(
            {
                "rows": count,
                "flop_per_byte": rounded(flop / moved),
                "flop_per_s": rounded(flop / took[str(count)]),
            }
        )
    return {
        "points": points,
        "bytes_per_s": rounded(2 * NUMBER * source.numel() / took["copy"]),  # read and written
        "start_seconds": rounded(took["start"]),
    }
