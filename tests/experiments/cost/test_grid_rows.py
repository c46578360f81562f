"""Training time by length and batch: beside what is measured at batch 1."""

from __future__ import annotations

from experiments.cost import grid_rows, rows
from experiments.cost.layers import BY_NAME


def test_every_layer_has_the_same_lengths_at_every_batch() -> None:
    trials = grid_rows.trials(False)
    (lengths,) = {tuple(trial["sizes"]) for trial in trials.values()}
    assert lengths == tuple(rows.LENGTHS[: len(lengths)])
    assert len(trials) == len(grid_rows.LAYERS) * len(grid_rows.BATCHES)
    for name, trial in trials.items():
        layer, batch = name.rsplit(", batch ", 1)
        assert trial["specs"] == [BY_NAME[layer].spec()]
        assert trial["batch"] == int(batch)
