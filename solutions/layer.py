"""The one idea of the course: every model is a sequence layer.

A layer reads a sequence of tokens. Whatever it remembers of the past is its *state*, a
NamedTuple of tensors. Three methods say everything:

    step(x, state)        -> (y, state)     x: (batch, dim)        one token: streaming
    forward(x, state)     -> (y, state)     x: (batch, time, dim)  a sequence: training
    initial_state(batch)  -> state          what the layer knows before the first token

For every layer ``forward`` equals repeated ``step``, and equals ``forward`` on consecutive
chunks with the state carried over. ``unroll`` is that definition as code; a layer with a
faster ``forward`` must still agree with it.

Number formats: float32 and float64 throughout. Half precision (``layer.half()``,
``layer.bfloat16()``) works in every layer but those with complex states, which say so; within one
call of ``forward`` the layers with a linear state add up over time in float32, but a state that
is handed on is rounded, so a stream of single tokens loses more than a whole sequence. Where that
matters, leave the layer in float32 and call it under ``torch.autocast``: products are then in
half precision, parameters and states are not.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

State = TypeVar("State", bound=tuple[Any, ...])  # a NamedTuple of tensors, batch first


class SequenceLayer(nn.Module, Generic[State]):
    """Base class of every layer in the course; subclasses write the three methods."""

    def initial_state(self, batch: int) -> State:
        """Return the state before the first token, in the layer's own dtype and device."""
        raise NotImplementedError

    def step(
        self, x: Float[Tensor, "batch dim"], state: State
    ) -> tuple[Float[Tensor, "batch out"], State]:
        """Read one token; return its output and the new state."""
        raise NotImplementedError

    def forward(
        self, x: Float[Tensor, "batch time dim"], state: State | None = None
    ) -> tuple[Float[Tensor, "batch time out"], State]:
        """Read a whole sequence; ``state`` carries on from an earlier chunk."""
        raise NotImplementedError


def unroll(
    layer: SequenceLayer[State], x: Float[Tensor, "batch time dim"], state: State | None = None
) -> tuple[Float[Tensor, "batch time out"], State]:
    """Apply ``layer.step`` to every token in turn: what ``forward`` means for any layer."""
    check_sequence("x", x)
    state = layer.initial_state(x.shape[0]) if state is None else state
    outputs = []
    # unbind, not x[:, t]: the backward pass of T slices costs T**2.
    for x_t in x.unbind(dim=1):
        y_t, state = layer.step(x_t, state)
        outputs.append(y_t)
    return torch.stack(outputs, dim=1), state


def check_sequence(
    name: str, x: Tensor, dim: int | None = None, like: Tensor | None = None
) -> None:
    """Raise unless ``x`` is (batch, time, dim), time at least 1, of ``like``'s dtype and device."""
    if x.ndim != 3:
        raise ValueError(f"{name} must have shape (batch, time, dim), got {tuple(x.shape)}")
    if x.shape[1] == 0:
        raise ValueError(f"{name} must hold at least one time step, got {tuple(x.shape)}")
    check_features(name, x, dim, like)


def check_token(name: str, x: Tensor, dim: int | None = None, like: Tensor | None = None) -> None:
    """Raise unless ``x`` is (batch, dim), one token each, of ``like``'s dtype and device."""
    if x.ndim != 2:
        raise ValueError(f"{name} must have shape (batch, dim), got {tuple(x.shape)}")
    check_features(name, x, dim, like)


def check_features(name: str, x: Tensor, dim: int | None, like: Tensor | None) -> None:
    """Raise unless the last axis has ``dim`` entries and dtype and device are those of ``like``."""
    if dim is not None and x.shape[-1] != dim:
        raise ValueError(f"{name} must have {dim} features in its last axis, got {tuple(x.shape)}")
    if like is not None and x.dtype != like.dtype:
        raise TypeError(f"{name} must be {like.dtype} as the layer is, got {x.dtype}")
    if like is not None and x.device != like.device:
        raise ValueError(f"{name} must be on {like.device} as the layer is, got {x.device}")


def check_state(
    name: str, value: Tensor, shape: tuple[int, ...], like: Tensor | None = None
) -> None:
    """Raise unless a state tensor has exactly ``shape`` (batch first)."""
    if tuple(value.shape) != shape:
        raise ValueError(f"{name} must have shape {shape}, got {tuple(value.shape)}")
    check_features(name, value, None, like)
