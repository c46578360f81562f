"""What the judge keeps of one submission from check to check: results that cost much, numbers.

Some questions are about one long piece of work, a layer in training for example, and several
checks look at what came of it. It is done once, with random numbers of its own that depend on
the submission's seed and on nothing else, so that it does not matter which check asks first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, TypeVar

import torch

from autograder.errors import CheckFailure
from autograder.line.base import Transport

Made = TypeVar("Made")


def seed_for(*parts: object) -> int:
    """A seed that depends on nothing but its parts."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:7], "big")


class Desk:
    """The judge's desk, cleared for each submission.

    Args:
        seed: of the submission.
        renew: ends the student's process and returns a fresh one in which the cells have run;
            None where there is only one process, as in a kernel.
        written: the student's answers, as text.
    """

    def __init__(
        self,
        seed: int = 0,
        renew: Callable[[], Transport] | None = None,
        written: str = "",
    ) -> None:
        self.seed, self.renew, self.written = seed, renew, written
        self.measured: dict[str, float] = {}  # for people to see; marks do not depend on it
        self._kept: dict[str, Any] = {}

    def once(self, label: str, make: Callable[[torch.Generator], Made]) -> Made:
        """Return what ``make`` gives, which is called once; a failure of it is kept as well."""
        if label not in self._kept:
            rng = torch.Generator().manual_seed(seed_for(self.seed, label, "once"))
            try:
                self._kept[label] = make(rng)
            except CheckFailure as failure:
                self._kept[label] = failure
        kept = self._kept[label]
        if isinstance(kept, CheckFailure):
            raise CheckFailure(str(kept), answer=kept.answer, came_back=kept.came_back)
        made: Made = kept
        return made
