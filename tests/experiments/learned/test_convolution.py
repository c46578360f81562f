"""Dilated convolutions: reach and causality."""

from __future__ import annotations

import pytest
import torch

from experiments.learned.convolution import DilatedConvolutions, receptive_field


@pytest.mark.parametrize("layers", [1, 3, 8])
def test_the_reach_doubles_with_every_layer(layers: int) -> None:
    torch.manual_seed(0)
    model = DilatedConvolutions(2, 8, 1, layers)
    assert receptive_field(model, 2, 3 * 2**layers) == 2**layers


def test_no_output_sees_its_future() -> None:
    torch.manual_seed(0)
    model = DilatedConvolutions(2, 6, 3, 4)
    x = torch.randn(2, 20, 2)
    changed = x.clone()
    changed[:, 12:] += 1
    assert torch.allclose(model(x)[:, :12], model(changed)[:, :12], atol=1e-6)
    assert model(x).shape == (2, 20, 3)


def test_one_layer_by_hand() -> None:
    model = DilatedConvolutions(1, 1, 1, 1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(0)
        model.read.weight.fill_(1)
        model.output.weight.fill_(1)
        model.layers[0].mix.weight.copy_(torch.tensor([[[2.0, -1.0]]]))  # the past, the present
    y = model(torch.tensor([[[1.0], [3.0], [1.0]]])).squeeze()
    assert y.tolist() == [0.0, 0.0, 2 * 3.0 - 1]


@pytest.mark.parametrize("time", [1, 5, 8, 11, 16, 40])
def test_the_last_output_is_the_last_of_all(time: int) -> None:
    torch.manual_seed(0)
    model = DilatedConvolutions(2, 6, 3, 4).double()
    torch.nn.init.normal_(model.layers[1].mix.bias)  # a bias makes zeros before the start differ
    x = torch.randn(3, time, 2, dtype=torch.float64)
    assert torch.allclose(model.last(x), model(x)[:, -1], atol=1e-12)
