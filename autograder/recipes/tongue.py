"""Letters to sound, in a language that nobody speaks: drawn anew whenever somebody asks.

A word is a row of letters, and each letter has a sound, which may depend on the letter before it,
on the one after it, or on the last *mark* heard in the word. Which letter is which, and what all
of them sound like, is drawn; so what is known of one tongue says nothing about the next one. A
real language would not do: with its letters recoded it is a cipher of the simplest kind, and there
are dictionaries.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Int
from torch import Tensor

LETTERS = 26
SOUNDS = 40
CONTEXTS = 3
END = LETTERS  # what is read after the last letter
SILENCE = -1  # there is no sound to tell
SHORTEST = 4  # letters of a word
LONGEST = 12
MARKS = 9  # letters that change how later ones sound


class Tongue(NamedTuple):
    """A language: how words are spelled, and how they are read aloud."""

    follows: Tensor  # (27, 26): how likely a letter follows another; the last row begins a word
    kind: Tensor  # (26,): a letter listens to nothing, the next letter, the one before, or marks
    after: Tensor  # (27,): the context that the next letter makes, 0 to 2
    before: Tensor  # (27,): the context that the letter before makes
    mark: Tensor  # (26,): the context that lasts from this letter on, and -1 for no mark
    sound: Tensor  # (26, 3): the sound of a letter in each context


def draw_tongue(rng: torch.Generator) -> Tongue:
    """Draw a language."""
    context = torch.randint(CONTEXTS, (2, LETTERS + 1), generator=rng)
    mark = torch.full((LETTERS,), -1)
    mark[torch.randperm(LETTERS, generator=rng)[:MARKS]] = torch.arange(MARKS) % CONTEXTS
    return Tongue(
        follows=(1.5 * torch.randn(LETTERS + 1, LETTERS, generator=rng)).softmax(dim=1),
        kind=torch.randperm(LETTERS, generator=rng) % 4,
        after=context[0],
        before=context[1],
        mark=mark,
        sound=torch.rand(LETTERS, SOUNDS, generator=rng).argsort(dim=1)[:, :CONTEXTS],
    )


def draw_words(
    tongue: Tongue, count: int, rng: torch.Generator
) -> tuple[Int[Tensor, "count time"], Int[Tensor, "count time"]]:
    """Draw words; return what is read and what is to be said, step by step.

    A layer says the sound of a letter one step late, when it has read the next one. So step 0 has
    nothing to say (``SILENCE``), and after the last letter ``END`` is read.
    """
    length = torch.randint(SHORTEST, LONGEST + 1, (count,), generator=rng)
    letters = torch.full((count, LONGEST + 1), END)
    last = letters[:, 0]
    for place in range(LONGEST):
        drawn = torch.multinomial(tongue.follows[last], 1, generator=rng).squeeze(1)
        last = letters[:, place] = torch.where(place < length, drawn, END)
    return letters, read_aloud(tongue, letters)


def read_aloud(tongue: Tongue, letters: Int[Tensor, "count time"]) -> Int[Tensor, "count time"]:
    """Return what is to be said at each step: the sound of the letter before it."""
    sounds = torch.full_like(letters, SILENCE)
    before = torch.full_like(letters[:, 0], END)
    lasting = torch.zeros_like(before)  # context 0 until the first mark
    for place in range(letters.shape[1] - 1):
        letter, following = letters[:, place], letters[:, place + 1]
        known = letter.clamp(max=LETTERS - 1)
        contexts = (
            torch.zeros_like(before),
            tongue.after[following],
            tongue.before[before],
            lasting,
        )
        context = torch.stack(contexts).gather(0, tongue.kind[known].unsqueeze(0)).squeeze(0)
        sounds[:, place + 1] = torch.where(letter == END, SILENCE, tongue.sound[known, context])
        lasting = torch.where(tongue.mark[known] >= 0, tongue.mark[known], lasting)
        before = letter
    return sounds
