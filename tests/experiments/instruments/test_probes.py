"""The instruments must read what is known by other means."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from experiments.instruments import probes
from solutions import rnn


def test_serial_steps_counts_the_longest_chain() -> None:
    x = torch.randn(3, requires_grad=True)
    one = x.exp()
    four = x.exp().exp().exp().exp()
    base = probes.serial_steps(one)
    assert probes.serial_steps(four) == base + 3
    assert probes.serial_steps(one + four) == base + 4
    with pytest.raises(ValueError, match="requires a gradient"):
        probes.serial_steps(torch.zeros(1))


def test_serial_steps_grow_by_the_same_number_per_token_in_a_recurrent_layer() -> None:
    layer = rnn.RNN(2, 3)
    depth = [probes.serial_steps(layer(torch.randn(1, t, 2))[0]) for t in (10, 20, 30)]
    assert depth[2] - depth[1] == depth[1] - depth[0] >= 10


def test_gradient_by_lag_of_a_leaky_sum_is_its_power() -> None:
    x = torch.randn(4, 12, 1, dtype=torch.float64, requires_grad=True)
    h = torch.zeros(4, 1, dtype=torch.float64)
    states = []
    for x_t in x.unbind(1):
        h = 0.5 * h + x_t
        states.append(h)
    g = probes.gradient_by_lag(torch.stack(states, dim=1), x)
    expected = 0.5 ** torch.arange(12, dtype=torch.float64)
    assert torch.allclose(g / g[0], expected)


def test_recall_of_a_shift_register_is_exactly_its_length() -> None:
    layer = rnn.RNN(1, 5).double()
    with torch.no_grad():
        layer.cell.weight_hh.copy_(torch.diag(torch.ones(4), -1))
        layer.cell.weight_ih.copy_(torch.tensor([[1e-3], [0.0], [0.0], [0.0], [0.0]]))
        layer.cell.bias.zero_()
    torch.manual_seed(0)
    share = probes.recall_by_lag(layer, steps=2000, longest=12)
    assert share[:5].min().item() > 0.999
    assert share[5:].max().item() < 0.02
    with pytest.raises(ValueError, match="at least 4"):
        probes.recall_by_lag(layer, steps=20, longest=12)


def test_explained_separates_one_unit_from_the_whole_state() -> None:
    torch.manual_seed(0)
    h = torch.randn(4000, 6, dtype=torch.float64)
    unit, whole = probes.explained(h, 2 * h[:, 3] + 1)
    assert unit == pytest.approx(1, abs=1e-3)
    assert whole == pytest.approx(1, abs=1e-3)
    unit, whole = probes.explained(h, h.sum(1))
    assert unit == pytest.approx(1 / 6, abs=0.05)
    assert whole == pytest.approx(1, abs=1e-3)
    unit, whole = probes.explained(h, torch.randn(4000, dtype=torch.float64))
    assert abs(unit) < 0.02
    assert abs(whole) < 0.02


def test_gradient_by_lag_sees_no_future() -> None:
    layer = nn.LSTM(3, 4, batch_first=True)
    x = torch.randn(2, 7, 3, requires_grad=True)
    y, _ = layer(x)
    assert probes.gradient_by_lag(y[:, :4], x)[:3].abs().max() == 0
