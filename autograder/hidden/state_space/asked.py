"""Numbers of this assignment freed of their wrapping: complex ones, too."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from autograder.hidden.shared.asking import numbers


def wide(value: Any) -> Any:
    """Numbers as a tensor of float64, or of complex numbers made of two; else as they are."""
    if isinstance(value, Tensor) and value.is_complex():
        return value.to(torch.complex128)
    return numbers(value)
