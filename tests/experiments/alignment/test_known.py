"""The invented spelling says what its rule says, and what is asked of it is what was meant."""

from __future__ import annotations

import pytest
import torch

from experiments.alignment import known
from experiments.alignment.known import (
    DOUBLE,
    LETTERS,
    MARK,
    PLAIN,
    SILENT,
    Speller,
    behind_mark,
    draw,
    exchanged,
    pronounced,
    sound_by_sound,
)
from experiments.training.translate import END, FIRST

P, D, S, M = PLAIN[0], DOUBLE[0], SILENT[0], MARK[0]


def drawn(seed: int = 0, count: int = 50, length: int = 9) -> known.Spoken:
    return draw(count, length, torch.Generator().manual_seed(seed))


def test_a_plain_letter_says_another_sound_behind_a_mark() -> None:
    assert pronounced([P]) == [(FIRST, 0)]
    assert pronounced([M, P]) == [(FIRST + len(PLAIN), 1)]
    assert pronounced([M, S, P]) == [(FIRST, 2)]  # only directly behind it


def test_double_letters_say_two_sounds_and_silent_ones_none() -> None:
    (one, where), (two, also) = pronounced([S, D])
    assert where == also == 1
    assert two == one + 1
    assert pronounced([S, M, S]) == []


def test_all_kinds_together_are_the_alphabet_and_no_two_sounds_are_one() -> None:
    assert [*PLAIN, *DOUBLE, *SILENT, *MARK] == list(range(1, LETTERS + 1))
    alone = [sound for letter in (*PLAIN, *DOUBLE) for sound, _ in pronounced([letter])]
    marked = [sound for letter in PLAIN for sound, _ in pronounced([M, letter])]
    assert sorted(alone + marked) == list(range(FIRST, FIRST + known.SOUNDS))


def test_words_end_with_the_end_and_are_padded() -> None:
    word = drawn()
    for letters, sounds, speakers in zip(*(part.tolist() for part in word), strict=True):
        said = pronounced(letters)
        assert sounds[: len(said) + 1] == [*(sound for sound, _ in said), END]
        assert speakers[: len(said)] == [place for _, place in said]
        assert set(sounds[len(said) + 1 :]) <= {0}
        assert set(speakers[len(said) :]) == {-1}


def test_behind_a_mark_stands_what_a_mark_has_changed() -> None:
    word = drawn()
    for row, time in behind_mark(word).nonzero().tolist():
        place = word.speaker[row, time]
        assert word.letters[row, place - 1].item() in MARK
        assert word.letters[row, place].item() in PLAIN
    assert behind_mark(word).any()


def test_an_exchange_keeps_the_kind_but_silences_a_mark() -> None:
    word = drawn()
    other = exchanged(word, 3)
    for kind in (PLAIN, DOUBLE, SILENT):
        for before, after in zip(
            word.letters[:, 3].tolist(), other.letters[:, 3].tolist(), strict=True
        ):
            if before in kind:
                assert after in kind
                assert after != before
            if before in MARK:
                assert after in SILENT
    rest = [place for place in range(9) if place != 3]
    assert torch.equal(word.letters[:, rest], other.letters[:, rest])
    assert torch.equal(word.sounds, other.sounds)


@pytest.mark.parametrize("decoder", ["additive", "general"])
def test_the_gradient_of_a_sound_is_its_own(decoder: str) -> None:
    torch.manual_seed(0)
    model, word = Speller(decoder, 8).double(), drawn(count=3, length=5)
    likely, weights, gradient = sound_by_sound(model, word)
    assert likely.shape == word.sounds.shape
    assert weights.shape == gradient.shape == (*word.sounds.shape, 5)
    torch.testing.assert_close(weights.sum(2), torch.ones_like(weights[..., 0]))
    embedded = model.read(word.letters).detach()
    direct = embedded.clone().requires_grad_()
    scores, _ = model(direct, word.sounds)
    said = scores.log_softmax(-1)[1, 0, word.sounds[1, 0]]
    (wanted,) = torch.autograd.grad(said, direct)
    assert gradient[1, 0, 2].item() == pytest.approx(wanted[1, 2].norm().item())
    assert wanted[0].abs().max() == 0  # words of a batch do not mix


def test_a_speller_that_copies_the_rule_is_judged_right() -> None:

    class Oracle(torch.nn.Module):
        read = staticmethod(lambda letters: torch.nn.functional.one_hot(letters, 15).double())

        def __call__(self, embedded, sounds):  # type: ignore[no-untyped-def]
            letters = embedded.argmax(-1)
            scores = torch.full((*sounds.shape, FIRST + known.SOUNDS), -9.0).double()
            weights = torch.zeros(*sounds.shape, letters.shape[1]).double()
            for row, spelled in enumerate(letters.tolist()):
                for time, (sound, place) in enumerate([*pronounced(spelled), (END, 0)]):
                    if time < sounds.shape[1]:
                        scores[row, time, sound] = 9.0
                        weights[row, time, place] = 1.0
            return scores + 0 * embedded.sum((1, 2))[:, None, None], weights

    found = known.judge(Oracle(), 8, 40, torch.Generator().manual_seed(0))  # type: ignore[arg-type]
    assert found["right"] == found["weight_speaker"] == found["turned"] == 1
    assert found["weight_of_mark"] == 0
    assert found["weight_of_speaker"] == 1
    assert found["change_mark"] > 0.95


def test_a_run_says_so_for_every_seed() -> None:
    parameters = {"decoder": "additive", "seeds": [0, 1], "width": 8, "batch": 8, "longest": 5}
    parameters |= {"steps": 3, "rate": 0.01, "test_count": 10}
    outcome = known.run(parameters, "cpu")
    assert [row["seed"] for row in outcome["seeds"]] == [0, 1]
    assert outcome == known.run(parameters, "cpu")
    for row in outcome["seeds"]:
        assert all(0 <= row[name] <= 1 for name in row if name != "seed")
