"""Guessing counts honestly and accepts only nets that are right."""

from __future__ import annotations

import torch

from experiments.tasks import dense
from experiments.training import guessing


def hand_made(bias: float = 0.0) -> guessing.Nets:
    """Return one net of one unit that latches the sign of its first inputs."""
    one = torch.ones(1, 1, 1)
    return guessing.Nets(10 * one, 100 * one, 0 * one, 50 * one, one * bias)


def test_a_latch_solves_the_task_and_a_biased_one_does_not() -> None:
    batch = dense.two_classes(64, 40, 3, seed=0)
    assert bool(guessing.right(hand_made(), batch).all())
    biased = guessing.right(hand_made(bias=1000.0), batch)
    assert torch.equal(biased[0], batch.target == 1)


def test_the_answer_counts_at_the_last_step_of_each_sequence() -> None:
    batch = dense.two_classes(32, 40, 3, seed=1)
    longer = torch.nn.functional.pad(batch.x, (0, 0, 0, 5), value=-100.0)
    assert bool(guessing.right(hand_made(), batch._replace(x=longer)).all())


def test_guesses_are_counted() -> None:
    batch = dense.two_classes(64, 40, 3, seed=0)
    found = guessing.guess(batch, 2, torch.Generator().manual_seed(0), at_once=200)
    assert found.solved >= 2
    assert found.tries % 200 == 0
    # every net reads at least one sequence; every success reads all of them
    assert found.sequences >= found.tries + found.solved * (len(batch.target) - 1)
    assert found.sequences < found.tries * len(batch.target)


def test_guessing_gives_up() -> None:
    batch = dense.two_classes(64, 40, 3, seed=0)
    found = guessing.guess(
        batch, 1, torch.Generator().manual_seed(0), scale=1e-3, at_once=50, most=100
    )
    assert found.solved == 0
    assert found.tries == 100


def test_weights_fill_the_range() -> None:
    nets = guessing.draw(500, 3, 100.0, torch.Generator().manual_seed(0))
    assert [tuple(part.shape[1:]) for part in nets] == [(1, 3), (3, 3), (1, 3), (3, 1), (1, 1)]
    assert 99 < nets.weight_hh.max() <= 100
    assert -100 <= nets.weight_hh.min() < -99
