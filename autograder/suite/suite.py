"""The hidden checks of one assignment, and what each is worth.

A module or folder in `autograder/hidden/`, or `hidden.py` in an assignment of the instructor's own
(`own.py`), makes one `Suite` called `suite` and registers its checks:

    suite = Suite("rnn_limits", refuse=["torch.nn.RNN"])

    @suite.check("rnn-cell", points=1, title="one step agrees with the textbook equation")
    def one_step(student: Student, rng: torch.Generator) -> None: ...

A check passes by returning and fails by raising CheckFailure; nothing in between. The points of
a graded cell are the sum of its checks.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

import torch

from autograder.errors import AutograderError
from autograder.suite.student import Student

CheckFunction = Callable[[Student, torch.Generator], None]


@dataclass(frozen=True)
class Check:
    """One thing a hidden test looks at."""

    name: str
    grade_id: str
    points: float
    title: str
    function: CheckFunction


class Suite:
    """The checks of one assignment.

    Args:
        name: the module's name in `autograder/hidden/`, or that of the assignment.
        refuse: dotted names of ready-made layers that student code may not use.
        refuse_in: further names, by the graded cell whose answers may not use them.
    """

    def __init__(
        self,
        name: str,
        refuse: list[str] | None = None,
        refuse_in: Mapping[str, list[str]] | None = None,
    ) -> None:
        self.name = name
        self.where = f"autograder/hidden/{name}"  # for words about it
        self.refuse = list(refuse or [])
        self.refuse_in = {part: list(names) for part, names in (refuse_in or {}).items()}
        self.optional: frozenset[str] = frozenset()
        self._checks: dict[str, Check] = {}

    def check(
        self, grade_id: str, *, points: float, title: str
    ) -> Callable[[CheckFunction], CheckFunction]:
        """Register the decorated function as a check of the graded cell `grade_id`."""

        def register(function: CheckFunction) -> CheckFunction:
            name = function.__name__
            if name in self._checks:
                raise AutograderError(
                    f"two checks are called {name!r}",
                    self.where,
                    "Give each check its own name.",
                )
            if points <= 0:
                raise AutograderError(
                    f"the check {name!r} is worth {points} points",
                    self.where,
                    "Points must be positive.",
                )
            self._checks[name] = Check(name, grade_id, points, title, function)
            return function

        return register

    @property
    def checks(self) -> list[Check]:
        return list(self._checks.values())

    @property
    def grade_ids(self) -> list[str]:
        return list(dict.fromkeys(check.grade_id for check in self.checks))

    def checks_for(self, grade_id: str) -> list[Check]:
        return [check for check in self.checks if check.grade_id == grade_id]

    def refused(self, grade_id: str) -> list[str]:
        """Return all that the answers to this graded cell may not use."""
        return [*self.refuse, *self.refuse_in.get(grade_id, [])]

    def weighed(self, points: Mapping[str, float], optional: Collection[str] = ()) -> Suite:
        """Return the suite with its parts worth this much; their checks keep their proportion."""
        found = Suite(self.name, self.refuse, self.refuse_in)
        found.optional, found.where = frozenset(optional), self.where
        for name, check in self._checks.items():
            worth = self.points(check.grade_id)
            share = points.get(check.grade_id, worth) / worth
            found._checks[name] = replace(check, points=check.points * share)
        return found

    def around(self, wrap: Callable[[Check], CheckFunction]) -> Suite:
        """Return the suite with a function of each check's own around it, which may look on."""
        found = self.weighed({}, self.optional)
        for name, check in found._checks.items():
            found._checks[name] = replace(check, function=wrap(check))
        return found

    def points(self, grade_id: str) -> float:
        return round(sum(check.points for check in self.checks_for(grade_id)), 9)


def load_suite(name: str) -> Suite:
    """Import `autograder.hidden.<name>` and return its `suite`."""
    where = f"autograder/hidden/{name}"
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise AutograderError(f"{name!r} is not the name of a suite", todo="Use a module name.")
    module_name = f"autograder.hidden.{name}"
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name != module_name:
            raise
        raise AutograderError(
            f"there is no hidden test suite {name!r}", where, "Write it, or correct the name."
        ) from None
    suite = getattr(module, "suite", None)
    if not isinstance(suite, Suite):
        raise AutograderError("the module defines no `suite`", where, "Add suite = Suite(...).")
    return suite
