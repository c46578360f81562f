"""The rules of evidence for a number in the ledger, as far as code can hold them.

A number is either *computed* (a count, a product, a simulation: the same on every run) or it
comes from nets that were *trained*. Training is luck in part, so it has to be compared: several
seeds, every arm given the same, and an arm that was given nothing. Both kinds name the constants
they rest on. The verdict is a predicate over the numbers, and it must be able to fail: numbers
that the design could have produced are put in, and the predicate has to turn false.
"""

from __future__ import annotations

import inspect
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MIN_SEEDS = 5
Predicate = Callable[..., bool]


class LedgerError(Exception):
    """A claim record or a measurement that cannot stand as it is."""


@dataclass(frozen=True)
class Computed:
    """Nothing was trained. ``how`` says what was computed, and how much of it.

    ``clock`` names numbers that are times. They may be shown; the verdict may not read them,
    because a page is built on machines that nobody has seen.
    """

    how: str
    clock: tuple[str, ...] = ()

    def check(self, read: Sequence[str]) -> None:
        """Raise LedgerError when the rules are broken; ``read``: what the predicate reads."""
        if not self.how.strip():
            raise LedgerError("say in `how` what was computed, and how much of it")
        timed = sorted(set(self.clock) & set(read))
        if timed:
            raise LedgerError(
                f"the verdict hangs on the clock ({', '.join(timed)}): count operations instead"
            )

    def record(self) -> dict[str, Any]:
        """Return this as plain JSON data, for the ledger page."""
        return {"kind": "computed", "how": self.how}


@dataclass(frozen=True)
class Arm:
    """One side of a comparison: a number for every seed, and the training each seed got.

    A budget of 0 makes it a control: an untrained net, a constant answer, a table of counts.
    """

    name: str
    outcomes: Sequence[float]
    budget: float = 0

    def record(self) -> dict[str, Any]:
        """Return the arm with its spread, as plain JSON data."""
        return {
            "name": self.name,
            "budget": self.budget,
            "seeds": len(self.outcomes),
            "low": min(self.outcomes),
            "median": statistics.median(self.outcomes),
            "high": max(self.outcomes),
        }


@dataclass(frozen=True)
class Trained:
    """Nets were trained: every arm with its seeds, what they got and what came out.

    ``outcome`` says what the arms' numbers are, ``unit`` what budgets are counted in. Arms with
    different budgets need a reason, ``unequal``.
    """

    arms: Sequence[Arm]
    outcome: str
    unit: str
    unequal: str = ""

    def check(self, read: Sequence[str]) -> None:
        """Raise LedgerError when the rules are broken; ``read``: what the predicate reads."""
        trained = [arm for arm in self.arms if arm.budget > 0]
        if len({arm.name for arm in self.arms}) < len(self.arms):
            raise LedgerError("two arms have the same name")
        if not trained:
            raise LedgerError("no arm was trained: then the evidence is Computed")
        if len(trained) == len(self.arms):
            raise LedgerError(
                "a control is missing: add an arm with no budget, such as the untrained net, a "
                "constant answer or a table of counts"
            )
        for arm in self.arms:
            if not arm.outcomes or not all(map(math.isfinite, arm.outcomes)):
                raise LedgerError(f"arm {arm.name!r}: every seed needs a finite outcome")
        for arm in trained:
            if len(arm.outcomes) < MIN_SEEDS:
                raise LedgerError(
                    f"arm {arm.name!r} has {len(arm.outcomes)} seeds, {MIN_SEEDS} are the least"
                )
        equal = len({arm.budget for arm in trained}) == 1
        if not equal and not self.unequal:
            raise LedgerError(
                "the arms were not given the same: "
                + ", ".join(f"{arm.name} {count(arm.budget)} {self.unit}" for arm in trained)
                + ". Train them alike, or say why not in `unequal`"
            )
        if equal and self.unequal:
            raise LedgerError("the arms' budgets are equal; drop the reason in `unequal`")

    def record(self) -> dict[str, Any]:
        """Return this as plain JSON data, for the ledger page; ``how`` says it in words."""
        arms = [arm.record() for arm in self.arms]
        return {
            "kind": "trained",
            "how": f"{self.outcome}: " + "; ".join(map(self.in_words, arms)) + ".",
            "outcome": self.outcome,
            "unit": self.unit,
            "unequal": self.unequal,
            "arms": arms,
        }

    def in_words(self, arm: dict[str, Any]) -> str:
        """Return one arm's record in words."""
        spread = f"{arm['median']:.3g}"
        if arm["seeds"] > 1:
            spread += f" ({arm['low']:.3g} to {arm['high']:.3g}, {arm['seeds']} seeds)"
        given = f"after {count(arm['budget'])} {self.unit}" if arm["budget"] else "the control"
        return f"{arm['name']} {spread}, {given}"


