"""The three translators are of one size, learn from the same words, and can be kept."""

from __future__ import annotations

from typing import Any

import pytest

from experiments.alignment import one_vector
from experiments.alignment.rows import KEPT, WIDTHS
from experiments.harness.registry import experiments
from experiments.instruments.packing import unpacked_weights

SMALL: dict[str, Any] = {
    "seed": 0,
    "width": 6,
    "attention": False,
    "backwards": False,
    "longest": 4,
    "batch": 4,
    "spread": 20,
    "steps": 2,
    "rate": 0.01,
    "test": [3, 4],
    "test_count": 5,
    "keep": False,
}


def test_the_three_have_nearly_as_many_weights() -> None:
    counts = [
        sum(p.numel() for p in one_vector.translator(width, looks).parameters())
        for looks, width in ((True, WIDTHS["attention"]), (False, WIDTHS["fixed"]))
    ]
    assert max(counts) < 1.05 * min(counts)


def test_a_kept_translator_comes_back_and_does_what_was_noted() -> None:
    parameters = SMALL | {"attention": True, "keep": True}
    outcome = one_vector.run(parameters, "cpu")
    model = one_vector.translator(6, True)
    model.load_state_dict(unpacked_weights(outcome["weights"]))
    assert one_vector.judged(model, parameters, "cpu") == outcome["rounded"]
    assert outcome["words"] == [5, 5]


def test_only_who_reads_backwards_reads_backwards() -> None:
    assert one_vector.turned(["abc", "de"], backwards=True) == ["cba", "ed"]
    assert one_vector.turned(["abc", "de"], backwards=False) == ["abc", "de"]
    ahead, back = (one_vector.run(SMALL | {"backwards": b}, "cpu") for b in (False, True))
    assert ahead["training_words"] == back["training_words"]
    assert ahead["curve"] != back["curve"]
    assert "weights" not in ahead


@pytest.mark.parametrize("quick", [False, True])
def test_the_kept_trials_are_among_the_rows(quick: bool) -> None:
    experiment = experiments()["alignment-one-vector"]
    rows = {trial.key: trial.parameters for trial in experiment.trials(quick)}
    assert [key for key, row in rows.items() if row["keep"]] == list(KEPT)
    steps = {key.rpartition("-")[0]: row["steps"] for key, row in rows.items()}
    assert steps["attention"] == steps["fixed"] == steps["backwards"] == 2 * steps["half"]
