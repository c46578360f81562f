"""Damage for fuzz tests: what happens to bytes on the way, or in a forger's hands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st


def mutated(draw: Callable[[st.SearchStrategy[Any]], Any], data: bytes) -> bytes:
    """Return the bytes after one to four small changes: set, cut, insert or repeat some."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = start + draw(st.integers(0, 8))
        match draw(st.sampled_from(["set", "cut", "insert", "repeat", "end"])):
            case "set":
                data = data[:start] + draw(st.binary(min_size=1, max_size=4)) + data[end:]
            case "cut":
                data = data[:start] + data[end:]
            case "insert":
                data = data[:start] + draw(st.binary(min_size=1, max_size=8)) + data[start:]
            case "repeat":
                data = data[:end] + data[start:end] * draw(st.integers(1, 200)) + data[end:]
            case "end":
                data = data[:start]
    return data
