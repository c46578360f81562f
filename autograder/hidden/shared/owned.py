"""A typical mistake costs the check that is meant for it; the others of its part let it pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from typing import Any, NamedTuple, TypeVar

from torch import Tensor

from autograder.checks import expect_close
from autograder.hidden.shared.tools import ATOL, Suspects, close

Wrong = TypeVar("Wrong")  # an equation with a mistake in it


class Mistake(NamedTuple):
    """What a typical mistake answers, the check that is meant for it, and words for it."""

    check: str
    words: str
    answer: Tensor


def expect_own(
    check: str,
    actual: object,
    wanted: Tensor,
    mistakes: Iterable[Mistake],
    otherwise: str,
    *,
    what: str,
    atol: float = ATOL,
) -> None:
    """Fail unless `actual` is `wanted`, or a mistake that another check is meant for."""
    if close(actual, wanted, atol):
        return
    like = known(actual, mistakes, atol)
    if like is None or like.check == check:
        hint = like.words if like else otherwise
        expect_close(actual, wanted, atol=atol, rtol=atol, what=what, hint=hint)


def known(actual: object, mistakes: Iterable[Mistake], atol: float = ATOL) -> Mistake | None:
    """The first mistake that gives just this answer (to 100 times the tolerance)."""
    return next((m for m in mistakes if close(actual, m.answer, 100 * atol)), None)


def outcomes(
    mistakes: Mapping[str, Mapping[str, Wrong]], answer: Callable[[Wrong], Tensor]
) -> dict[str, Suspects]:
    """What each typical mistake comes to, by the mechanism it belongs to and words for it."""
    return {
        mechanism: {words: answer(each) for words, each in wrong.items()}
        for mechanism, wrong in mistakes.items()
    }


def every(mistakes: Mapping[str, Mapping[str, Wrong]]) -> list[Wrong]:
    """All mistakes of such a table."""
    return [each for wrong in mistakes.values() for each in wrong.values()]


def expect_mechanism(
    found: object,
    wanted: Tensor,
    mistakes: Mapping[str, Suspects],
    mechanisms: tuple[str, ...],
    hint: str,
    what: str,
) -> None:
    """Fail unless a result is right, or wrong by a mistake that belongs to another mechanism.

    `mistakes` holds, for every mechanism, what typical mistakes about it come to.
    """

    def of(names: Iterable[str], owner: str) -> list[Mistake]:
        return [Mistake(owner, *each) for name in names for each in mistakes[name].items()]

    others = [name for name in mistakes if name not in mechanisms]
    nearly = Mistake("own", hint, wanted)  # to 100 times the tolerance
    known_ones = [*of(mechanisms, "own"), nearly, *of(others, "other")]
    expect_own("own", found, wanted, known_ones, hint, what=what)


def joined(right: Any, one: Any, other: Any) -> Any | None:
    """An equation with two mistakes in it; None where both exchange the same piece.

    All three are of one frozen dataclass, whose fields are the pieces.
    """
    names = [field.name for field in fields(right)]
    first, second = (
        {n: getattr(each, n) for n in names if getattr(each, n) is not getattr(right, n)}
        for each in (one, other)
    )
    return replace(right, **first, **second) if first.keys().isdisjoint(second) else None


def in_twos(right: Any, mistakes: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    """Every two of these mistakes that can be made at once, by the words for both."""
    words = list(mistakes)
    pairs = [(one, other) for place, one in enumerate(words) for other in words[place + 1 :]]
    both = {two: joined(right, *(mistakes[each] for each in two)) for two in pairs}
    return {two: each for two, each in both.items() if each is not None}
