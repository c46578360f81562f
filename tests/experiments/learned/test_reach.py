"""How far back a character LSTM looks, small: the control is the same net without training."""

from __future__ import annotations

from typing import Any

import pytest

from experiments.learned.reach import run_reach
from experiments.learned.rows import reach_trials

SMALL: dict[str, Any] = {"characters": 30_000, "hidden": 8, "embedding": 4, "window": 20}
SMALL |= {"batch": 3, "rate": 0.01, "contexts": [1, 4, 16], "test": 100, "flat": 0.02, "seed": 0}


@pytest.mark.parametrize(("steps", "read"), [(2, 120), (0, 0)])
def test_the_outcome_of_a_trained_and_of_an_untrained_net(steps: int, read: int) -> None:
    outcome = run_reach(SMALL | {"steps": steps}, "cpu")
    assert outcome["reach"] in outcome["contexts"]
    assert all(3 < loss < 6 for loss in outcome["loss"])
    assert outcome["characters_read"] == read
    assert len(outcome["training_loss"]) == (1 if steps else 0)


def test_the_claimed_reach_lies_inside_what_is_trained_and_tested() -> None:
    trials = reach_trials(quick=False).values()
    assert [parameters["steps"] for parameters in trials].count(0) == 1
    assert len(trials) == 6
    for parameters in trials:
        assert parameters["window"] > 500
        assert max(parameters["contexts"]) > 500
