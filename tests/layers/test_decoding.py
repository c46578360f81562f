"""Greedy and beam search against all sequences there are."""

from __future__ import annotations

import math
from itertools import product
from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from solutions.decoding import END, START, Hypothesis, beam_search, greedy


class Past(NamedTuple):
    h: Tensor


class Rambler(torch.nn.Module):
    """Likes something else after every beginning."""

    def __init__(self, symbols: int, width: int = 5) -> None:
        super().__init__()
        self.hear = torch.nn.Embedding(symbols, width)
        self.mix = torch.nn.Linear(width, width)
        self.say = torch.nn.Linear(width, symbols)

    def forward(self, symbols: Tensor, past: Past) -> tuple[Tensor, Past]:
        h = torch.tanh(3 * (self.mix(past.h) + self.hear(symbols)))
        return 3 * self.say(h), Past(h)


def score(model: Rambler, past: Past, symbols: list[int]) -> float:
    total, last = 0.0, START
    for symbol in symbols:
        logits, past = model(torch.tensor([last]), past)
        total, last = total + float(logits[0].log_softmax(-1)[symbol].detach()), symbol
    return total


def everything(symbols: int, longest: int) -> list[list[int]]:
    """Every sequence that ends with its only END, or has ``longest`` symbols and none."""
    others = [s for s in range(symbols) if s != END]
    ended = [[*each, END] for n in range(longest) for each in product(others, repeat=n)]
    return ended + [list(each) for each in product(others, repeat=longest)]


@pytest.fixture(params=[0, 1, 2])
def model(request: pytest.FixtureRequest) -> Rambler:
    torch.manual_seed(request.param)
    return Rambler(4).double()


def test_a_wide_beam_finds_the_best_of_all(model: Rambler) -> None:
    past, all_of_them = Past(torch.randn(1, 5).double()), everything(4, 4)
    found = beam_search(model, past, len(all_of_them), 4)
    assert sorted(each.symbols for each in found) == sorted(all_of_them)
    best = max(all_of_them, key=lambda symbols: score(model, past, symbols))
    assert found[0].symbols == best
    assert math.isclose(sum(math.exp(each.score) for each in found), 1.0)


@pytest.mark.parametrize("width", [1, 2, 3, 7])
def test_scores_are_log_probabilities_best_first(model: Rambler, width: int) -> None:
    past = Past(torch.randn(1, 5).double())
    found = beam_search(model, past, width, 6)
    assert len(found) == width
    for each in found:
        assert math.isclose(each.score, score(model, past, each.symbols), abs_tol=1e-12)
    assert [each.score for each in found] == sorted((e.score for e in found), reverse=True)


def test_a_beam_of_one_is_greedy(model: Rambler) -> None:
    past = Past(torch.randn(6, 5).double())
    written = greedy(model, past, 7)
    assert not written.scores.requires_grad
    for row in range(6):
        (one,) = beam_search(model, Past(past.h[row : row + 1]), 1, 7)
        whole = one.symbols + [END] * (written.symbols.shape[1] - len(one.symbols))
        assert written.symbols[row].tolist() == whole
        assert math.isclose(written.scores[row], one.score, abs_tol=1e-12)


def test_greedy_stops_when_all_have_ended_and_at_longest() -> None:
    def model(symbols: Tensor, past: Past) -> tuple[Tensor, Past]:
        h = past.h - 1
        return torch.stack([0 * h[:, 0], -10 * h[:, 0]], dim=1), Past(h)

    past = Past(torch.tensor([[2.5], [0.5]]))  # END is likelier below 0
    assert greedy(model, past, 9).symbols.tolist() == [[0, 0, 1], [1, 1, 1]]
    assert greedy(model, past, 2).symbols.tolist() == [[0, 0], [1, 1]]
    assert Hypothesis([0, 1], 0.0).ended
    assert not Hypothesis([], 0.0).ended


def test_bad_sizes_are_named(model: Rambler) -> None:
    past = Past(torch.zeros(1, 5).double())
    with pytest.raises(ValueError, match=r"^longest must"):
        greedy(model, past, 0)
    for width, longest in ((0, 3), (3, 0)):
        with pytest.raises(ValueError, match=r"^width and longest must"):
            beam_search(model, past, width, longest)
