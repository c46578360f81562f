"""The recipe: weights begin shuffled, are held by whoever trains, and can be trained again."""

from __future__ import annotations

import torch

from autograder.recipes.training import FEATURES, Recipe, shuffled, train
from solutions.capstone import MyLayer

TINY = Recipe(tongues=1, steps=3, batch=4, exam=5)


def test_weights_that_are_brought_along_are_shuffled() -> None:
    rng = torch.Generator().manual_seed(0)
    weights = {"w": torch.arange(12.0).view(3, 4), "one": torch.tensor(2.0)}
    mixed = shuffled(weights, rng)
    assert not torch.equal(mixed["w"], weights["w"])
    assert torch.equal(mixed["w"].flatten().sort().values, torch.arange(12.0))
    assert torch.equal(mixed["one"], weights["one"])


def test_the_same_draw_gives_the_same_weights() -> None:
    layers = []
    for _ in range(2):
        torch.manual_seed(0)
        layers.append(train(MyLayer(FEATURES), TINY, torch.Generator().manual_seed(1)))
    first, second = layers
    assert all(torch.equal(first.weights[name], second.weights[name]) for name in first.weights)
    assert torch.equal(first.readout.weight, second.readout.weight)


def test_training_changes_all_weights_and_remembers_its_words() -> None:
    layer = MyLayer(FEATURES)
    before = {name: value.sort().values for name, value in layer.state_dict().items()}
    trained = train(layer, TINY, torch.Generator().manual_seed(1))
    after = {name: value.sort().values for name, value in trained.weights.items()}
    assert before.keys() == after.keys()
    assert not any(torch.equal(before[name], after[name]) for name in before)
    assert 9 <= len(trained.known) <= 12
