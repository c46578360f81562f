"""The text experiments, small: shapes, bookkeeping, and that a run repeats itself."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from experiments.learned import scaling, text
from experiments.training import language

CHARACTERS = 30_000


def test_context_outcome() -> None:
    p = {"characters": CHARACTERS, "seed": 0, "hidden": 8, "embedding": 4, "steps": 2}
    p |= {"contexts": [1, 4, 16], "test": 100, "flat": 0.02}
    outcome = text.run_context(p, "cpu")
    assert outcome["contexts"] == [1, 4, 16]
    assert outcome["reach"] in outcome["contexts"]
    assert all(3 < loss < 6 for loss in outcome["loss"])
    assert outcome["characters_read"] == 6400


@pytest.mark.parametrize("kind", ["lstm", "transformer"])
def test_position_outcome_repeats_itself(kind: str) -> None:
    p = {"characters": CHARACTERS, "kind": kind, "seed": 1, "size": 4_000, "steps": 3, "batch": 2}
    p |= {"length": 16, "rate": 0.01, "test": 10, "flat": 0.02}
    outcome = text.run_positions(p, "cpu")
    assert outcome["positions"] == [1, 2, 4, 8, 16]
    assert len(outcome["loss"]) == 5
    assert abs(outcome["weights"] - 4_000) < 1_000
    assert outcome == text.run_positions(p, "cpu")


def test_the_rise_is_the_loss_past_training_less_the_loss_at_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    by_position = torch.cat([torch.full((16,), 2.0), torch.full((8,), 2.5), torch.full((8,), 3.5)])
    monkeypatch.setattr(language, "loss_by_position", lambda *_: by_position.double())
    p: dict[str, Any] = {"characters": CHARACTERS, "seed": 0, "width": 8, "positions": "alibi"}
    p |= {"steps": 1, "batch": 1, "trained": 16, "tested": [16, 24, 32], "rate": 0.01, "test": 4}
    outcome = text.run_length(p, "cpu")
    assert outcome["trained"] == 2.0
    assert outcome["longer"] == [24, 32]
    assert outcome["rise"] == [0.5, 1.0]
    assert outcome["up_to"] == [1, 2, 4, 8, 16, 24, 32]
    assert outcome["loss"][-2:] == [2.5, 3.5]


@pytest.mark.parametrize("kind", ["lstm", "transformer"])
def test_scaling_outcome(kind: str) -> None:
    p = {"characters": CHARACTERS, "kind": kind, "size": 5_000, "seed": 0, "steps": 3, "batch": 2}
    p |= {"length": 40, "rate": 0.01, "test": 4}
    outcome = scaling.run_scaling(p, "cpu")
    assert 0 < outcome["inner_weights"] < outcome["weights"]
    assert outcome["characters_read"] == 240
    assert outcome["epochs"] == pytest.approx(240 / 27_000, abs=1e-3)
    assert 3 < outcome["loss"] < 1.2 * math.log(128)
