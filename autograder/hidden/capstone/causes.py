"""What stands behind several messages at once: a cause that a failed check should ask about first.

A layer that keeps something on `self`, or whose sequences hear each other, disagrees with itself
in many ways. Each check sees one of them; `explained` adds what is behind it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import torch
from torch import Tensor

from autograder.checks import CheckFailure, Student
from autograder.hidden.capstone.forms import State
from autograder.hidden.capstone.pupil import Pupil
from autograder.hidden.shared.tools import normal
from autograder.recipes.training import FEATURES

CheckFunction = Callable[[Student, torch.Generator], None]
CLOSE = 1e-7  # not 1e-10: logarithms, long products or a Fourier transform lose some digits
KEPT = "Another stream changes this one: is something kept on self, and not in the state?"
MIXED = "The sequences of a batch hear each other: see to that first"


def tokens(rng: torch.Generator, batch: int, time: int) -> Tensor:
    return normal(rng, batch, time, FEATURES)


def by_steps(pupil: Pupil, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
    state = pupil.initial_state(len(x)) if state is None else state
    outputs = []
    for token in x.unbind(dim=1):
        output, state = pupil.step(token, state)
        outputs.append(output)
    return torch.stack(outputs, dim=1), state


def explained(check: CheckFunction) -> CheckFunction:
    """Add to what a check says when it fails whether something is kept outside of the state."""

    @wraps(check)
    def asking(student: Student, rng: torch.Generator) -> None:
        try:
            check(student, rng)
        except CheckFailure as failure:
            behind = KEPT if _holds(keeps_something, student) else ""
            raise CheckFailure(". ".join(filter(None, (str(failure), behind)))) from None

    return asking


def cause_after_training(student: Student) -> str:
    """Return what to look at when streaming and training disagree after training only."""
    if _holds(mixes, student):
        return MIXED
    if _holds(keeps_something, student):
        return KEPT
    return "Where it agrees before training: do its weights grow, or do its numbers overflow?"


def keeps_something(pupil: Pupil) -> bool:
    """Tell whether a stream says something else when another one is read in between."""
    rng = torch.Generator().manual_seed(1)
    x, y = tokens(rng, 2, 4), tokens(rng, 2, 4)
    alone, again = by_steps(pupil, x)[0], by_steps(pupil, x)[0]
    first, second = pupil.initial_state(2), pupil.initial_state(2)
    outputs = []
    for here, there in zip(x.unbind(1), y.unbind(1), strict=True):
        output, first = pupil.step(here, first)
        _, second = pupil.step(there, second)
        outputs.append(output)
    in_turn = torch.stack(outputs, dim=1)
    return torch.equal(alone, again) and not torch.allclose(in_turn, alone, atol=CLOSE)


def mixes(pupil: Pupil) -> bool:
    """Tell whether a sequence alone gets another answer than among others."""
    x = tokens(torch.Generator().manual_seed(2), 3, 5)
    among, again, alone = pupil(x)[0], pupil(x)[0], pupil(x[1:2])[0]
    return torch.equal(among, again) and not torch.allclose(among[1:2], alone, atol=CLOSE)


def _holds(question: Callable[[Pupil], bool], student: Student) -> bool:
    """Ask a fresh layer; one that cannot answer has said so elsewhere."""
    try:
        return question(Pupil(student).double())
    except CheckFailure:
        return False
