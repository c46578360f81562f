"""Conflicts: requests are parts of the gradient, and cancel as the measure says."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from solutions.carousel import CarouselState, NaiveCarousel
from solutions.conflicts import conflicts, weight_conflict
from tests.layers import recipe


def test_measure_by_hand() -> None:
    updates = torch.tensor([[1.0, 3.0, 0.0, 2.0], [2.0, -1.0, 0.0, -2.0]])
    assert weight_conflict(updates).tolist() == [0.0, 0.5, 0.0, 1.0]
    assert weight_conflict(updates.double()).dtype == torch.float64
    assert weight_conflict(-7 * updates).tolist() == [0.0, 0.5, 0.0, 1.0]


def asked_at(t: int, layer: NaiveCarousel, x: Tensor, V: Tensor, target: Tensor) -> list[Tensor]:
    """What step t asks of W and V: the gradient by a copy that is used at this step alone."""
    W, W_t = layer.weight_ih.detach(), layer.weight_ih.detach().clone().requires_grad_()
    V_t = V.clone().requires_grad_()
    s, loss = torch.zeros(len(W), dtype=torch.float64), torch.zeros((), dtype=torch.float64)
    for i, x_i in enumerate(x):
        s = layer.self_loop.detach() * s + (W_t if i == t else W) @ x_i
        loss = loss + 0.5 * (((V_t if i == t else V) @ s - target[i]) ** 2).sum()
    return list(torch.autograd.grad(loss, [W_t, V_t]))


@pytest.mark.parametrize("time", [1, 2, 9])
def test_requests_are_the_gradient_step_by_step(time: int) -> None:
    layer = NaiveCarousel(2, 3).double()
    with torch.no_grad():
        layer.self_loop.copy_(torch.tensor([1.0, 0.9, -0.5]))
    x, target = torch.randn(time, 2).double(), torch.randn(time, 4).double()
    V = torch.randn(4, 3).double()
    with torch.no_grad():
        s = layer(x.unsqueeze(0), CarouselState(torch.zeros(1, 3).double()))[0][0]
    found = conflicts(x, s, layer.self_loop.detach(), V, target)
    asked = [asked_at(t, layer, x, V, target) for t in range(time)]
    recipe.assert_close("input", found.input, weight_conflict(torch.stack([u for u, _ in asked])))
    recipe.assert_close("output", found.output, weight_conflict(torch.stack([u for _, u in asked])))


def test_storing_and_ignoring_one_line_conflict_and_two_lines_do_not() -> None:
    once, again = [1.0, 0, 0, 0, 0, 0], [0, 0, 0, 1.0, 0, 0]
    one, target = torch.ones(1), torch.ones(6, 1)

    def found(lines: list[list[float]], W: list[float]) -> Tensor:
        x = torch.tensor(lines).T
        s = (x @ torch.tensor([W]).T).cumsum(0)
        return conflicts(x, s, one, torch.ones(1, 1), target).input

    same = found([[a + b for a, b in zip(once, again, strict=True)]], [0.6])
    assert same.item() > 0.99
    assert found([once, again], [0.6, 0.0]).tolist() == [[0.0, 0.0]]
