"""A character-level language model of Python's own standard library.

The corpus comes with Python, so nothing is downloaded. It differs a little from one Python
version to the next, and so do the losses.
"""

from __future__ import annotations

import sysconfig
from pathlib import Path

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from experiments.training.descent import Descent

SYMBOLS = 128  # ASCII; anything else becomes a question mark


def library_source(characters: int) -> Int[Tensor, " character"]:
    """Return the first ``characters`` of the standard library's modules, in alphabetical order."""
    text = ""
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        text += path.read_text(encoding="utf-8", errors="replace")
        if len(text) >= characters:
            return torch.tensor(list(text[:characters].encode("ascii", "replace")))
    raise ValueError(f"the standard library has {len(text)} characters, {characters} are wanted")


def windows(
    corpus: Int[Tensor, " character"], count: int, length: int, generator: torch.Generator
) -> Int[Tensor, "count length"]:
    """Cut ``count`` pieces of ``length`` characters out of the corpus, anywhere."""
    start = torch.randint(0, len(corpus) - length + 1, (count, 1), generator=generator)
    return corpus[start + torch.arange(length)]


class CharacterLM(nn.Module):
    """Predict the next character with PyTorch's LSTM layer."""

    def __init__(self, hidden: int = 128, embedding: int = 32) -> None:
        super().__init__()
        self.embedding = nn.Embedding(SYMBOLS, embedding)
        self.lstm = nn.LSTM(embedding, hidden, batch_first=True)
        self.output = nn.Linear(hidden, SYMBOLS)

    def states(self, characters: Int[Tensor, "batch time"]) -> Float[Tensor, "batch time hidden"]:
        """Return the hidden state after every character, starting from zero."""
        h: Tensor = self.lstm(self.embedding(characters))[0]
        return h


def train(
    model: CharacterLM, corpus: Int[Tensor, " character"], steps: int, seed: int = 0
) -> list[float]:
    """Train on windows of 200 characters, 16 at a time; return the loss of every step (nats)."""
    generator = torch.Generator().manual_seed(seed)
    descent = Descent(model, 0.01, steps)
    losses = []
    for _ in range(steps):
        batch = windows(corpus, 16, 201, generator)
        scores = model.output(model.states(batch[:, :-1]))
        loss = nn.functional.cross_entropy(scores.flatten(0, 1), batch[:, 1:].flatten())
        descent.step(loss)
        losses.append(loss.item())
    return losses


def loss_by_context(
    model: CharacterLM, pieces: Int[Tensor, "batch time"], contexts: list[int]
) -> list[float]:
    """Return the loss (nats) on the last character, given only so many of those before it."""
    losses = []
    with torch.no_grad():
        for context in contexts:
            h = model.states(pieces[:, -1 - context : -1])
            scores = model.output(h[:, -1])
            losses.append(nn.functional.cross_entropy(scores, pieces[:, -1]).item())
    return losses


def bracket_depth(pieces: Int[Tensor, "batch time"]) -> Int[Tensor, "batch time"]:
    """Return how many round brackets are open after each character, from the piece's start."""
    return ((pieces == ord("(")).long() - (pieces == ord(")")).long()).cumsum(1)


def column(pieces: Int[Tensor, "batch time"]) -> Int[Tensor, "batch time"]:
    """Return how many characters ago the line began, counted from the piece's start."""
    position = torch.arange(pieces.shape[1]).expand_as(pieces)
    start = torch.where(pieces == ord("\n"), position, 0).cummax(1).values
    return position - start
