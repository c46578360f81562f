"""Numbers kept, against the tensors that the algorithms hold."""

from __future__ import annotations

import pytest
import torch

from solutions.kept import numbers_kept
from solutions.sensitivities import rtrl_step
from solutions.traces import Traces, trace_step


@pytest.mark.parametrize(("inputs", "hidden"), [(2, 3), (1, 1), (5, 4)])
def test_online_rules_keep_what_one_step_hands_to_the_next(inputs: int, hidden: int) -> None:
    W, x = torch.ones(hidden, inputs + hidden + 1), torch.ones(1, inputs)
    handed = rtrl_step(W, x, torch.zeros(1, hidden), torch.zeros(1, hidden, *W.shape))
    assert numbers_kept("rtrl", inputs, hidden, 9, 9) == sum(value.numel() for value in handed)
    width = inputs + 3 * hidden + 1
    state = torch.zeros(1, hidden), torch.zeros(1, 3 * hidden), torch.zeros(1, width)
    trace = torch.zeros(1, hidden, width)
    now = trace_step(torch.ones(3 * hidden, width), x, Traces(*state, trace, trace))
    held = sum(value.numel() for value in (now.s, now.y, now.cell, now.gate))
    assert numbers_kept("traces", inputs, hidden, 9, 9) == held


def test_back_propagation_keeps_tokens_and_states() -> None:
    x, h = torch.zeros(7, 2), torch.zeros(7 + 1, 3)
    assert numbers_kept("full", 2, 3, time=7, window=4) == x.numel() + h.numel()
    assert numbers_kept("windows", 2, 3, time=7, window=4) == x[:4].numel() + h[: 4 + 1].numel()
    assert numbers_kept("windows", 2, 3, time=7, window=9) == x.numel() + h.numel()


def test_unknown_algorithms_are_named() -> None:
    with pytest.raises(ValueError, match="got 'adam'"):
        numbers_kept("adam", 1, 1, 1, 1)
