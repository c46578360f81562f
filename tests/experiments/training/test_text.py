"""The character corpus and its small model."""

from __future__ import annotations

import pytest
import torch

from experiments.training import text


def codes(words: str) -> torch.Tensor:
    return torch.tensor([list(words.encode())])


def test_the_corpus_is_python_source_in_ascii() -> None:
    corpus = text.library_source(20_000)
    assert corpus.shape == (20_000,)
    assert corpus.max() < text.SYMBOLS
    assert b"import " in bytes(corpus.tolist())
    assert torch.equal(corpus[:100], text.library_source(100))
    with pytest.raises(ValueError, match="are wanted"):
        text.library_source(10**9)


def test_windows_are_pieces_of_the_corpus() -> None:
    corpus = torch.arange(50)
    pieces = text.windows(corpus, 200, 10, torch.Generator().manual_seed(0))
    assert pieces.shape == (200, 10)
    assert bool((pieces.diff(dim=1) == 1).all())
    assert pieces.min() == 0
    assert pieces.max() == 49


def test_depth_and_column_by_hand() -> None:
    assert text.bracket_depth(codes("a(b(c)d)")).tolist() == [[0, 1, 1, 2, 2, 1, 1, 0]]
    assert text.column(codes("ab\ncd\n")).tolist() == [[0, 1, 0, 1, 2, 0]]


def test_training_learns_and_context_helps() -> None:
    torch.manual_seed(0)
    corpus = codes("abac" * 1000)[0]  # after "a", only the character before it tells b from c
    model = text.CharacterLM(hidden=48, embedding=8)
    losses = text.train(model, corpus, steps=60)
    assert len(losses) == 60
    assert losses[-1] < losses[0] - 1
    pieces = corpus[2 * torch.arange(200).unsqueeze(1) + 1 + torch.arange(9)]
    one, two = text.loss_by_context(model, pieces, [1, 2])
    assert two < one - 0.3


def test_the_context_is_really_cut() -> None:
    torch.manual_seed(0)
    model = text.CharacterLM(hidden=16, embedding=8)
    pieces = torch.randint(0, 128, (10, 20))
    changed = pieces.clone()
    changed[:, :-4] = 0
    assert text.loss_by_context(model, pieces, [3]) == text.loss_by_context(model, changed, [3])
    assert text.loss_by_context(model, pieces, [4]) != text.loss_by_context(model, changed, [4])
