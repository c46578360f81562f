"""Write a random sequence backwards: what one vector can carry, against looking back.

Training shows sequences up to a stated length; tests go beyond it. Asks what Bahdanau et al.
2015 ask of translation in their figure 2, on a task with nothing else in it.
"""

from __future__ import annotations

from typing import Any

import torch

from experiments.harness.registry import Outcome
from experiments.training.translate import END, FIRST, Pairs, Translator, greedy, symbols, train


def draw(batch: int, length: int, alphabet: int, generator: torch.Generator) -> Pairs:
    """Draw ``batch`` sequences of ``length`` symbols, with their reversals as targets."""
    drawn = torch.randint(0, alphabet, (batch, length), generator=generator)
    end = torch.full((batch, 1), END)
    return Pairs(drawn + 1, torch.cat([drawn.flip(1) + FIRST, end], dim=1))


def score(model: Translator, pairs: Pairs) -> tuple[float, float]:
    """Return the share of symbols in the right place, and of sequences without any error."""
    batch, time = pairs.target.shape
    written, _ = greedy(model, pairs.source, time)
    right = whole = 0
    for guess, truth in zip(written.cpu(), pairs.target.cpu(), strict=True):
        a, b = symbols(guess), symbols(truth)
        right += sum(x == y for x, y in zip(a, b, strict=False))
        whole += a == b
    return right / (batch * (time - 1)), whole / batch


def run(parameters: dict[str, Any], device: str) -> Outcome:
    """Train one translator on short sequences and test it on lengths up to twice as long."""
    p = parameters
    torch.manual_seed(p["seed"])
    generator = torch.Generator().manual_seed(p["seed"])
    model = Translator(p["alphabet"] + 1, p["alphabet"] + FIRST, p["width"], p["attention"])
    model.to(device)

    def batch() -> Pairs:
        length = int(torch.randint(1, p["longest"] + 1, (1,), generator=generator))
        pairs = draw(p["batch"], length, p["alphabet"], generator)
        return Pairs(pairs.source.to(device), pairs.target.to(device))

    curve = train(model, batch, p["steps"], p["rate"])
    generator.manual_seed(10_000 + p["seed"])
    places, wholes = [], []
    for length in p["test"]:
        pairs = draw(p["test_count"], length, p["alphabet"], generator)
        pairs = Pairs(pairs.source.to(device), pairs.target.to(device))
        place, whole = score(model, pairs)
        places.append(round(place, 4))
        wholes.append(round(whole, 4))
    return {
        "length": p["test"],
        "symbols_right": places,
        "sequences_right": wholes,
        "parameters_count": sum(q.numel() for q in model.parameters()),
        "curve": curve,
    }
