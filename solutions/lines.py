"""Lines of English that are at hand wherever Python is: which way round do they read?

The text is the manual that Python's own ``help`` shows. A line that is read from its end has
exactly the same letters as before, so counting letters says nothing; their order says all.
"""

from __future__ import annotations

import random
import re
from pydoc_data.topics import topics
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

LETTERS = " abcdefghijklmnopqrstuvwxyz"
LONGEST = 32  # letters of a line


class Lines(NamedTuple):
    """Lines as a net reads them: one-hot letters, and behind a line's end letters at random."""

    x: Float[Tensor, "lines 32 27"]
    lengths: Int[Tensor, " lines"]
    labels: Int[Tensor, " lines"]  # 0 as written, 1 turned round


def words_of(share: int) -> str:
    """Return the words of every third paragraph of the manual, beginning with number ``share``.

    Some paragraphs stand on several pages; each counts once, so that the shares have next to no
    line in common.
    """
    pages = "\n\n".join(topics[name] for name in sorted(topics)).lower()
    words = dict.fromkeys(" ".join(re.findall("[a-z]+", part)) for part in pages.split("\n\n"))
    return " ".join([part for part in words if len(part) > LONGEST][share::3])


def some_lines(text: str, count: int, seed: int) -> list[tuple[str, int]]:
    """Cut ``count`` lines of 12 to 32 letters from a text; turn about half of them round."""
    rng, lines = random.Random(seed), []
    for _ in range(count):
        length = rng.randint(12, LONGEST)
        start = rng.randrange(len(text) - length)
        line, turned = text[start : start + length], rng.randrange(2)
        lines.append((line[::-1] if turned else line, turned))
    return lines


def as_lines(lines: list[tuple[str, int]], seed: int) -> Lines:
    """Return lines and their labels as tensors; fill up every line with letters drawn at random."""
    rng = random.Random(seed)
    full = [line + "".join(rng.choices(LETTERS, k=LONGEST - len(line))) for line, _ in lines]
    places = torch.tensor([[LETTERS.index(letter) for letter in line] for line in full])
    x = torch.nn.functional.one_hot(places, len(LETTERS)).float()
    lengths = torch.tensor([len(line) for line, _ in lines])
    return Lines(x, lengths, torch.tensor([label for _, label in lines]))
