"""Names for a public page that say nothing of the people behind them.

A pseudonym is made from the student's id with the course's secret: the same every time, and without
the secret nobody can try out who it belongs to. Each assignment has other ones, so that two pages
laid side by side say no more than one.
"""

from __future__ import annotations

import hashlib
import hmac

MANNERS = [
    "Amber",
    "Brave",
    "Bright",
    "Calm",
    "Clever",
    "Coral",
    "Curious",
    "Eager",
    "Early",
    "Fair",
    "Gentle",
    "Golden",
    "Happy",
    "Honest",
    "Humble",
    "Ivory",
    "Jolly",
    "Kind",
    "Lively",
    "Lucky",
    "Mellow",
    "Merry",
    "Nimble",
    "Patient",
    "Proud",
    "Quick",
    "Quiet",
    "Silver",
    "Steady",
    "Sunny",
    "Swift",
    "Wise",
]
ANIMALS = [
    "Badger",
    "Beaver",
    "Bison",
    "Crane",
    "Curlew",
    "Dolphin",
    "Eagle",
    "Falcon",
    "Finch",
    "Fox",
    "Gecko",
    "Hare",
    "Heron",
    "Ibis",
    "Jay",
    "Koala",
    "Lark",
    "Lynx",
    "Marten",
    "Newt",
    "Otter",
    "Owl",
    "Panda",
    "Puffin",
    "Raven",
    "Robin",
    "Salmon",
    "Seal",
    "Stork",
    "Swan",
    "Turtle",
    "Wren",
]
NUMBERS = 10_000


def pseudonym(secret: str, assignment: str, student: str) -> str:
    """Return what a student is called on the pages of an assignment: ``Quiet Heron 4172``."""
    message = "\0".join(["pseudonym", assignment, student]).encode()
    drawn = int.from_bytes(hmac.new(secret.encode(), message, hashlib.sha256).digest(), "big")
    drawn, number = divmod(drawn, NUMBERS)
    drawn, animal = divmod(drawn, len(ANIMALS))
    return f"{MANNERS[drawn % len(MANNERS)]} {ANIMALS[animal]} {number:04d}"
