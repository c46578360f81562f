"""What a student reads where something ready made is refused.

This file also runs beside student code and in `check`, so it imports nothing.
"""

from __future__ import annotations


def message(name: str) -> str:
    return f"{name} is ready made; this exercise is about writing it yourself"
