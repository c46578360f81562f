"""What one vector costs with length: letters to sound on words of all lengths, at equal weights.

Three translators of (nearly) as many weights learn from the same words: one that looks back at
every step, one that must do with the encoder's last state, and one that must do with it but reads
the word backwards, as Sutskever et al. 2014 do. Data and errors: see letters_to_sound.py.
"""

from __future__ import annotations

from typing import Any

import torch

from experiments.harness.registry import Outcome
from experiments.instruments.packing import packed_weights, unpacked_weights
from experiments.memory.letters_to_sound import (
    errors,
    held_out,
    lexicon,
    phonemes,
    said,
    spelled,
    spoken,
    test_words,
)
from experiments.training.translate import FIRST, Pairs, Translator, greedy, train

LETTERS = 26


def translator(width: int, attention: bool) -> Translator:
    """Return an untrained translator of letters into phonemes."""
    return Translator(LETTERS + 1, FIRST + len(phonemes()), width, attention)


def run(parameters: dict[str, Any], device: str) -> Outcome:
    """Train one translator on words up to a length; test it on held-out words of every length.

    With ``keep`` the outcome holds the weights, rounded, and what they do.
    """
    p = parameters
    torch.manual_seed(p["seed"])
    generator = torch.Generator().manual_seed(p["seed"])
    words = sorted((w for w in lexicon() if len(w) <= p["longest"] and not held_out(w)), key=len)
    model = translator(p["width"], p["attention"]).to(device)

    def batch() -> Pairs:
        first = int(torch.randint(0, len(words) - p["spread"], (1,), generator=generator))
        rows = first + torch.randperm(p["spread"], generator=generator)[: p["batch"]]
        chosen = [words[row] for row in rows.tolist()]  # of nearly one length: little padding
        source = spelled(turned(chosen, p["backwards"]))
        return Pairs(source.to(device), spoken(chosen).to(device))

    curve = train(model, batch, p["steps"], p["rate"])
    found = judged(model, p, device)
    if p["keep"]:
        found["weights"] = packed_weights(model.state_dict())
        model.load_state_dict(unpacked_weights(found["weights"]))
        found["rounded"] = judged(model, p, device)
    counts = sum(weights.numel() for weights in model.parameters())
    return {"training_words": len(words), "parameters_count": counts, "curve": curve, **found}


def turned(words: list[str], backwards: bool) -> list[str]:
    """Return the words as a translator reads them."""
    return [word[::-1] for word in words] if backwards else words


def judged(model: Translator, p: dict[str, Any], device: str) -> dict[str, Any]:
    """Return phoneme error rate and share of words without error, by length."""
    rates, wholes, counts = [], [], []
    for length in p["test"]:
        words = test_words(length, p["test_count"])
        source = spelled(turned(words, p["backwards"])).to(device)
        written, _ = greedy(model, source, 2 * length)
        rate, whole = errors([said(row) for row in written.cpu()], words)
        rates.append(round(rate, 4))
        wholes.append(round(whole, 4))
        counts.append(len(words))
    return {
        "length": p["test"],
        "phoneme_error_rate": rates,
        "words_right": wholes,
        "words": counts,
    }
