"""Group words, counters and lines against their definitions."""

from __future__ import annotations

import pytest
import torch

from experiments.learned import automata


@pytest.mark.parametrize(("group", "order"), [("parity", 2), ("s3", 6), ("a5", 60)])
def test_letters_permute_the_elements_and_reach_them_all(group: str, order: int) -> None:
    table = automata.moves(group)
    assert table.shape == (order, 2)
    for letter in table.T:
        assert letter.sort().values.tolist() == list(range(order))
    reached, border = {0}, {0}
    while border:
        border = {int(e) for old in border for e in table[old]} - reached
        reached |= border
    assert len(reached) == order


def test_s3_does_not_commute_and_parity_does() -> None:
    for group, same in (("s3", False), ("parity", True)):
        table = automata.moves(group)
        assert (table[table[0, 0], 1] == table[table[0, 1], 0]).item() is same


def test_words_follow_the_table_and_parity_counts_ones() -> None:
    word = automata.words("parity", 20, 30, torch.Generator().manual_seed(0))
    assert torch.equal(word.state, word.letters.cumsum(1) % 2)
    word = automata.words("a5", 20, 30, torch.Generator().manual_seed(0))
    table = automata.moves("a5")
    assert torch.equal(table[word.state[:, :-1], word.letters[:, 1:]], word.state[:, 1:])
    with pytest.raises(ValueError, match="'s4'"):
        automata.moves("s4")


def test_counted_strings_by_hand() -> None:
    strings = automata.counted(torch.tensor([1, 2]))
    assert strings.x.tolist() == [[0, 1, 2, 2, 2], [0, 1, 1, 2, 2]]  # S a b, S a a b b
    ignored = automata.IGNORED
    assert strings.next.tolist() == [[0, 1, 2, ignored, ignored], [0, 0, 1, 1, 2]]
    assert strings.forced.tolist() == [[False, False, True, False, False], [False] * 3 + [True] * 2]


def test_accepted_asks_only_where_the_symbol_is_forced() -> None:
    strings = automata.counted(torch.tensor([2, 3]))
    perfect = torch.nn.functional.one_hot(strings.next.clamp(min=0), 3).float()
    assert automata.accepted(perfect, strings).all()
    excused = perfect.clone()
    excused[:, 0] = torch.tensor([0.0, 9.0, 0.0])  # b where another a may follow
    assert automata.accepted(excused, strings).all()
    early = perfect.clone()
    early[1, 5] = torch.tensor([0.0, 0.0, 9.0])  # the end, one b too soon
    assert automata.accepted(early, strings).tolist() == [True, False]


def test_longest_run_stops_at_the_first_mistake() -> None:
    assert automata.longest_run(torch.tensor([True, True, False, True])) == 2
    assert automata.longest_run(torch.tensor([False, True])) == 0


@pytest.mark.parametrize("dim", [1, 3])
def test_lines_tell_each_answer_one_step_later(dim: int) -> None:
    batch = automata.lines(4000, 6, dim, torch.Generator().manual_seed(0))
    x, told = batch.tokens[..., :dim], batch.tokens[..., dim]
    assert torch.equal(told[:, 1:], batch.target[:, :-1])
    assert (told[:, 0] == 0).all()
    w = torch.linalg.lstsq(x, batch.target.unsqueeze(-1)).solution
    assert torch.allclose((x @ w).squeeze(-1), batch.target, atol=1e-3)
    assert batch.target.square().mean().item() == pytest.approx(1, abs=0.15)
