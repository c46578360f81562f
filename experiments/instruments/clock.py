"""Time code on a machine that also does other things."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence

import torch


def race(functions: Sequence[Callable[[], object]], repeats: int = 5) -> list[float]:
    """Return the median wall time of each function in seconds, after one call each to warm up.

    The functions take turns, so a busy spell of the machine meets all of them, and the median
    shrugs off a single slow turn. On a GPU the clock stops when the device has finished, not
    when the work has been handed over.
    """
    if repeats < 1:
        raise ValueError(f"repeats must be at least 1, got {repeats}")
    for function in functions:
        function()
    seconds: list[list[float]] = [[] for _ in functions]
    for _ in range(repeats):
        for function, taken in zip(functions, seconds, strict=True):
            wait_for_device()
            start = time.perf_counter()
            function()
            wait_for_device()
            taken.append(time.perf_counter() - start)
    return [statistics.median(taken) for taken in seconds]


def wait_for_device() -> None:
    """Wait until a GPU, if there is one, has done all it was given."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
