"""Layers made of layers: stacked, read from both ends, padded, and ending in one answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from solutions.layer import SequenceLayer, check_sequence


class StackedState(NamedTuple):
    """The states of all layers, from the input up."""

    layers: tuple[Any, ...]


class Stacked(SequenceLayer[StackedState]):
    """Layers one above the other: each reads what the one below puts out.

    y_0(t) = x(t),   y_k(t), state_k(t) = layer_k(y_{k-1}(t), state_k(t-1)),   y(t) = y_K(t)

    x: (batch, time, input of the first layer), y: (batch, time, output of the last). Raises
    ValueError for no layers, or a state that does not have one entry for each.
    """

    def __init__(self, layers: Sequence[SequenceLayer[Any]]) -> None:
        super().__init__()
        if not layers:
            raise ValueError("layers must hold at least one layer, got none")
        self.layers = cast(Sequence[SequenceLayer[Any]], nn.ModuleList(layers))

    def initial_state(self, batch: int) -> StackedState:
        """Return the initial state of every layer."""
        return StackedState(tuple(layer.initial_state(batch) for layer in self.layers))

    def step(
        self, x: Float[Tensor, "batch input"], state: StackedState
    ) -> tuple[Float[Tensor, "batch output"], StackedState]:
        """Read one token; return the top layer's output and all new states."""
        self._check_state(state)
        states = []
        for layer, below in zip(self.layers, state.layers, strict=True):
            y, new = layer.step(x, below)
            x = y.to(x.dtype)
            states.append(new)
        return x, StackedState(tuple(states))

    def forward(
        self, x: Float[Tensor, "batch time input"], state: StackedState | None = None
    ) -> tuple[Float[Tensor, "batch time output"], StackedState]:
        """Read a whole sequence, layer by layer."""
        check_sequence("x", x)
        state = self.initial_state(x.shape[0]) if state is None else state
        self._check_state(state)
        states = []
        for layer, below in zip(self.layers, state.layers, strict=True):
            y, new = layer(x, below)
            x = y.to(x.dtype)  # what torch.autocast took to half precision
            states.append(new)
        return x, StackedState(tuple(states))

    def _check_state(self, state: StackedState) -> None:
        if len(state.layers) != len(self.layers):
            raise ValueError(
                f"state.layers must hold {len(self.layers)} states, got {len(state.layers)}"
            )


class BidirectionalState(NamedTuple):
    """The last states of the layer that reads ahead and of the one that reads back."""

    ahead: Any
    back: Any


class Bidirectional(SequenceLayer[BidirectionalState]):
    """Two layers, one of which reads the sequence from its end.

    y(t) = [ahead(x(1) .. x(t)); back(x(T) .. x(t))]

    x: (batch, time, input), y: (batch, time, output of both). Every output depends on the whole
    sequence, so there is no streaming: ``step`` raises NotImplementedError, and ``forward``
    takes no state from an earlier chunk (ValueError). With ``lengths`` (batch) both layers
    ignore what stands behind the end of a sequence; outputs there mean nothing, and so do the
    states returned: ask ``last_valid`` for the outputs instead. Source: Schuster & Paliwal 1997.
    """

    def __init__(self, ahead: SequenceLayer[Any], back: SequenceLayer[Any]) -> None:
        super().__init__()
        self.ahead, self.back = ahead, back

    def initial_state(self, batch: int) -> BidirectionalState:
        """Return what each direction starts from."""
        return BidirectionalState(self.ahead.initial_state(batch), self.back.initial_state(batch))

    def step(
        self, x: Float[Tensor, "batch input"], state: BidirectionalState
    ) -> tuple[Float[Tensor, "batch output"], BidirectionalState]:
        """Raise NotImplementedError: the output at t needs inputs that come after t."""
        raise NotImplementedError(
            "a bidirectional layer cannot step: each output needs the whole sequence; "
            "call forward, or use a layer that reads ahead only"
        )

    def forward(
        self,
        x: Float[Tensor, "batch time input"],
        state: BidirectionalState | None = None,
        lengths: Int[Tensor, " batch"] | None = None,
    ) -> tuple[Float[Tensor, "batch time output"], BidirectionalState]:
        """Read a whole sequence from both ends; ``state`` must be None."""
        check_sequence("x", x)
        if state is not None:
            raise ValueError(
                "state must be None: a bidirectional layer needs the whole sequence at once "
                "and cannot carry on from an earlier chunk"
            )
        if lengths is None:
            lengths = torch.full((x.shape[0],), x.shape[1], device=x.device)
        ### BEGIN SOLUTION
        ahead, ahead_state = self.ahead(x)
        back, back_state = self.back(reverse(x, lengths))
        y = torch.cat([ahead, reverse(back, lengths)], dim=-1)
        return y, BidirectionalState(ahead_state, back_state)
        ### END SOLUTION

    def summary(
        self, x: Float[Tensor, "batch time input"], lengths: Int[Tensor, " batch"]
    ) -> Float[Tensor, "batch output"]:
        """Return each direction's output once it has read everything: ahead at the end of the
        sequence, back at its first token."""
        ### BEGIN SOLUTION
        ahead, _ = self.ahead(x)
        back, _ = self.back(reverse(x, lengths))
        return torch.cat([last_valid(ahead, lengths), last_valid(back, lengths)], dim=-1)
        ### END SOLUTION