def count(budget: float) -> str:
    """Return a budget in words: whole numbers in full."""
    return f"{budget:,.0f}" if budget == round(budget) else f"{budget:,g}"


Evidence = Computed | Trained


@dataclass(frozen=True)
class Constant:
    """A number that somebody chose, and why the result does not hang on the choice."""

    text: str


def swept(values: Sequence[float]) -> Constant:
    """Return a constant that was varied; the measurement covers all of ``values``."""
    if len(set(values)) < 2:
        raise LedgerError(f"{values} is no sweep: it takes at least two values, or `named`")
    return Constant(f"{len(values)} values from {min(values):g} to {max(values):g}")


def named(value: float | str, why: str) -> Constant:
    """Return a constant that was chosen once, with the reason for the choice."""
    if len(why.split()) < 3:
        raise LedgerError(f"say why the constant is {value}: {why!r} is no reason")
    shown = value if isinstance(value, str) else f"{value:,g}"
    return Constant(f"{shown}, {why}")


@dataclass(frozen=True)
class Falsifier:
    """What would have been seen otherwise, as numbers, and where numbers could have come out.

    ``contrary`` are the numbers of the opposite verdict; ``possible`` gives, for each of them,
    the lowest and the highest value that this design can produce.
    """

    contrary: Mapping[str, float]
    possible: Mapping[str, tuple[float, float]]

    def check(self, agrees: Predicate, numbers: Mapping[str, float]) -> None:
        """Raise LedgerError when the falsifier is out of reach or does not fire."""
        read = parameters(agrees, numbers)
        if not self.contrary:
            raise LedgerError("no contrary number: say what would have been seen otherwise")
        for name, value in self.contrary.items():
            if name not in read:
                raise LedgerError(f"the contrary number {name} is none that `agrees` reads")
            if name not in self.possible:
                raise LedgerError(f"say in `possible` between which values {name} can come out")
            low, high = self.possible[name]
            for what, number in (("the contrary", value), ("the measured", numbers[name])):
                if not low <= number <= high:
                    raise LedgerError(
                        f"{what} number {name} = {number:g} is out of reach: this design gives "
                        f"values from {low:g} to {high:g}"
                    )
        if holds(agrees, {**numbers, **self.contrary}):
            given = ", ".join(f"{name} = {value:g}" for name, value in self.contrary.items())
            raise LedgerError(
                f"the falsifier does not fire: `agrees` still holds with {given}. A verdict that "
                "cannot fall has not been measured"
            )


def parameters(agrees: Predicate, numbers: Mapping[str, float]) -> list[str]:
    """Return the names of the numbers that the predicate reads; each must have been measured."""
    if not callable(agrees):
        raise LedgerError("`agrees` must be a function of the numbers, so that it can be tried out")
    read = list(inspect.signature(agrees).parameters)
    unknown = sorted(set(read) - set(numbers))
    if unknown or not read:
        raise LedgerError(f"`agrees` must read measured numbers; it reads {unknown or 'none'}")
    return read


def holds(agrees: Predicate, numbers: Mapping[str, float]) -> bool:
    """Tell whether the predicate is true of the numbers, of which it gets those it names."""
    return bool(agrees(**{name: numbers[name] for name in parameters(agrees, numbers)}))
