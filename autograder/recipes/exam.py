"""The exam: words that a trained layer has never met, read one letter at a time."""

from __future__ import annotations

from math import nan
from statistics import mean, stdev
from typing import Any, NamedTuple

import torch
from jaxtyping import Int
from torch import Tensor

from autograder.recipes.tongue import SILENCE, Tongue, draw_words, read_aloud
from autograder.recipes.training import Trained


def unknown_words(
    tongue: Tongue, count: int, known: set[tuple[int, ...]], rng: torch.Generator
) -> Int[Tensor, "count time"]:
    """Draw different words that are not among those known."""
    found: dict[tuple[int, ...], None] = {}
    while len(found) < count:
        drawn = map(tuple, draw_words(tongue, count, rng)[0].tolist())
        found |= dict.fromkeys(word for word in drawn if word not in known)
    return torch.tensor(list(found)[:count])


@torch.no_grad()
def streamed(layer: Any, trained: Trained, letters: Int[Tensor, "count time"]) -> Tensor:
    """Return the outputs of a layer that hears each letter after it has answered the last one."""
    state, outputs = layer.initial_state(len(letters)), []
    for letter in letters.unbind(dim=1):
        output, state = layer.step(trained.looks[letter], state)
        outputs.append(output)
    return torch.stack(outputs, dim=1)


@torch.no_grad()
def share_right(trained: Trained, letters: Int[Tensor, "count time"], outputs: Tensor) -> float:
    """Return which share of the sounds is right."""
    wanted = read_aloud(trained.tongue, letters)
    asked = wanted != SILENCE
    right = trained.readout(outputs).argmax(dim=-1) == wanted
    return float(right[asked].double().mean())


class Score(NamedTuple):
    """The mean over tongues, and its standard error (not a number for a single tongue)."""

    mean: float
    error: float


def score(shares: list[float]) -> Score:
    """Return the score of a layer that was trained on several tongues."""
    error = stdev(shares) / len(shares) ** 0.5 if len(shares) > 1 else nan
    return Score(mean(shares), error)
