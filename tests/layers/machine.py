"""What machines ask of every layer: number formats, graphs, empty batches, memory of its own."""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor

from solutions.layer import SequenceLayer
from tests.layers.recipe import differentiable, tensors, without_shape_checks

# Part of the largest output that may be lost: several roundings, none of which adds up with time.
LOST = {torch.bfloat16: 0.03, torch.float16: 0.004}


class Stranger(NamedTuple):
    """A state of no layer."""

    other: Tensor


def check_empty_batch(layer: SequenceLayer[Any], input_size: int, streams: bool = True) -> None:
    """No sequence in, none out: from ``forward``, ``step`` and the backward pass."""
    x = torch.randn(0, 5, input_size, dtype=next(layer.parameters()).dtype, requires_grad=True)
    y, state = layer(x)
    one, _ = layer(torch.randn(1, 5, input_size, dtype=x.dtype))
    assert y.shape == (0, *one.shape[1:])
    starts = tensors(layer.initial_state(0))
    for start, last in zip(starts, tensors(state), strict=True):
        assert start.shape[0] == last.shape[0] == 0
    if streams:
        assert layer.step(x[:, 0], layer.initial_state(0))[0].shape == y[:, 0].shape
    y.sum().backward()
    for parameter in layer.parameters():
        assert parameter.grad is None or not parameter.grad.any()


def check_half_precision(layer: SequenceLayer[Any], x: Tensor, dtype: torch.dtype) -> None:
    """In half precision the answer is the exact one to a few roundings, however long it ran."""
    half = copy.deepcopy(layer).to(dtype)
    exact = copy.deepcopy(half).double()  # the same rounded numbers
    with torch.no_grad():
        wanted, _ = exact(x.to(dtype).double())
    y, state = half(x.to(dtype))
    assert y.dtype == dtype
    _assert_near("y", y, wanted, LOST[dtype])
    for start, last in zip(tensors(half.initial_state(len(x))), tensors(state), strict=True):
        assert last.dtype == start.dtype
    y.sum().backward()
    for name, parameter in half.named_parameters():
        assert parameter.grad is None or parameter.grad.isfinite().all(), name


def check_half_precision_streams(layer: SequenceLayer[Any], x: Tensor, dtype: torch.dtype) -> None:
    """A few tokens one at a time: states are rounded after each, and the answer stays near."""
    half = copy.deepcopy(layer).to(dtype)
    with torch.no_grad():
        wanted, _ = copy.deepcopy(half).double()(x.to(dtype).double())
        state, outputs = half.initial_state(len(x)), []
        for token in x.to(dtype).unbind(1):
            y, state = half.step(token, state)
            outputs.append(y)
    _assert_near("y", torch.stack(outputs, 1), wanted, 2 * LOST[dtype])


def check_autocast(layer: SequenceLayer[Any], x: Tensor, streams: bool = True) -> None:
    """Under autocast states stay as they start, so that the next chunk and token can follow."""
    layer, x = copy.deepcopy(layer).float(), x.float()
    with torch.no_grad():
        wanted, _ = layer(x)
    with torch.autocast("cpu", torch.bfloat16):
        y, state = layer(x)
        for start, last in zip(tensors(layer.initial_state(len(x))), tensors(state), strict=True):
            assert last.dtype == start.dtype
        if streams:
            layer(x, state)
            layer.step(x[:, 0], state)
    _assert_near("y", y, wanted, LOST[torch.bfloat16])
    y.float().sum().backward()
    for name, parameter in layer.named_parameters():
        if parameter.grad is not None:
            assert parameter.grad.dtype == torch.float32
            assert parameter.grad.isfinite().all(), name


def check_own_memory(layer: SequenceLayer[Any]) -> None:
    """A field of the initial state that is written to leaves every other field as it was."""
    fields = [t for t in tensors(layer.initial_state(2)) if t.numel()]
    before = [t.clone() for t in fields]
    for k, field in enumerate(fields):
        field += 1
        for other in range(k + 1, len(fields)):
            assert torch.equal(fields[other], before[other]), f"fields {k} and {other}"


def check_strange_state(layer: SequenceLayer[Any], x: Tensor) -> None:
    """A state of another layer, or a bare tensor, is refused by what it should have been."""
    kind = type(layer.initial_state(2)).__name__
    with without_shape_checks():
        for state in (Stranger(x[:, 0]), x[:, 0]):
            for call, given in ((layer, x), (layer.step, x[:, 0])):
                with pytest.raises(TypeError, match=f"^state must be an? {kind} .*, got "):
                    call(given, state)


def check_exports(layer: SequenceLayer[Any], *arguments: Tensor | None) -> None:
    """torch.export makes a program of ``forward``, which gives the same outputs."""
    with without_shape_checks(), torch.no_grad():
        program = torch.export.export(layer, arguments).module()
        (got, _), (wanted, _) = program(*arguments), layer(*arguments)
    torch.testing.assert_close(got, wanted)


def _assert_near(name: str, got: Tensor, wanted: Tensor, part: float) -> None:
    assert differentiable(got)
    assert got.isfinite().all(), name
    lost = (got.double() - wanted.double()).abs().max() / wanted.double().abs().max()
    assert lost <= part, f"{name} is off by {lost:.2%} of the largest, {part:.2%} may be"
