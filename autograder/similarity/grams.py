"""Short runs of tokens as numbers, and which of them stand for a text.

Winnowing (Schleimer, Wilkerson and Aiken, "Winnowing: Local Algorithms for Document
Fingerprinting", SIGMOD 2003) is how MOSS works. Of every WINDOW runs (k-grams) in a row the
smallest number is kept, so that two texts that share GRAM + WINDOW - 1 tokens in a row share a
number that both keep, and few need be looked at.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import deque
from collections.abc import Sequence
from functools import cache

GRAM = 14  # tokens: shorter runs are shared by chance
WINDOW = 5  # runs in a row, of which one is kept at least
PRIME = 2**61 - 1
BASE = 0x1F3A5B7C9D2E4F61 % PRIME
LAST = pow(BASE, GRAM, PRIME)


def grams(texts: Sequence[str]) -> array[int]:
    """Return a number for every run of GRAM tokens, the same in every process (Karp and Rabin)."""
    found = array("Q")
    value = 0
    codes = [_code(text) for text in texts]
    for place, code in enumerate(codes):
        value = (value * BASE + code) % PRIME
        if place >= GRAM:
            value = (value - codes[place - GRAM] * LAST) % PRIME
        if place >= GRAM - 1:
            found.append(value)
    return found


def winnowed(numbers: Sequence[int]) -> set[int]:
    """Return the numbers that stand for the text: the smallest of every WINDOW in a row.

    Of a text with fewer, the smallest of all.
    """
    chosen: set[int] = set()
    waiting: deque[tuple[int, int]] = deque()  # (place, number), numbers rising
    for place, number in enumerate(numbers):
        while waiting and waiting[-1][1] >= number:
            waiting.pop()
        waiting.append((place, number))
        if waiting[0][0] <= place - WINDOW:
            waiting.popleft()
        if place >= WINDOW - 1:
            chosen.add(waiting[0][1])
    return chosen or {number for _, number in list(waiting)[:1]}


def covered(numbers: Sequence[int], wanted: set[int], length: int) -> bytearray:
    """Return, for each token, 1 where a run with a wanted number covers it."""
    marks = bytearray(length)
    until = 0
    for place, number in enumerate(numbers):
        if number in wanted:
            begin, until = max(place, until), place + GRAM
            marks[begin:until] = b"\1" * (until - begin)
    return marks


@cache
def _code(text: str) -> int:
    return int.from_bytes(
        hashlib.blake2b(text.encode(errors="replace"), digest_size=8).digest(), "big"
    )
