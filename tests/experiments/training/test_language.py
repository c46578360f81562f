"""Training on text and the loss by position."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from experiments.nets import sized
from experiments.training import language
from experiments.training.text import SYMBOLS


def test_the_held_out_part_is_not_in_the_training_part() -> None:
    training, held_out = language.split(40_000)
    assert len(training) == 36_000
    assert len(held_out) == 4_000
    assert torch.equal(torch.cat([training, held_out]), language.library_source(40_000))


class Repeats(nn.Module):
    """Foretell the character read; knows nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(30.0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.scale * nn.functional.one_hot(x, SYMBOLS).float()


def test_loss_by_position_by_hand() -> None:
    pieces = torch.full((100, 6), 65)
    pieces[:, 3] = 66
    loss = language.loss_by_position(Repeats(), pieces)
    assert loss[[0, 1, 4]].max() < 1e-6
    assert torch.allclose(loss[[2, 3]], torch.tensor(30.0, dtype=torch.float64))


def test_training_learns_and_repeats_itself() -> None:
    corpus = torch.tensor(list(b"abcd" * 500))
    runs = []
    for _ in range(2):
        torch.manual_seed(0)
        model = sized.SequenceModel("lstm", SYMBOLS, SYMBOLS, 12)
        runs.append(language.train(model, corpus, 40, 8, 16, 0.05, seed=3))
    assert runs[0] == runs[1]
    assert runs[0][-1] < 1.0 < runs[0][0]


def test_octaves_cover_every_position_once() -> None:
    assert language.octaves(8) == [(1, 1), (2, 2), (3, 4), (5, 8)]
    assert language.octaves(10)[-1] == (9, 10)


@pytest.mark.parametrize(("flat", "where"), [(0.5, 4), (0.05, 8), (10.0, 1)])
def test_reach_is_where_the_curve_gets_within_reach_of_its_end(flat: float, where: int) -> None:
    assert language.reach([1, 4, 8, 16], [3.0, 1.4, 1.02, 1.0], flat) == where
