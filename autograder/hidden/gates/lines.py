"""The judge's own lines of English, in an alphabet of its own.

They come from paragraphs of Python's manual that the notebook leaves alone. Letters are exchanged
by a permutation, and so may be the two labels: nothing helps but learning from what is given.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

LETTERS = " abcdefghijklmnopqrstuvwxyz"
SHORTEST, LONGEST = 12, 32  # letters of a line


class Lines(NamedTuple):
    """One-hot letters (lines, time, letters), lengths, and which way round each line reads."""

    x: Tensor
    lengths: Tensor
    labels: Tensor


@cache
def places_of_letters() -> Tensor:
    """The text as places in the alphabet."""
    from pydoc_data.topics import topics

    pages = "\n\n".join(topics[name] for name in sorted(topics)).lower().split("\n\n")
    paragraphs = [re.sub("[^a-z]+", " ", paragraph).strip() for paragraph in pages]
    unlike = list(dict.fromkeys(each for each in paragraphs if len(each) > LONGEST))
    return torch.tensor([LETTERS.index(letter) for letter in " ".join(unlike[2::3])])


class Source:
    """Where lines for learning and lines for testing come from, alike in alphabet and labels."""

    def __init__(self, rng: torch.Generator) -> None:
        self.rng = rng
        alphabet = torch.randperm(len(LETTERS), generator=rng)
        self.exchanged = self.whole(2, 1)
        text = alphabet[places_of_letters()]
        self.texts = text.tensor_split([2 * len(text) // 3])

    def whole(self, below: int, count: int) -> Tensor:
        return torch.randint(below, (count,), generator=self.rng)

    def lines(self, text: Tensor, count: int) -> Lines:
        """Lines cut out of a text, about half of them turned round, filled up with any letters."""
        lengths = SHORTEST + self.whole(LONGEST - SHORTEST + 1, count)
        first = self.whole(len(text) - LONGEST, count).unsqueeze(1)
        turned, t = self.whole(2, count), torch.arange(LONGEST)
        last = first + lengths.unsqueeze(1) - 1
        letters = text[torch.where(turned.unsqueeze(1) == 1, last - t, first + t).clamp(min=0)]
        noise = self.whole(len(LETTERS), count * LONGEST).view(count, LONGEST)
        letters = torch.where(t < lengths.unsqueeze(1), letters, noise)
        x = torch.nn.functional.one_hot(letters, len(LETTERS)).float()
        return Lines(x, lengths, turned ^ self.exchanged)

    def learning(self, count: int) -> Lines:
        return self.lines(self.texts[0], count)

    def testing(self, count: int) -> Lines:
        return self.lines(self.texts[1], count)
