"""Selection can be taken away, and the three tasks ask what they say."""

from __future__ import annotations

import pytest
import torch

from experiments.family import rows, selection
from experiments.harness.registry import experiments
from experiments.harness.runner import complete
from solutions.layer import unroll


def drawn(task: str, length: int = 16) -> selection.Asked:
    p = rows.choosing(task, "all", 0, quick=True)
    return selection.draw(p, 50, length, torch.Generator().manual_seed(0))


@pytest.mark.parametrize("task", ["copying", "selective copying"])
def test_what_is_wanted_stands_in_the_sequence_in_order(task: str) -> None:
    x, answers = drawn(task)
    assert x.shape == (50, 16 + 4)
    assert (x[:, 16:] == 9).all()
    for row, wanted in zip(x, answers, strict=True):
        assert row[row < 8].tolist() == wanted.tolist()
    in_front = (x[:, :4] < 8).all()
    assert in_front == (task == "copying")


def test_induction_asks_for_what_followed_the_trigger() -> None:
    x, answers = drawn("induction", 32)
    assert x.shape == (50, 32)
    for row, wanted in zip(x, answers, strict=True):
        first, last = (row == 8).nonzero().flatten().tolist()
        assert last == 31
        assert row[first + 1].item() == wanted.item()


@pytest.mark.parametrize(("step", "maps"), selection.SELECTS.values())
def test_a_block_is_still_a_sequence_layer(step: bool, maps: bool) -> None:
    torch.manual_seed(0)
    layer = selection.Choosing(4, 3, step, maps).double()
    x = torch.randn(2, 7, 4, dtype=torch.float64)
    torch.testing.assert_close(layer(x)[0], unroll(layer, x)[0])


def test_without_selection_no_token_changes_the_system() -> None:
    torch.manual_seed(0)
    for name, (step, maps) in selection.SELECTS.items():
        layer = selection.Choosing(4, 3, step, maps)
        delta, _, B, C = layer._system(torch.randn(2, 5, layer.inner))
        for part, chosen in ((delta, step), (B, maps), (C, maps)):
            assert (part.std((0, 1)).max() > 1e-4) == chosen, name


def test_all_nets_have_as_many_weights_and_the_committed_results_are_complete() -> None:
    outcomes = complete(experiments()["family-selection"], quick=False)
    assert len(outcomes) == 5 * 7
    for task in rows.TASKS:
        counts = {o["weights"] for o in outcomes.values() if o["parameters"]["task"] == task}
        assert len(counts) == 1


def test_training_can_be_replayed() -> None:
    p = {**rows.choosing("induction", "all", 0, quick=True), "test_count": 20}
    outcome = selection.run(p, "cpu")
    assert outcome == selection.run(p, "cpu")
    assert set(outcome["accuracy"]) == {"16", "32", "64", "128"}
