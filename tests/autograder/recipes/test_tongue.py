"""A tongue is what it says it is: each sound by its letter and by one thing around it."""

from __future__ import annotations

import torch

from autograder.recipes.tongue import (
    CONTEXTS,
    END,
    LETTERS,
    LONGEST,
    MARKS,
    SHORTEST,
    SOUNDS,
    draw_tongue,
    draw_words,
)


def test_a_word_sounds_by_its_letters_and_what_is_around_them() -> None:
    rng = torch.Generator().manual_seed(0)
    tongue = draw_tongue(rng)
    letters, sounds = draw_words(tongue, 300, rng)
    for word, said in zip(letters.tolist(), sounds.tolist(), strict=True):
        context, before = 0, LETTERS
        for place, letter in enumerate(word[:-1]):
            if letter == LETTERS:
                assert said[place + 1] == -1
                continue
            contexts = (
                0,
                int(tongue.after[word[place + 1]]),
                int(tongue.before[before]),
                context,
            )
            assert said[place + 1] == tongue.sound[letter, contexts[tongue.kind[letter]]]
            context = int(tongue.mark[letter]) if tongue.mark[letter] >= 0 else context
            before = letter
        assert said[0] == -1


def test_words_are_as_long_as_they_should_be_and_end_once() -> None:
    rng = torch.Generator().manual_seed(1)
    letters, _ = draw_words(draw_tongue(rng), 400, rng)
    lengths = (letters != END).sum(dim=1)
    assert set(lengths.tolist()) == set(range(SHORTEST, LONGEST + 1))
    assert all((row[:n] != END).all() for row, n in zip(letters, lengths, strict=True))


def test_a_tongue_has_all_kinds_of_letters_and_tells_contexts_apart() -> None:
    tongue = draw_tongue(torch.Generator().manual_seed(2))
    assert tongue.kind.bincount().tolist() == [7, 7, 6, 6]
    assert int((tongue.mark >= 0).sum()) == MARKS
    assert all(len(set(row)) == CONTEXTS for row in tongue.sound.tolist())
    assert int(tongue.sound.max()) < SOUNDS


def test_two_tongues_have_little_in_common() -> None:
    first, second = (draw_tongue(torch.Generator().manual_seed(seed)) for seed in (3, 4))
    assert float((first.sound == second.sound).double().mean()) < 0.1
    assert not torch.equal(first.kind, second.kind)
