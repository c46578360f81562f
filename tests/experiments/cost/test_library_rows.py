"""Our LSTM and PyTorch's: the same sizes, the same batches."""

from __future__ import annotations

import torch

from experiments.cost import library_rows
from experiments.cost.measure import build, weights


def test_both_read_the_same_batches_with_nearly_the_same_weights() -> None:
    ours, theirs = library_rows.trials(False).values()
    assert {k: v for k, v in ours.items() if k != "specs"} == {
        k: v for k, v in theirs.items() if k != "specs"
    }
    layers = [build(t["specs"][0]["kind"], t["specs"][0]["arguments"]) for t in (ours, theirs)]
    counts = [weights(layer) for layer in layers]
    assert abs(counts[1] / counts[0] - 1) < 0.01  # PyTorch's has two biases
    x = torch.randn(2, 5, ours["specs"][0]["width"])
    assert layers[0](x)[0].shape == layers[1](x)[0].shape
