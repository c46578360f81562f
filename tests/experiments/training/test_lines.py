"""Lines of five languages: where they come from, and that no line stands on both sides."""

from __future__ import annotations

import pytest
import torch

from experiments.training.lines import (
    LANGUAGES,
    LONGEST,
    SHORTEST,
    Lines,
    encoded,
    line_sets,
    lines_of,
)


def written(lines: Lines) -> list[str]:
    return [bytes(row[row > 0].tolist()).decode() for row in lines.symbols]


def test_lines_are_as_long_as_they_say_and_padded_at_the_end() -> None:
    training, held_out = line_sets(40, 20)
    assert training.symbols.shape == (200, LONGEST)
    for lines in (training, held_out):
        assert int(lines.lengths.min()) >= SHORTEST
        assert [len(line) for line in written(lines)] == lines.lengths.tolist()
        inside = torch.arange(LONGEST) < lines.lengths.unsqueeze(1)
        assert torch.equal(lines.symbols > 0, inside)
        assert lines.language.bincount().tolist() == [len(lines.language) // 5] * 5


def test_no_line_stands_on_both_sides_or_in_two_languages() -> None:
    sides = [written(lines) for lines in line_sets(1200, 200)]
    every = sides[0] + sides[1]
    assert len(set(every)) == len(every) == 7000


def test_lines_look_like_what_they_are_said_to_be() -> None:
    training, _ = line_sets(300, 20)
    lines = list(zip(training.language.tolist(), written(training), strict=True))

    def share(language: str, mark: str) -> float:
        own = [line for place, line in lines if LANGUAGES[place] == language]
        return sum(mark in line for line in own) / len(own)

    assert share("C", ";") > 0.2 > share("Python", ";")
    assert share("C++", "::") > 0.1 > share("C", "::")
    assert share("CMake", "CMAKE") > 0.05 > share("English", "CMAKE")
    assert share("Python", "self") > 0.1 > share("CMake", "self")
    assert share("English", " the ") > 0.2


def test_the_same_seed_draws_the_same_lines_and_a_part_is_no_longer_than_it_must_be() -> None:
    one, two, other = (line_sets(30, 10, seed)[0] for seed in (0, 0, 1))
    assert torch.equal(one.symbols, two.symbols)
    assert not torch.equal(one.symbols, other.symbols)
    part = one.take(torch.tensor([3, 5]))
    assert part.symbols.shape == (2, int(part.lengths.max()))


def test_a_line_loses_its_edges_and_strange_letters_and_must_fit() -> None:
    text = f"  one café, two cafés, three  \nshort\n{'x' * (LONGEST + 1)}\n{'y' * LONGEST}\n"
    lines = list(lines_of(text))
    assert lines == ["one caf?, two caf?s, three", "y" * LONGEST]
    assert written(encoded([(3, line) for line in lines])) == lines


def test_more_lines_than_there_are_is_an_error_that_names_the_language() -> None:
    with pytest.raises(ValueError, match=r"C: the files at hand have .* 1000000 are wanted"):
        line_sets(1_000_000, 1)
