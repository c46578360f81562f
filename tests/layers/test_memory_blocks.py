"""Memory blocks are the LSTM of 1997 without its options, with the full gradient."""

from __future__ import annotations

import pytest
import torch

from solutions.carousel import LSTM1997, LSTM1997State
from solutions.memory_blocks import MemoryBlocks, MemoryState
from tests.layers import recipe

SIZES = [(3, 2, 3), (1, 1, 1), (2, 4, 1), (4, 1, 2)]


def make(inputs: int, blocks: int, block_size: int) -> MemoryBlocks:
    layer = MemoryBlocks(inputs, blocks, block_size).double()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.uniform_(-1, 1)
    return layer


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("time", [1, 9])
def test_equals_the_lstm_of_1997_with_its_weights(size: tuple[int, int, int], time: int) -> None:
    layer = make(*size)
    other = LSTM1997(*size, truncated=False).double()
    other.load_state_dict(layer.state_dict())
    x = torch.randn(3, time, size[0], dtype=torch.float64, requires_grad=True)
    s = torch.randn(3, layer.cells, dtype=torch.float64, requires_grad=True)
    y = torch.rand(3, layer.units, dtype=torch.float64, requires_grad=True)
    leaves = (x, s, y)
    found = layer(x, MemoryState(s, y))
    wanted = other(x, LSTM1997State(s, y))
    pulls = [torch.randn_like(t) for t in recipe.tensors(found)]

    def gradients(answer: object, parameters: list[torch.Tensor]) -> tuple[torch.Tensor, ...]:
        loss = sum((t * p).sum() for t, p in zip(recipe.tensors(answer), pulls, strict=True))
        return torch.autograd.grad(loss, [*leaves, *parameters])

    for a, b in zip(recipe.tensors(found), recipe.tensors(wanted), strict=True):
        recipe.assert_close("answer", a, b, 1e-12)
    ours, theirs = dict(layer.named_parameters()), dict(other.named_parameters())
    assert ours.keys() == theirs.keys()
    for a, b in zip(
        gradients(found, list(ours.values())),
        gradients(wanted, [theirs[name] for name in ours]),
        strict=True,
    ):
        recipe.assert_close("gradient", a, b, 1e-12)


@pytest.mark.parametrize("size", SIZES)
def test_is_a_sequence_layer(size: tuple[int, int, int]) -> None:
    layer = make(*size)
    x = torch.randn(2, 6, size[0], dtype=torch.float64)
    recipe.check_step_forward_chunks(layer, x)
    recipe.check_state_size(layer, x)
    recipe.check_dtypes(layer, x)
    recipe.check_bad_input(layer, size[0])
    recipe.check_causality(layer, x)


def test_nothing_is_forgotten_when_nothing_is_written() -> None:
    layer = make(2, 2, 2)
    with torch.no_grad():
        layer.bias[4:6] = -1e3  # input gates
    s = torch.randn(1, 4, dtype=torch.float64)
    start = MemoryState(s, torch.zeros(1, 8, dtype=torch.float64))
    _, after = layer(torch.randn(1, 100, 2, dtype=torch.float64), start)
    assert torch.equal(after.s, s)


def test_sizes_below_one_are_refused() -> None:
    for size in ((0, 1, 1), (1, 0, 1), (1, 1, 0)):
        with recipe.without_shape_checks(), pytest.raises(ValueError, match="sizes must be"):
            MemoryBlocks(*size)
