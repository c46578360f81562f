"""A model to write with, lent to the student's side, and what it says as our own function."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from autograder.checks import Remote, Student
from autograder.hidden.shared.tools import DOUBLE, normal

START, END = 0, 1
NAME = "Babble"
SOURCE = '''
import collections
import torch

BabblePast = collections.namedtuple("BabblePast", ["h", "age"])


class Babble(torch.nn.Module):
    """Lent by the judge: a model to write with. Every beginning makes it like something else."""

    def __init__(self, symbols, width):
        super().__init__()
        self.hear = torch.nn.Parameter(torch.zeros(symbols, width))
        self.mix = torch.nn.Parameter(torch.zeros(width, width))
        self.say = torch.nn.Parameter(torch.zeros(symbols, width))
        self.tired = torch.nn.Parameter(torch.zeros(symbols))
        self.heard = []

    def begin(self, h, age):
        return BabblePast(h, age)

    def forward(self, symbols, past):
        self.heard.append(symbols.tolist())
        h = torch.tanh(self.hear[symbols] + past.h[:, 0] @ self.mix.T)
        logits = h @ self.say.T + past.age * self.tired + 3 * past.age + 7
        return logits, BabblePast(h.unsqueeze(1), past.age + 1)
'''


class Past(NamedTuple):
    """A state: (batch, 1, width), and how many symbols were said, (batch, 1)."""

    h: Tensor
    age: Tensor

    def rows(self, places: list[int]) -> Past:
        return Past(*(part[places] for part in self))


class Babble(NamedTuple):
    """The model's numbers; `lasting` of them never say END, others say it sooner or later."""

    hear: Tensor
    mix: Tensor
    say: Tensor
    tired: Tensor

    def __call__(self, symbols: Tensor, past: Past) -> tuple[Tensor, Past]:
        h = torch.tanh(self.hear[symbols] + past.h[:, 0] @ self.mix.T)
        logits = h @ self.say.T + past.age * self.tired + 3 * past.age + 7
        return logits, Past(h.unsqueeze(1), past.age + 1)

    def log_p(self, past: Past, symbols: list[int]) -> list[Tensor]:
        """The logits of every step of one sequence, from a state of one row."""
        found, last = [], START
        for symbol in symbols:
            logits, past = self(torch.tensor([last]), past)
            found.append(logits[0])
            last = symbol
        return found

    def lend(self, student: Student, past: Past, dtype: torch.dtype = DOUBLE) -> tuple[Remote, Any]:
        """The student's copy, and its state; only while `SOURCE` is lent."""
        model = student.Babble(len(self.hear), len(self.mix)).double()
        model.load_state_dict(self._asdict())
        return model.to(dtype), model.begin(*(part.to(dtype) for part in past))


def drawn(rng: torch.Generator, symbols: int = 5, width: int = 6, *, ends: bool = True) -> Babble:
    """A model with strong likes; one that `ends` wants to more and more, the others never do."""
    tired = torch.zeros(symbols, dtype=DOUBLE)
    tired[END] = 1.2 if ends else 0.0
    say = 2.5 * normal(rng, symbols, width)
    hear, mix = 1.5 * normal(rng, symbols, width), 0.8 * normal(rng, width, width)
    if not ends:
        tired[END] = -40.0
    return Babble(hear, mix, say, tired)


def new(rng: torch.Generator, ages: tuple[int, ...] = (0,), width: int = 6) -> Past:
    """States of so many rows, as old as this. Nobody has an age of 0 who should never end."""
    age = torch.tensor(ages, dtype=DOUBLE).unsqueeze(1)
    return Past(normal(rng, len(ages), 1, width), age)
