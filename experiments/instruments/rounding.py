"""Short forms of measured numbers: significant digits, and exponents of growth."""

from __future__ import annotations

from collections.abc import Sequence

import torch


def slope(sizes: Sequence[float], values: Sequence[float]) -> float:
    """Return the exponent p of values ~ size^p: least squares on the logarithms."""
    x = torch.tensor(sizes, dtype=torch.float64).log()
    y = torch.tensor(values, dtype=torch.float64).log()
    x, y = x - x.mean(), y - y.mean()
    return float((x @ y) / (x @ x))


def rounded(number: float, digits: int = 4) -> float:
    """Return a number with so many significant digits."""
    return float(f"{number:.{digits}g}")
