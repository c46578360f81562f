"""What layers with a linear state refuse before they compute: states, forms, number formats."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

FORMS = ("recurrent", "parallel", "chunked")
HALF = (torch.float16, torch.bfloat16)


def check_kind(state: Any, kind: Any) -> None:
    """Raise TypeError unless ``state`` is of ``kind``, the NamedTuple of the layer's states."""
    if not isinstance(state, kind):
        fields = ", ".join(kind._fields)
        raise TypeError(
            f"state must be a {kind.__name__} ({fields}), which the layer's initial_state and "
            f"forward return, got {type(state).__name__}"
        )


def check_form(form: str, chunk: int) -> None:
    """Raise ValueError unless ``form`` is one of three and ``chunk`` holds at least one token."""
    if form not in FORMS or chunk < 1:
        raise ValueError(
            "form must be 'recurrent', 'parallel' or 'chunked' with chunk at least 1, "
            f"got {form!r} and {chunk}"
        )


def check_complex(layer: str, weight: Tensor) -> None:
    """Raise TypeError where complex states would have to be made of half precision."""
    if weight.dtype in HALF:
        raise TypeError(
            f"{layer} has complex states, and there is no complex number in {weight.dtype}: "
            "keep the layer in float32 (layer.float()), where torch.autocast may run around it, "
            "or choose start='real'"
        )


def single(dtype: torch.dtype) -> torch.dtype:
    """Return float32 for half precision, and any other format as it is: for what adds up."""
    return torch.float32 if dtype in HALF else dtype
