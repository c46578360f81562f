"""Nets trained side by side must be what they would be alone."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from experiments.nets.rnn_stack import SideBySide, clip_each_
from solutions import rnn


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_states_equal_those_of_the_layers_alone(nonlinearity: str) -> None:
    torch.manual_seed(0)
    layers = [rnn.RNN(3, 5, nonlinearity).double() for _ in range(4)]
    nets = SideBySide(layers, outputs=2).double()
    x = torch.randn(6, 9, 3, dtype=torch.float64)
    together = nets.states(x)
    for i, layer in enumerate(layers):
        assert torch.allclose(together[i], layer(x)[0], atol=1e-12)
    y = nets(x)
    assert y.shape == (4, 6, 9, 2)
    expected = together[1] @ nets.readout[1] + nets.readout_bias[1]
    assert torch.allclose(y[1], expected)
    assert torch.allclose(nets.read(together[:, :, -1]), y[:, :, -1])


def test_layers_keep_their_own_weights() -> None:
    layer = rnn.RNN(2, 3)
    before = layer.cell.weight_hh.clone()
    nets = SideBySide([layer, rnn.RNN(2, 3)], outputs=1)
    with torch.no_grad():
        nets.weight_hh.zero_()
    assert torch.equal(layer.cell.weight_hh, before)


def test_no_gradient_leaks_from_one_net_to_another() -> None:
    nets = SideBySide([rnn.RNN(2, 3) for _ in range(3)], outputs=1)
    nets(torch.randn(4, 5, 2))[1].sum().backward()
    for parameter in nets.parameters():
        assert parameter.grad is not None
        assert parameter.grad[0].abs().sum() == 0
        assert parameter.grad[1].abs().sum() > 0
        assert parameter.grad[2].abs().sum() == 0


def test_each_net_is_clipped_by_its_own_norm() -> None:
    a, b = nn.Parameter(torch.zeros(2, 3)), nn.Parameter(torch.zeros(2, 1, 2))
    a.grad = torch.tensor([[3.0, 0, 0], [0.1, 0, 0]])
    b.grad = torch.tensor([[[4.0, 0]], [[0.0, 0.2]]])
    norm = clip_each_([a, b], max_norm=1.0)
    assert norm.tolist() == pytest.approx([5.0, 0.05**0.5])
    assert a.grad[0].tolist() == pytest.approx([0.6, 0, 0])
    assert b.grad[0, 0].tolist() == pytest.approx([0.8, 0])
    assert a.grad[1].tolist() == pytest.approx([0.1, 0, 0])
    assert b.grad[1, 0].tolist() == pytest.approx([0, 0.2])
