"""Lines of English, turned round or not: real, repeatable, and no matter of counting letters."""

from __future__ import annotations

import torch

from solutions.lines import LETTERS, LONGEST, as_lines, some_lines, words_of


def text_of(x: torch.Tensor) -> str:
    return "".join(LETTERS[place] for place in x.argmax(-1).tolist())


def test_the_shares_of_the_manual_are_long_and_different() -> None:
    shares = [words_of(share) for share in range(3)]
    assert all(len(text) > 50_000 and set(text) == set(LETTERS) for text in shares)
    # Paragraphs that differ may still have a sentence in common.
    starts = range(0, len(shares[0]) - LONGEST, 50)
    common = sum(shares[0][i : i + LONGEST] in shares[1] for i in starts)
    assert common < 0.03 * len(starts)


def test_lines_are_cut_from_the_text_one_way_or_the_other() -> None:
    text = words_of(0)
    lines = some_lines(text, 200, seed=4)
    for line, turned in lines:
        assert 12 <= len(line) <= LONGEST
        assert (line[::-1] if turned else line) in text
    assert 60 < sum(turned for _, turned in lines) < 140
    assert some_lines(text, 200, seed=4) == lines != some_lines(text, 200, seed=5)


def test_tensors_hold_the_line_and_then_letters_at_random() -> None:
    lines = some_lines(words_of(1), 30, seed=6)
    x, lengths, labels = as_lines(lines, seed=7)
    other = as_lines(lines, seed=8).x
    assert x.shape == (30, LONGEST, len(LETTERS))
    assert bool((x.sum(-1) == 1).all())
    for row, again, n, (line, turned), label in zip(x, other, lengths, lines, labels, strict=True):
        assert text_of(row[:n]) == line
        assert (int(label), torch.equal(row[:n], again[:n])) == (turned, True)
    assert not torch.equal(x, other)
    assert torch.equal(x, as_lines(lines, seed=7).x)
