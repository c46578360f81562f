"""Four small tasks that ask different things of a layer, and how well each is done.

adding: keep a value. recall: look up by key. tracking: follow a state. text: foretell characters.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from experiments.learned.automata import moves, words
from experiments.memory.recall import draw
from experiments.sheet.layers import OUTER
from experiments.tasks.dense import adding
from experiments.training import language, text

Batch = tuple[tuple[Tensor, ...], Tensor]  # what is read, and the answers wanted at the end
TEST_SEED = 10**6  # every model is tested on the same data


class Task(ABC):
    """One task: how to draw it, how to read and to answer, and what counts."""

    outputs: int
    length: int  # of the sequences that are trained on
    tested: int  # of those that are tested on

    @abstractmethod
    def reader(self) -> nn.Module:
        """Return a new net from tokens to vectors of width ``OUTER``."""

    @abstractmethod
    def draw(self, batch: int, length: int, generator: torch.Generator) -> Batch:
        """Draw new sequences of a length."""

    def test(self, count: int) -> Batch:
        """Return the sequences that every model is tested on."""
        return self.draw(count, self.tested, torch.Generator().manual_seed(TEST_SEED))

    def loss(self, scores: Tensor, answers: Tensor) -> Tensor:
        """Return the cross-entropy of (batch, step, symbol) scores."""
        return F.cross_entropy(scores.flatten(0, 1), answers.flatten())

    def quality(self, scores: Tensor, answers: Tensor) -> float:
        """Return the share of right answers."""
        return (scores.argmax(-1) == answers).float().mean().item()


class Adding(Task):
    """The sum of two marked numbers; quality is the share of its variance that is explained."""

    outputs = 1

    def __init__(self, length: int) -> None:
        self.length = self.tested = length

    def reader(self) -> nn.Module:
        """Return a linear map."""
        return nn.Linear(2, OUTER)

    def draw(self, batch: int, length: int, generator: torch.Generator) -> Batch:
        """Draw numbers and marks, and the one answer at the end."""
        drawn = adding(batch, length, generator)
        return (drawn.x,), drawn.target.view(-1, 1, 1)

    def loss(self, scores: Tensor, answers: Tensor) -> Tensor:
        """Return the mean squared error."""
        return F.mse_loss(scores, answers)

    def quality(self, scores: Tensor, answers: Tensor) -> float:
        """Return 1 - error / variance; the best constant has 0."""
        return 1 - (F.mse_loss(scores, answers) / answers.var()).item()


class PairReader(nn.Module):
    """A token is a key with a value, or with the sign that asks for it."""

    def __init__(self, keys: int, values: int) -> None:
        super().__init__()
        self.key, self.value = nn.Embedding(keys, OUTER), nn.Embedding(values + 1, OUTER)

    def forward(
        self, keys: Int[Tensor, "batch time"], values: Int[Tensor, "batch time"]
    ) -> Float[Tensor, "batch time outer"]:
        """Return the sum of both embeddings."""
        y: Tensor = self.key(keys) + self.value(values)
        return y


class Recall(Task):
    """Pairs of key and value, then every key again in another order: which value was it?"""

    keys = 64

    def __init__(self, pairs: int, values: int) -> None:
        self.pairs, self.outputs = pairs, values
        self.length = self.tested = 2 * pairs

    def reader(self) -> nn.Module:
        """Return two embeddings that are summed."""
        return PairReader(self.keys, self.outputs)

    def draw(self, batch: int, length: int, generator: torch.Generator) -> Batch:
        """Draw lists of pairs and all their questions."""
        lists = draw(batch, length // 2, length // 2, self.keys, self.outputs, generator)
        return (lists.keys, lists.values), lists.answers


class Tracking(Task):
    """Which permutation of 3 things do the letters so far make? Tested on longer words.

    Quality is the share right at the steps after ``length``.
    """

    def __init__(self, length: int, tested: int) -> None:
        self.length, self.tested = length, tested
        self.outputs, self.letters = moves("s3").shape

    def reader(self) -> nn.Module:
        """Return an embedding."""
        return nn.Embedding(self.letters, OUTER)

    def draw(self, batch: int, length: int, generator: torch.Generator) -> Batch:
        """Draw words and the state after every letter."""
        drawn = words("s3", batch, length, generator)
        return (drawn.letters,), drawn.state

    def quality(self, scores: Tensor, answers: Tensor) -> float:
        """Return the share of right states past the trained length."""
        return super().quality(scores[:, self.length :], answers[:, self.length :])


class Text(Task):
    """The next character of Python's standard library, held-out modules at the test.

    Quality is the loss in nats per character from the 33rd predicted character on.
    """

    outputs = text.SYMBOLS
    warm_up = 32  # characters whose loss does not count

    def __init__(self, length: int, characters: int) -> None:
        self.length = self.tested = length
        self.training, self.held_out = language.split(characters)

    def reader(self) -> nn.Module:
        """Return an embedding."""
        return nn.Embedding(text.SYMBOLS, OUTER)

    def draw(self, batch: int, length: int, generator: torch.Generator) -> Batch:
        """Cut windows out of the training part."""
        return _foretell(text.windows(self.training, batch, length + 1, generator))

    def test(self, count: int) -> Batch:
        """Cut windows out of the held-out part."""
        return _foretell(language.cut(self.held_out, count, self.tested + 1))

    def quality(self, scores: Tensor, answers: Tensor) -> float:
        """Return the loss where enough has been read."""
        return self.loss(scores[:, self.warm_up :], answers[:, self.warm_up :]).item()


def _foretell(pieces: Tensor) -> Batch:
    return (pieces[:, :-1],), pieces[:, 1:]


def task(name: str, settings: dict[str, Any]) -> Task:
    """Return a task by name with its settings."""
    kinds: dict[str, type[Task]] = {
        "adding": Adding,
        "recall": Recall,
        "tracking": Tracking,
        "text": Text,
    }
    return kinds[name](**settings)
