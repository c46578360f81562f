"""Small trainings: what must be learned is, what cannot is not, and a run repeats itself."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from experiments.learned import small_nets
from experiments.learned.automata import counted

TRACKING: dict[str, Any] = {
    "group": "parity",
    "kind": "lstm",
    "positions": "none",
    "seeds": [0],
    "size": 1_000,
    "steps": 100,
    "batch": 32,
    "rate": 0.03,
    "length": 6,
    "tested": 12,
    "test": 100,
    "accuracy": 0.99,
}


def test_parity_is_tracked_past_the_trained_length_and_the_run_repeats_itself() -> None:
    outcome = small_nets.run_tracking(TRACKING, "cpu")
    assert (outcome["solved"], outcome["of"], outcome["budget"]) == (1, 1, 100 * 32)
    assert "steps 7 to 12" in outcome["criterion"]
    assert outcome == small_nets.run_tracking(TRACKING, "cpu")


def test_a_linear_filter_does_not_track_parity_past_it() -> None:
    outcome = small_nets.run_tracking({**TRACKING, "kind": "s4d", "tested": 40, "steps": 30}, "cpu")
    assert outcome["solved"] == 0
    assert max(seed["accuracy_longer"] for seed in outcome["seeds"]) < 0.8


def test_an_untrained_counter_accepts_nothing() -> None:
    p = {"kind": "gru", "seeds": [0], "units": 4, "trained": 5, "tested": 8, "batch": 4}
    outcome = small_nets.run_counting({**p, "steps": 1, "rate": 1e-6}, "cpu")
    assert outcome["seeds"] == [{"seed": 0, "solved": False, "sequences": 4, "longest": 0}]
    assert outcome["learned"] == 0


def test_counting_measures_the_model_it_has_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    class Counter(nn.Module):
        """Right up to n = 6, by the rule itself."""

        def __init__(self, *_: Any) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.ones(()))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            a, b = (x == 1).cumsum(1), (x == 2).cumsum(1)
            following = torch.where(b == 0, 0, torch.where((b < a) | (a > 6), 1, 2))
            return self.scale * nn.functional.one_hot(following, 3)

    monkeypatch.setattr(small_nets, "SequenceModel", Counter)
    p = {"kind": "lstm", "seeds": [0], "units": 4, "trained": 3, "tested": 9, "batch": 4}
    outcome = small_nets.run_counting({**p, "steps": 1, "rate": 0.01}, "cpu")
    assert outcome["seeds"][0]["longest"] == 6
    assert outcome["learned"] == 1
    assert outcome["solved"] == 0
    assert counted(torch.tensor([6])).x.shape == (1, 13)


def test_the_error_on_later_pairs_falls() -> None:
    p = {"dim": 1, "seeds": [0], "units": 24, "pairs": 5, "steps": 150, "batch": 64}
    outcome = small_nets.run_in_context({**p, "rate": 0.02, "test": 500}, "cpu")
    (error,) = (seed["error"] for seed in outcome["seeds"])
    assert len(error) == 5
    assert error[-1] < 0.5 * error[0]


def test_convolutions_report_reach_and_error() -> None:
    p = {"seeds": [0], "channels": 24, "time": 10, "layers": 4, "steps": 150, "batch": 64}
    outcome = small_nets.run_convolution({**p, "rate": 0.01, "test": 200, "tolerance": 0.05}, "cpu")
    assert outcome["receptive_field"] == 16
    assert outcome["solved"] == 1
    assert outcome["seeds"][0]["error"] < 0.05
