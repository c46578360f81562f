"""Single lines of five languages, from files of packages that the course needs anyway.

Nothing is downloaded. Training lines and held-out lines come from different files, and no line
stands on both sides or in two languages: licences and include guards are the same in many files.
The files differ a little from one version of a package to the next, and so do the results.
"""

from __future__ import annotations

import random
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path
from pydoc_data.topics import topics
from typing import NamedTuple

import numba
import numpy
import torch
from jaxtyping import Int
from torch import Tensor

LANGUAGES = ("C", "C++", "CMake", "English", "Python")
SYMBOLS = 128  # ASCII; 0 is padding, anything else becomes a question mark
SHORTEST, LONGEST = 20, 80  # characters of a line, without the spaces around it
EVERY = 4  # one file in so many is held out


class Lines(NamedTuple):
    """Lines of text, padded with zeros at the end, and what they are written in."""

    symbols: Int[Tensor, "line time"]
    lengths: Int[Tensor, " line"]
    language: Int[Tensor, " line"]  # a place in LANGUAGES

    def take(self, rows: Tensor) -> Lines:
        """Return some of the lines, with no more padding than they need."""
        lengths = self.lengths[rows]
        return Lines(self.symbols[rows][..., : int(lengths.max())], lengths, self.language[rows])


def texts(language: str) -> list[str]:
    """Return the texts of a language, one for each file, in the order of the files' paths."""
    if language == "English":
        return [topics[key] for key in sorted(topics)]
    where, patterns = {
        "C": ((folder(numpy), folder(numba)), ("*.c", "*.h")),
        "C++": ((folder(torch) / "include" / "c10",), ("*.h",)),
        "CMake": ((folder(torch) / "share" / "cmake",), ("*.cmake",)),
        "Python": ((Path(sysconfig.get_path("stdlib")),), ("[a-z]*.py",)),
    }[language]
    # Modules of the standard library alone, not the packages that are installed below it.
    look = Path.glob if language == "Python" else Path.rglob
    files = [file for start in where for p in patterns for file in look(start, p)]
    return [file.read_text(encoding="utf-8", errors="replace") for file in sorted(files)]


def folder(package: object) -> Path:
    return Path(str(package.__file__)).parent  # type: ignore[attr-defined]


def lines_of(text: str) -> Iterator[str]:
    """Yield the lines of a text that are neither too short nor too long."""
    for line in map(str.strip, text.splitlines()):
        if SHORTEST <= len(line) <= LONGEST:
            yield line.encode("ascii", "replace").decode()


def encoded(drawn: Iterable[tuple[int, str]]) -> Lines:
    """Return (language, line) pairs as tensors."""
    language, lines = zip(*drawn, strict=True)
    symbols = torch.zeros(len(lines), LONGEST, dtype=torch.long)
    for row, line in zip(symbols, lines, strict=True):
        row[: len(line)] = torch.tensor(list(line.encode()))
    return Lines(symbols, (symbols > 0).sum(1), torch.tensor(language))


def line_sets(training: int, held_out: int, seed: int = 0) -> tuple[Lines, Lines]:
    """Return training lines and held-out lines, so many of each language, in any order.

    Raises ValueError where the files at hand do not have so many.
    """
    found: list[tuple[set[str], set[str]]] = []
    for language in LANGUAGES:
        parts: tuple[set[str], set[str]] = set(), set()
        for number, text in enumerate(texts(language)):
            parts[number % EVERY == EVERY - 1].update(lines_of(text))
        found.append(parts)
    draws = random.Random(seed)
    sets: tuple[list[tuple[int, str]], list[tuple[int, str]]] = [], []
    for place, parts in enumerate(found):
        others = set[str]().union(*(part for own in found if own is not parts for part in own))
        for side, count in ((0, training), (1, held_out)):
            clear = sorted(parts[side] - parts[1 - side] - others)
            if len(clear) < count:
                raise ValueError(
                    f"{LANGUAGES[place]}: the files at hand have {len(clear)} different lines on "
                    f"one side, {count} are wanted"
                )
            sets[side].extend((place, line) for line in draws.sample(clear, count))
    for drawn in sets:
        draws.shuffle(drawn)
    return encoded(sets[0]), encoded(sets[1])
