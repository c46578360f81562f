"""A limit on the length of a gradient, which keeps its direction."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor


def clip_gradients(gradients: Iterable[Tensor], max_norm: float) -> tuple[list[Tensor], Tensor]:
    """Scale gradients so that their common norm is at most ``max_norm``; also return that norm.

    n = sqrt(sum of all squared entries);  every gradient is multiplied by min(1, max_norm / n)

    The direction never changes and the tensors passed in are left as they are. A norm that
    is not finite has no direction to keep, so it raises ValueError, as do an empty list and a
    ``max_norm`` that is not above 0. Source: Pascanu, Mikolov & Bengio 2013, algorithm 1.
    """
    ### BEGIN SOLUTION
    gradients = list(gradients)
    if not max_norm > 0:
        raise ValueError(f"max_norm must be above 0, got {max_norm}")
    if not gradients:
        raise ValueError("gradients must hold at least one tensor, got none")
    norm = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(g) for g in gradients]))
    if not torch.isfinite(norm):
        raise ValueError(
            f"the gradients' norm is {norm.item()}: look for the cause before clipping"
        )
    # A norm of 0 makes this infinite before min, as an infinite max_norm does.
    scale = (max_norm / norm).clamp(max=1.0)
    return [g * scale for g in gradients], norm
    ### END SOLUTION
