"""The models that lost are trained on the paper's tasks, and each fails where its idea ends."""

from __future__ import annotations

import pytest
import torch

from experiments.harness.registry import experiments
from experiments.losers.two_symbols import (
    LEARNERS,
    WINDOW,
    last_right,
    loss_of,
    run,
    sequences,
    surprises,
)

P = 6


def draw(random: bool, count: int = 64) -> torch.Tensor:
    return sequences(P, random, count, torch.Generator().manual_seed(0))


@pytest.mark.parametrize("random", [False, True])
def test_the_first_symbol_comes_back_and_the_middle_is_fixed_or_random(random: bool) -> None:
    symbols = draw(random).argmax(-1)
    assert symbols.shape == (64, P + 1)
    assert torch.equal(symbols[:, 0], symbols[:, -1])
    assert set(symbols[:, 0].tolist()) == {P - 1, P}
    middle = symbols[:, 1:-1]
    assert int(middle.max()) < P - 1
    assert (middle == torch.arange(P - 1)).all() != random


@pytest.mark.parametrize("learner", LEARNERS)
def test_a_gradient_step_makes_the_loss_smaller(learner: str) -> None:
    torch.manual_seed(0)
    net, x = LEARNERS[learner](P + 1), draw(True)
    before = loss_of(net, x)
    before.backward()
    with torch.no_grad():
        for weight in net.parameters():
            if weight.grad is not None:
                weight -= 0.01 * weight.grad
        assert loss_of(net, x) < before
        assert last_right(net, x).shape == (64,)


def test_the_last_symbol_is_not_told_beforehand() -> None:
    """Only what came before the last step may decide what is foreseen there."""
    torch.manual_seed(0)
    x = draw(True)
    other = x.clone()
    other[:, -1] = x[:, -1].roll(1, dims=0)
    for build in LEARNERS.values():
        net = build(P + 1)
        with torch.no_grad():
            right = last_right(net, x)
            same = x[:, -1].argmax(-1) == other[:, -1].argmax(-1)
            assert torch.equal(right[same], last_right(net, other)[same])
            assert not (right & last_right(net, other))[~same].any()


def test_a_net_that_foresees_nothing_is_surprised_by_everything() -> None:
    torch.manual_seed(0)
    net = LEARNERS["chunker"](P + 1)
    with torch.no_grad():
        net.predict.weight.zero_()
        net.predict.bias.zero_()
        assert surprises(net, draw(False)).tolist() == [1.0] * P


def test_a_run_says_what_each_seed_came_to() -> None:
    parameters = {"learner": "chunker", "p": P, "random": False, "seeds": [0, 1], "budget": 320}
    found = run({**parameters, "batch": 8, "rate": 0.03, "pause": 160}, "cpu")
    assert found["of"] == len(found["seeds"]) == len(found["surprising"]) == 2
    assert found["solved"] == sum(seed["right"] == 1 for seed in found["seeds"])
    assert all(seed["sequences"] in (160, 320) for seed in found["seeds"])


def test_no_committed_window_sees_the_first_symbol() -> None:
    """A window shorter than the lag is at chance, whatever its rate: else the test leaks."""
    for name in ("losers-2a", "losers-2b"):
        for trial in experiments()[name].trials(quick=False):
            given = trial.parameters
            assert given["random"] == (name == "losers-2b")
            assert given["p"] > WINDOW
