"""The compiled layer of 1997 equals the readable one, in outputs and in both gradients."""

from __future__ import annotations

import pytest
import torch

from experiments.nets.carousel_loop import answer
from solutions.nets1997 import experiment_net, stack_seeds


@pytest.mark.parametrize("truncated", [True, False])
@pytest.mark.parametrize("change", [{}, {"gate": "hard"}, {"self_loop": 0.9}])
def test_outputs_and_gradients_are_those_of_the_layer(
    truncated: bool, change: dict[str, float]
) -> None:
    torch.manual_seed(0)
    ladder = (0.5, -0.5)  # gates on both sides of a hard gate's threshold
    nets = [
        experiment_net(
            "adding", init_range=1.0, truncated=truncated, input_gate_bias=ladder, **change
        )
        for _ in range(3)
    ]
    net = stack_seeds(nets).double()
    x = torch.randn(3, 4, 12, 2, dtype=torch.float64)
    found = []
    for y in (net(x)[0][:, :, -1], answer(net, x)):
        net.zero_grad()
        (y * torch.arange(4.0).view(4, 1)).sum().backward()
        found.append((y, [p.grad.clone() for p in net.parameters()]))
    (y, gradients), (fast_y, fast_gradients) = found
    torch.testing.assert_close(fast_y, y, rtol=1e-10, atol=1e-12)
    for fast, slow in zip(fast_gradients, gradients, strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-8, atol=1e-12)
    assert all(gradient.abs().max() > 0 for gradient in gradients)


def test_other_nets_are_refused() -> None:
    net = stack_seeds([experiment_net("adding", output_gate=False)])
    with pytest.raises(ValueError, match="both gates"):
        answer(net, torch.zeros(1, 2, 3, 2))