def reverse(
    x: Float[Tensor, "batch time dim"], lengths: Int[Tensor, " batch"]
) -> Float[Tensor, "batch time dim"]:
    """Turn every sequence round within its length; what stands behind its end stays there."""
    check_lengths(lengths, x.shape[0], x.shape[1])
    ### BEGIN SOLUTION
    t = torch.arange(x.shape[1], device=x.device)
    end = lengths.unsqueeze(1)
    index = torch.where(t < end, end - 1 - t, t)  # (batch, time)
    return x.gather(1, index.unsqueeze(-1).expand_as(x))
    ### END SOLUTION


def last_valid(
    y: Float[Tensor, "batch time dim"], lengths: Int[Tensor, " batch"]
) -> Float[Tensor, "batch dim"]:
    """Return y(length) of every sequence: the last output that is not padding."""
    check_lengths(lengths, y.shape[0], y.shape[1])
    ### BEGIN SOLUTION
    return y[torch.arange(y.shape[0], device=y.device), lengths - 1]
    ### END SOLUTION


def forward_padded(
    layer: SequenceLayer[Any],
    x: Float[Tensor, "batch time input"],
    lengths: Int[Tensor, " batch"],
    state: Any = None,
) -> tuple[Float[Tensor, "batch time output"], Any]:
    """Read sequences of different lengths, padded at the end; return outputs and final states.

    A sequence's state stays as it is once its ``lengths`` entry has been reached, and its
    outputs are zero from there on, so padding changes neither. The layer's state must have a
    fixed size. Raises ValueError or TypeError for lengths that are not integers in 1 .. time.
    """
    check_sequence("x", x)
    check_lengths(lengths, x.shape[0], x.shape[1])
    state = layer.initial_state(x.shape[0]) if state is None else state
    outputs = []
    for t, x_t in enumerate(x.unbind(dim=1)):
        alive = t < lengths
        y_t, new = layer.step(x_t, state)
        state = _choose(alive, new, state)
        outputs.append(_choose(alive, y_t, torch.zeros_like(y_t)))
    return torch.stack(outputs, dim=1), state


def _choose(alive: Tensor, new: Any, old: Any) -> Any:
    """Take ``new`` for the sequences that are alive, else ``old``, in a nest of tensors."""
    if isinstance(new, Tensor):
        return torch.where(alive.view(-1, *[1] * (new.ndim - 1)), new, old)
    parts = [_choose(alive, a, b) for a, b in zip(new, old, strict=True)]
    return type(new)(*parts) if hasattr(new, "_fields") else type(new)(parts)


def check_lengths(lengths: Tensor, batch: int, time: int) -> None:
    """Raise unless ``lengths`` holds one integer in 1 .. time for each sequence.

    While torch.compile or torch.export traces a graph there are no values, only their type and
    shape are checked.
    """
    if lengths.is_floating_point() or lengths.is_complex() or lengths.dtype == torch.bool:
        raise TypeError(f"lengths must hold integers, got {lengths.dtype}")
    if tuple(lengths.shape) != (batch,):
        raise ValueError(f"lengths must have shape ({batch},), got {tuple(lengths.shape)}")
    if torch.compiler.is_compiling():  # a graph has no values yet
        return
    if bool((lengths < 1).any()) or bool((lengths > time).any()):
        raise ValueError(f"lengths must lie in 1 .. {time}, got {lengths.tolist()}")


class SequenceClassifier(nn.Module):
    """One answer for a whole sequence: a linear map of the layer's last valid output.

    logits = V y(length) + b

    For a bidirectional layer the last output of each direction counts: the one that reads
    ahead ends at the sequence's end, the one that reads back at its first token. ``output_size``
    is the number of features the layer puts out. x: (batch, time, input), lengths: (batch) or
    None where nothing is padded; logits: (batch, classes).
    """

    def __init__(self, layer: SequenceLayer[Any], output_size: int, classes: int) -> None:
        super().__init__()
        if min(output_size, classes) < 1:
            raise ValueError(f"sizes must be at least 1, got {output_size} and {classes}")
        self.layer = layer
        self.readout = nn.Linear(output_size, classes)

    def forward(
        self, x: Float[Tensor, "batch time input"], lengths: Int[Tensor, " batch"] | None = None
    ) -> Float[Tensor, "batch classes"]:
        """Return the logits of every sequence."""
        check_sequence("x", x)
        if lengths is None:
            lengths = torch.full((x.shape[0],), x.shape[1], device=x.device)
        if isinstance(self.layer, Bidirectional):
            summary = self.layer.summary(x, lengths)
        else:
            summary = last_valid(self.layer(x)[0], lengths)
        logits: Tensor = self.readout(summary)
        return logits
