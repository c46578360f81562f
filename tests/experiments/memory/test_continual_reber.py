"""The stream's compiled rule against autograd, and the stream itself."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from experiments.memory import continual_reber as reber
from experiments.memory import forget_kernel as kernel

TINY = {"seeds": [0], "blocks": 4, "cells": 2, "rate": 0.5, "last_rate": 0.1, "parts": 4}


def test_the_net_with_forget_gates_has_the_reported_number_of_weights() -> None:
    assert kernel.weight_count(kernel.start(4, 2, -1.0, 0)) == 424
    assert kernel.weight_count(kernel.start(4, 2, 1.0, 0)) == 424 - 4 * 16


@pytest.mark.parametrize("self_loop", [1.0, 0.9, -1.0])
def test_one_step_of_learning_is_the_truncated_gradient(self_loop: float) -> None:
    net = kernel.start(2, 2, self_loop, seed=3)
    rng = np.random.default_rng(0)
    symbols, target = rng.integers(0, 7, 8), rng.uniform(0, 1, 7)
    weights = [torch.tensor(w, requires_grad=True) for w in net[:5]]
    cell, in_gate, forget, out_gate, output = weights
    y, s = torch.zeros(4, dtype=torch.float64), torch.zeros(4, dtype=torch.float64)
    one = torch.ones(1, dtype=torch.float64)
    for symbol in symbols:
        x = torch.eye(7, dtype=torch.float64)[symbol]
        z = torch.cat([x, y.detach(), one])
        opened, shut, read = (
            torch.sigmoid(w @ z).repeat_interleave(2) for w in (in_gate, forget, out_gate)
        )
        keep = shut if self_loop < 0 else self_loop
        s = keep * s + opened * 2 * torch.tanh(cell[:, :-1] @ z[:-1] / 2)
        y = read * torch.tanh(s / 2)
    wanted = torch.sigmoid(output @ torch.cat([y, x, one]))
    loss = (wanted - torch.tensor(target)).square().sum() / 2
    gradients = torch.autograd.grad(loss, weights, allow_unused=True)

    memory, out = kernel.blank(net), np.zeros(7)
    silent = kernel.Net(*(w.copy() for w in net[:5]), self_loop)
    for symbol in symbols[:-1]:  # a rate too small to count fills the traces
        kernel.step(silent, memory, symbol, target, 1e-300, out)
    before = [w.copy() for w in silent[:5]]
    kernel.step(silent, memory, symbols[-1], target, 1.0, out)
    assert np.allclose(out, wanted.detach().numpy(), atol=1e-12)
    assert np.allclose(memory.s, s.detach().numpy(), atol=1e-12)
    for old, new, gradient in zip(before, silent[:5], gradients, strict=True):
        expected = np.zeros_like(old) if gradient is None else -gradient.numpy()
        assert np.allclose(new - old, expected, atol=1e-12)


def test_a_stream_is_made_of_whole_strings() -> None:
    symbols = reber.reber_stream(2000, seed=0)
    assert len(symbols) == 2000
    # The inner string ends with E as well, but only the outer one's is followed by B.
    ends = np.flatnonzero((symbols[:-1] == kernel.LAST) & (symbols[1:] == 0))
    strings = np.split(symbols, ends + 1)[:-1]
    assert min(len(string) for string in strings) == 9
    assert all(string[1] == string[-2] for string in strings)


def test_a_forget_gate_learns_the_stream_and_the_cell_of_1997_drifts() -> None:
    p = {**TINY, "symbols": 100_000, "test_symbols": 2000}
    gated = reber.run({**p, "self_loop": -1.0, "reset": False}, "cpu")
    plain = reber.run({**p, "self_loop": 1.0, "reset": False}, "cpu")
    wiped = reber.run({**p, "self_loop": 1.0, "reset": True}, "cpu")
    assert wiped["wrong"][-1] < 0.01 < plain["wrong"][-1]
    assert gated["wrong"][-1] < plain["wrong"][-1]
    assert plain["state"][-1] > 100 * gated["state"][-1]
    short = {**p, "symbols": 5000, "self_loop": -1.0, "reset": False}
    assert reber.run(short, "cpu") == reber.run(short, "cpu")


def test_drift_counts_signs_by_cell() -> None:
    p = {**TINY, "symbols": 20_000, "self_loop": 1.0, "reset": True, "steps": 500}
    for source in ("random", "reber"):
        found = reber.drift({**p, "source": source}, "cpu")
        assert found["cells"] == len(found["largest"]) == 8
        assert max(found["largest"]) <= 2 * 500
        assert all(0 <= share <= 0.5 for share in found["rarer_sign"])
        assert all(0 <= slope <= 0.5 for slope in found["mean_slope"])
