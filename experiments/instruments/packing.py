"""Weights small enough for a page: signed bytes, and one step size for each tensor."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

MOST = 127  # the largest number of a signed byte that has its negative

Packed = dict[str, Any]  # shape: list of int, step: float, numbers: base64 of signed bytes


def packed(weights: Tensor) -> Packed:
    """Return a tensor rounded to multiples of a 127th of its largest entry."""
    step = weights.abs().max().item() / MOST or 1.0
    numbers = (weights.double() / step).round().to(torch.int8)
    text = base64.b64encode(numbers.flatten().numpy().tobytes()).decode("ascii")
    return {"shape": list(weights.shape), "step": step, "numbers": text}


def unpacked(kept: Packed) -> Tensor:
    """Return what ``packed`` has kept, in float64."""
    numbers = torch.frombuffer(bytearray(base64.b64decode(kept["numbers"])), dtype=torch.int8)
    return numbers.double().reshape(kept["shape"]) * kept["step"]


def packed_weights(state: Mapping[str, Tensor]) -> dict[str, Packed]:
    """Return a model's weights, packed, by name."""
    return {name: packed(weights.detach().cpu()) for name, weights in state.items()}


def unpacked_weights(kept: Mapping[str, Packed]) -> dict[str, Tensor]:
    """Return what ``packed_weights`` has kept, in float64, ready for ``load_state_dict``."""
    return {name: unpacked(weights) for name, weights in kept.items()}
