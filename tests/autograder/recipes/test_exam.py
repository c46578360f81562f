"""The exam asks about new words, one letter at a time, and counts what is right."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from autograder.recipes.exam import score, share_right, streamed, unknown_words
from autograder.recipes.tongue import SILENCE, SOUNDS, draw_tongue, draw_words, read_aloud
from autograder.recipes.training import FEATURES, Trained


def test_words_of_the_exam_are_not_those_of_training() -> None:
    rng = torch.Generator().manual_seed(3)
    tongue = draw_tongue(rng)
    known = set(map(tuple, draw_words(tongue, 500, rng)[0].tolist()))
    asked = set(map(tuple, unknown_words(tongue, 300, known, rng).tolist()))
    assert len(asked) == 300
    assert not asked & known


class Echo(nn.Module):
    """Says the token before the one it hears."""

    def initial_state(self, batch: int) -> tuple[Tensor]:
        return (torch.zeros(batch, FEATURES),)

    def step(self, x: Tensor, state: tuple[Tensor]) -> tuple[Tensor, tuple[Tensor]]:
        return state[0], (x,)


def test_answers_are_asked_for_in_order() -> None:
    rng = torch.Generator().manual_seed(0)
    tongue = draw_tongue(rng)
    letters, _ = draw_words(tongue, 3, rng)
    looks = torch.randn(27, FEATURES, generator=rng)
    trained = Trained(tongue, looks, {}, nn.Linear(FEATURES, SOUNDS), set())
    outputs = streamed(Echo(), trained, letters)
    assert torch.equal(outputs[:, 1:], looks[letters[:, :-1]])


def test_the_share_counts_sounds_and_not_silence() -> None:
    rng = torch.Generator().manual_seed(0)
    tongue = draw_tongue(rng)
    letters, sounds = draw_words(tongue, 20, rng)
    readout = nn.Linear(SOUNDS, SOUNDS, bias=False)
    readout.weight.data = torch.eye(SOUNDS)
    trained = Trained(tongue, torch.zeros(27, FEATURES), {}, readout, set())
    perfect = nn.functional.one_hot(sounds.clamp(min=0), SOUNDS).float()
    assert share_right(trained, letters, perfect) == 1
    first = sounds.clamp(min=0)
    first[:10] = (first[:10] + 1) % SOUNDS
    half = nn.functional.one_hot(first, SOUNDS).float()
    asked = read_aloud(tongue, letters) != SILENCE
    expected = float(asked[10:].sum() / asked.sum())
    assert share_right(trained, letters, half) == pytest.approx(expected)


def test_the_score_has_the_standard_error_of_its_tongues() -> None:
    assert score([0.5, 0.7, 0.9]).mean == pytest.approx(0.7)
    assert score([0.5, 0.7, 0.9]).error == pytest.approx(0.2 / 3**0.5)
    assert math.isnan(score([0.5]).error)
