"""Translators, the two tasks they are given, and what weights of attention explain."""

from __future__ import annotations

import pytest
import torch

from experiments.memory import attention_faith as faith
from experiments.memory import letters_to_sound as letters
from experiments.memory import reversal
from experiments.training.translate import END, FIRST, Translator, edit_distance, greedy, symbols


def test_edit_distance_by_hand() -> None:
    assert edit_distance("kitten", "sitting") == 3
    assert edit_distance("", "abc") == edit_distance("abc", "") == 3
    assert edit_distance([1, 2, 3], [1, 2, 3]) == 0


def test_symbols_stop_at_the_end() -> None:
    assert symbols(torch.tensor([4, 5, END, 0])) == [4, 5]
    assert symbols(torch.tensor([4, 5])) == [4, 5]
    assert symbols(torch.tensor([END, 0])) == []


@pytest.mark.parametrize("attention", [True, False])
def test_padding_changes_nothing_and_greedy_follows_the_scores(attention: bool) -> None:
    torch.manual_seed(0)
    model = Translator(5, 6, 8, attention)
    source = torch.tensor([[1, 2, 0, 0], [3, 1, 4, 2]])
    both, weights = greedy(model, source, 6)
    alone, _ = greedy(model, source[:1, :2], 6)
    assert symbols(both[0]) == symbols(alone[0])
    assert (weights is not None) == attention
    if weights is not None:
        assert weights[0, :, 2:].abs().max() == 0
        assert torch.allclose(weights.sum(-1), torch.ones(weights.shape[:2]))
    pairs = reversal.Pairs(source[1:], both[1:])
    scores = model(pairs)
    scores[..., 0] = float("-inf")
    length = len(symbols(both[1]))
    assert scores[0, :length].argmax(-1).tolist() == symbols(both[1])


def test_reversal_is_drawn_right_and_comes_out_the_same_twice() -> None:
    pairs = reversal.draw(3, 4, 8, torch.Generator().manual_seed(0))
    assert (pairs.target[:, :-1].flip(1) - FIRST == pairs.source - 1).all()
    assert (pairs.target[:, -1] == END).all()
    p = {"seed": 0, "alphabet": 4, "width": 24, "attention": True, "longest": 4, "batch": 32}
    p |= {"steps": 80, "rate": 0.02, "test": [2, 4], "test_count": 50}
    first = reversal.run(p, "cpu")
    assert first["symbols_right"][0] > 0.9
    assert reversal.run({**p, "steps": 5}, "cpu") == reversal.run({**p, "steps": 5}, "cpu")


def test_the_lexicon_is_split_by_spelling_and_has_39_phonemes() -> None:
    assert len(letters.phonemes()) == 39
    assert len(letters.lexicon()) > 100_000
    assert all(letters.held_out(word) for word in letters.SHOWN)
    assert set(letters.SHOWN) <= set(letters.lexicon())
    share = sum(map(letters.held_out, letters.lexicon())) / len(letters.lexicon())
    assert share == pytest.approx(0.1, abs=0.01)
    chosen = letters.test_words(6, 50)
    assert chosen == letters.test_words(6, 100)[:50]
    assert all(len(word) == 6 and letters.held_out(word) for word in chosen)


def test_spelling_and_pronunciation_become_numbers_and_come_back() -> None:
    assert letters.spelled(["cat", "abbey"])[0].tolist() == [3, 1, 20, 0, 0]
    rows = letters.spoken(["knight", "extraction"])
    assert letters.said(rows[0]) == ["N", "AY", "T"]
    rate, whole = letters.errors([["N", "AY", "T"], ["F", "AO", "T"]], ["knight", "thought"])
    assert rate == pytest.approx(1 / 6)
    assert whole == 0.5


def test_verdict_turns_the_word_behind_not() -> None:
    good, bad, neutral = 0, faith.EACH, faith.NOT + 1
    texts = torch.tensor([[good, faith.NOT, good, neutral], [faith.NOT, bad, neutral, good]])
    assert faith.verdict(texts).tolist() == [0, 2]
    word, label = faith.draw(200, 20, torch.Generator().manual_seed(0))
    assert ((faith.verdict(word) > 0).float() == label).all()
    assert (faith.verdict(word) != 0).all()


def test_rank_correlation_by_hand() -> None:
    a = torch.tensor([[0.1, 0.2, 0.7], [3.0, 2.0, 1.0], [1.0, 2.0, 3.0]])
    b = torch.tensor([[1.0, 5.0, 9.0], [1.0, 2.0, 3.0], [2.0, 1.0, 3.0]])
    assert faith.rank_correlation(a, b).tolist() == pytest.approx([1, -1, 0.5])


def test_weights_over_bare_words_explain_more_than_chance_and_the_run_repeats() -> None:
    p = {"seeds": [0], "encoder": "none", "width": 8, "batch": 32, "length": 8, "steps": 60}
    p |= {"rate": 0.05, "test_count": 100, "orders": 5}
    first = faith.run(p, "cpu")["seeds"][0]
    assert first["rank_correlation"] > 0.3
    assert first["accuracy"] > 0.65
    assert faith.run(p, "cpu")["seeds"][0] == first
