"""The weights that are kept are those of the net that was tested."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from experiments.ablations.protocols import adding
from experiments.harness.registry import experiments
from experiments.harness.runner import complete
from experiments.kept.adding import parameters_of
from experiments.rule1997.protocol import group, weights_of
from experiments.tasks import dense, paper1997
from solutions.nets1997 import EXPERIMENTS, LSTM1997Net


def net_with(weights: dict[str, list[float]]) -> LSTM1997Net:
    net = EXPERIMENTS["adding"].build().double()
    net.load_state_dict({name: torch.tensor(value).double() for name, value in weights.items()})
    return net


def test_a_lane_s_weights_make_the_same_net_again() -> None:
    nets = group(adding(20), [0, 1])
    for lane, seed in enumerate((0, 1)):
        torch.manual_seed(seed)
        drawn = EXPERIMENTS["adding"].build().double()
        again = net_with(parameters_of(drawn, nets.weights, lane))
        x = torch.randn(2, 7, 2).double()
        assert torch.equal(drawn(x)[0], again(x)[0])
    assert weights_of([again]).hidden.shape == nets.weights.hidden.shape


def test_the_net_that_is_kept_adds_as_well_as_its_record_says() -> None:
    (outcome,) = complete(experiments()["kept-adding"], quick=False).values()
    net, tolerance = net_with(outcome["weights"]), outcome["tolerance"]
    index, value, target = dense.buffers(111, inputs=2, outputs=1)
    paper1997.seed(0)
    wrong, count = 0, 400
    for _ in range(count):
        length = paper1997.marked_pairs(np.array([100, 0]), index, value, target)
        answer = net(torch.from_numpy(value[:length]).unsqueeze(0))[0][0, -1, 0].item()
        wrong += abs(answer - target[length - 1, 0]) >= tolerance
    expected = min(outcome["test_wrong"]) / outcome["test_of"]
    assert wrong / count == pytest.approx(expected, abs=4 * (expected / count) ** 0.5)


def test_of_the_seeds_the_best_is_kept() -> None:
    (trial,) = experiments()["kept-adding"].trials(quick=False)
    (outcome,) = complete(experiments()["kept-adding"], quick=False).values()
    place = trial.parameters["seeds"].index(outcome["kept"])
    assert outcome["test_wrong"][place] == min(outcome["test_wrong"])
