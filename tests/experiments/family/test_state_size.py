"""The family's layers get states of the sizes that their trials name, and one task."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from experiments.family import rows, state_size
from experiments.harness.registry import experiments
from experiments.harness.runner import complete
from experiments.memory.recall import draw

P: dict[str, Any] = {**rows.recall("linear-attention", 16, 0, quick=True), "test_count": 20}


@pytest.mark.parametrize("layer", state_size.LAYERS)
def test_a_layer_has_the_numbers_it_is_said_to_have(layer: str) -> None:
    for numbers in rows.STATES:
        held = state_size.state_numbers(layer, numbers, tokens=16)
        if layer == "attention":
            assert held == 2 * 16 * numbers**0.5  # a key and a value for each token
        else:  # sums to divide by and a convolution's tail are the smaller part
            assert numbers <= held <= 2 * numbers


@pytest.mark.parametrize("layer", state_size.LAYERS)
def test_an_answer_depends_on_what_was_read(layer: str) -> None:
    torch.manual_seed(0)
    model = state_size.Reader(layer, 16, keys=8, values=4)
    lists = draw(2, 4, 4, 8, 4, torch.Generator().manual_seed(0))
    other = lists._replace(values=(lists.values + 1) % 4)
    scores = model(lists)
    assert scores.shape == (2, 4, 4)
    assert not torch.allclose(scores, model(other))


def test_training_says_how_many_values_are_found_and_can_be_replayed() -> None:
    outcome = state_size.run(P, "cpu")
    assert outcome == state_size.run(P, "cpu")
    assert len(outcome["accuracy"]) == len(P["pairs"])
    assert outcome["chance"] == 1 / 16
    longer = state_size.run({**P, "steps": 300, "numbers": 64}, "cpu")
    assert longer["accuracy"][0] > 0.3  # two pairs are learned soon


def test_the_committed_recall_is_complete_and_equally_trained() -> None:
    known, trained = experiments(), []
    for name in ("family-recall", "family-recall-retnet", "family-recall-mamba"):
        trained += complete(known[name], quick=False).values()
    combinations = {(o["parameters"]["layer"], o["parameters"]["numbers"]) for o in trained}
    wanted = {(layer, n) for layer in state_size.LAYERS for n in rows.STATES}
    assert combinations == wanted - {(layer, rows.STATES[0]) for layer in rows.BESIDE}
    assert len(trained) == 5 * len(combinations)
    for key in ("rate", "steps", "batch", "pairs"):
        assert len({str(o["parameters"][key]) for o in trained}) == 1
