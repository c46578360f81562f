"""The tasks as tensors: right shapes, right targets, and the statistics of the sources."""

from __future__ import annotations

import pytest
import torch

from experiments.tasks import dense


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_latch_shows_the_bit_once_and_noise_afterwards() -> None:
    batch = dense.latch(batch=400, lag=30, generator=generator())
    assert batch.x.shape == (400, 31, 2)
    assert torch.equal(batch.x[:, 0, 0], batch.target)
    assert set(batch.target.tolist()) == {-1.0, 1.0}
    assert batch.x[:, 1:, 0].abs().max() == 0
    assert batch.x[:, 0, 1].abs().max() == 0
    assert batch.x[:, 1:, 1].var().item() == pytest.approx(0.2, rel=0.05)


def test_adding_marks_one_number_in_each_half_and_sums_them() -> None:
    batch = dense.adding(batch=500, time=20, generator=generator())
    value, mark = batch.x.unbind(-1)
    assert torch.equal(mark[:, :10].sum(1), torch.ones(500))
    assert torch.equal(mark[:, 10:].sum(1), torch.ones(500))
    assert torch.allclose((value * mark).sum(1), batch.target)
    assert value.min() >= 0
    assert value.max() <= 1


def test_the_constant_answer_to_adding_errs_by_one_sixth() -> None:
    target = dense.adding(batch=100_000, time=4, generator=generator()).target
    assert ((target - 1) ** 2).mean().item() == pytest.approx(1 / 6, rel=0.02)


def test_two_classes_keeps_the_paper_s_protocol() -> None:
    batch = dense.two_classes(count=300, minimal=100, informative=3, seed=0)
    assert batch.length.min() >= 100
    assert batch.length.max() <= 110
    assert torch.equal(batch.x[:, :3, 0], (2 * batch.target - 1).unsqueeze(1).expand(-1, 3))
    noise = torch.cat([x[3:n, 0] for x, n in zip(batch.x, batch.length.tolist(), strict=True)])
    assert noise.var().item() == pytest.approx(0.2, rel=0.05)
    for x, n in zip(batch.x, batch.length.tolist(), strict=True):
        assert x[n:].abs().sum() == 0
        assert x[n - 1].abs().sum() > 0


def test_the_same_seed_gives_the_same_sequences() -> None:
    first, again, other = (dense.two_classes(8, 30, 3, seed=s) for s in (1, 1, 2))
    assert torch.equal(first.x, again.x)
    assert not torch.equal(first.target, other.target) or first.x.shape != other.x.shape


@pytest.fixture(scope="module")
def reber() -> tuple[dense.Strings, dense.Strings]:
    return dense.reber_sets(256, seed=0)


def spelled(strings: dense.Strings) -> list[str]:
    """Spell the strings out, the final E included."""
    letters = "BTPSXVE"
    words = []
    for x, inside in zip(strings.x, strings.inside, strict=True):
        words.append("".join(letters[i] for i in x[inside].argmax(-1).tolist()) + "E")
    return words


def test_reber_strings_repeat_their_second_symbol_before_the_end(
    reber: tuple[dense.Strings, dense.Strings],
) -> None:
    for word in spelled(reber[0]):
        assert len(word) >= 9
        assert word[0] == "B"
        assert word[1] in "TP"
        assert word[-2] == word[1]
        assert word[-3:-2] == "E"


def test_every_symbol_that_comes_is_legal_and_the_hard_one_is_forced(
    reber: tuple[dense.Strings, dense.Strings],
) -> None:
    for strings in reber:
        chosen = strings.legal.gather(-1, strings.next.unsqueeze(-1)).squeeze(-1)
        assert bool(chosen[strings.inside].all())
        last_but_one = strings.inside.sum(1) - 2
        rows = torch.arange(len(last_but_one))
        assert bool((strings.legal[rows, last_but_one].sum(-1) == 1).all())
        assert int(strings.legal.sum(-1).max()) == 2
        assert bool((strings.next[rows, last_but_one + 1] == 6).all())


def test_no_test_string_was_seen_in_training(reber: tuple[dense.Strings, dense.Strings]) -> None:
    learn, test = (set(spelled(strings)) for strings in reber)
    assert not learn & test


def test_all_right_wants_every_legal_symbol_on_top_at_every_step(
    reber: tuple[dense.Strings, dense.Strings],
) -> None:
    learn = reber[0]
    perfect = learn.legal.float()
    assert bool(dense.all_right(perfect, learn).all())
    assert bool(dense.all_right(perfect.expand(3, *perfect.shape), learn).all())
    one_slip = perfect.clone()
    one_slip[5, 3] = 1 - one_slip[5, 3]
    assert dense.all_right(one_slip, learn).tolist() == [i != 5 for i in range(256)]
    tie = perfect.clone()
    tie[7, 0] = 0.0
    assert not bool(dense.all_right(tie, learn)[7])
    behind = perfect.clone()
    behind[~learn.inside] = torch.randn(int((~learn.inside).sum()), 7)
    assert bool(dense.all_right(behind, learn).all())
