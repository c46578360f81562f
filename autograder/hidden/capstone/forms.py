"""A state as the student's layer has it, and its tensors in a row.

What the text asks for is a flat tuple of tensors, the batch first in each. A bare tensor, tuples in
tuples and a plain number say the same, so they cost one check and not the assignment: the judge
looks at the tensors in a row (a number becomes one for each sequence), and hands the state back
in the form in which it came.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from autograder.checks import Record

WANTED = (
    "should be a flat tuple (or NamedTuple) of tensors and nothing else: return (h,) and not h, "
    "(a, b, c) and not (a, (b, c)); a count is a tensor, too, one number for each sequence"
)


@dataclass(frozen=True)
class State:
    """What a layer remembers: as it was given, and its tensors."""

    given: Any
    parts: tuple[Tensor, ...]

    @property
    def is_flat(self) -> bool:
        """Whether it has the form that the text asks for."""
        given = self.given
        return isinstance(given, tuple) and all(isinstance(p, Tensor) and p.ndim for p in given)

    def only(self, rows: slice) -> State:
        """Return the state of some sequences of the batch, in the same form."""
        parts = tuple(part[rows] for part in self.parts)
        return State(_formed(iter(parts), self.given), parts)


def as_state(given: Any, batch: int) -> State | None:
    """Return the state that a layer gave; None for what holds anything but tensors and numbers."""
    leaves = list(_leaves(given))
    if not all(isinstance(leaf, Tensor | int | float) for leaf in leaves):
        return None
    return State(given, tuple(_for_each(leaf, batch) for leaf in leaves))


def _leaves(given: Any) -> Iterator[Any]:
    if isinstance(given, tuple | list):
        for part in given:
            yield from _leaves(part)
    else:
        yield given


def _for_each(leaf: Tensor | float, batch: int) -> Tensor:
    part = torch.as_tensor(leaf)
    return part if part.ndim else part.expand(batch)


def _formed(left: Iterator[Tensor], like: Any) -> Any:
    if isinstance(like, Record):
        return like._make([_formed(left, part) for part in like])
    if isinstance(like, tuple | list):
        return type(like)(_formed(left, part) for part in like)
    part = next(left)
    if isinstance(like, Tensor):
        return part if like.ndim else part[0]
    return part[0].item()
