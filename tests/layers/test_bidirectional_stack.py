"""Bidirectional layers one above the other against torch.nn, and padding that changes nothing."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from solutions.bidirectional_stack import BidirectionalStack
from solutions.gates import GRU, LSTM
from solutions.stacking import Bidirectional
from tests.layers.test_stacking import LENGTHS, copy_lstm, packed


def test_equals_a_bidirectional_lstm_of_two_layers_on_packed_sequences() -> None:
    oracle = nn.LSTM(3, 4, num_layers=2, bidirectional=True, batch_first=True).double()
    layers = [
        Bidirectional(
            copy_lstm(oracle, f"l{number}", size), copy_lstm(oracle, f"l{number}_reverse", size)
        )
        for number, size in enumerate((3, 8))
    ]
    stack = BidirectionalStack(layers)
    x = torch.randn(3, 5, 3, dtype=torch.float64)
    wanted, (last, _) = packed(oracle, x, LENGTHS)
    found = stack(x, LENGTHS)
    for row, right, n in zip(found, wanted, LENGTHS, strict=True):
        torch.testing.assert_close(row[:n], right[:n], rtol=1e-10, atol=1e-10)
    both = torch.cat([last[2], last[3]], dim=1)
    torch.testing.assert_close(stack.summary(x, LENGTHS), both, rtol=1e-10, atol=1e-10)


def test_padding_changes_neither_outputs_nor_summary() -> None:
    stack = BidirectionalStack(
        [Bidirectional(GRU(n, 4), GRU(n, 4)) for n in (2, 8, 8)],
    ).double()
    x = torch.randn(3, 5, 2, dtype=torch.float64)
    other = torch.cat([x, torch.randn(3, 4, 2).double()], dim=1)
    for row, n in zip(other, LENGTHS, strict=True):
        row[n:] = 99.0
    for y, again, n in zip(stack(x, LENGTHS), stack(other, LENGTHS), LENGTHS, strict=True):
        torch.testing.assert_close(y[:n], again[:n])
    torch.testing.assert_close(stack.summary(x, LENGTHS), stack.summary(other, LENGTHS))


def test_a_stack_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one layer"):
        BidirectionalStack([])


def test_all_layers_learn() -> None:
    stack = BidirectionalStack([Bidirectional(LSTM(n, 3), LSTM(n, 3)) for n in (2, 6)])
    stack.summary(torch.randn(3, 5, 2), LENGTHS).sum().backward()
    assert all(p.grad is not None and bool(p.grad.any()) for p in stack.parameters())
