"""What a hidden test module is written with.

A module or folder in `autograder/hidden/` makes one `Suite` called `suite` and registers checks:

    suite = Suite("rnn_limits", refuse=["torch.nn.RNN"])

    @suite.check("rnn-cell", points=1, title="one step agrees with the textbook equation")
    def one_step(student: Student, rng: torch.Generator) -> None: ...

A check passes by returning and fails by raising CheckFailure; nothing in between. The points of
a graded cell are the sum of its checks.
"""

from __future__ import annotations

import hashlib
import importlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from autograder.errors import AutograderError
from autograder.inside import wire
from autograder.inside.guard import spellings
from autograder.inside.runtime import Runtime
from autograder.line.transport import LocalTransport, Transport
from autograder.suite.expect import (
    expect,
    expect_close,
    expect_gradcheck,
    expect_shape,
    expect_type,
    explained,
)
from autograder.suite.failure import CheckFailure
from autograder.suite.student import Record, Remote, Student
from autograder.verdict import CheckResult

__all__ = [
    "Check",
    "CheckFailure",
    "Record",
    "Remote",
    "Student",
    "Suite",
    "examine",
    "expect",
    "expect_close",
    "expect_gradcheck",
    "expect_shape",
    "expect_type",
    "load_suite",
    "run_in_kernel",
]

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
        name: the module's name in `autograder/hidden/`.
        refuse: dotted names of ready-made layers that student code may not use.
    """

    def __init__(self, name: str, refuse: list[str] | None = None) -> None:
        self.name = name
        self.refuse = list(refuse or [])
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
                    f"autograder/hidden/{self.name}",
                    "Give each check its own name.",
                )
            if points <= 0:
                raise AutograderError(
                    f"the check {name!r} is worth {points} points",
                    f"autograder/hidden/{self.name}",
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

    def points(self, grade_id: str) -> float:
        return sum(check.points for check in self.checks_for(grade_id))


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


def seed_for(*parts: object) -> int:
    """A seed that depends on nothing but its parts."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:7], "big")


def examine(suite: Suite, check: Check, student: Student, transport: Transport, seed: int) -> str:
    """Run one check; return "" when it passed and otherwise the message for the student.

    The judge's random numbers and the student's are seeded apart, so that neither depends on
    the checks before this one and the student's side cannot work out the judge's.
    """
    rng = torch.Generator().manual_seed(seed_for(seed, suite.name, check.name, "judge"))
    session = student._session
    try:
        with torch.random.fork_rng(devices=[]):
            session.ask(wire.Seed(seed_for(seed, suite.name, check.name, "student")), check.name)
            torch.manual_seed(seed_for(seed, suite.name, check.name, "oracle"))
            check.function(student, rng)
    except CheckFailure as failure:
        return str(failure) or "failed"
    except Exception as error:
        # A bug of the check or an answer nobody thought of: no points, and it says so.
        return explained(error, session.last_label or "the answer", session.last_result)
    return ""


def result(check: Check, message: str) -> CheckResult:
    """All of the check's points, or none and the reason."""
    points = 0.0 if message else float(check.points)
    return CheckResult(check.name, check.title, points, float(check.points), message)


def run_in_kernel(suite_name: str, grade_id: str, namespace: dict[str, Any]) -> float:
    """Run the checks of one graded cell on a live namespace and return the points.

    This is what the hidden region of a source notebook calls, so that nbgrader's own autograde
    works too. It shares a process with student code, so its marks hold only for students
    nobody doubts.
    """
    suite = load_suite(suite_name)
    total = 0.0
    for check in suite.checks_for(grade_id):
        transport = LocalTransport(Runtime(namespace, interruptible=True))
        transport.request(wire.Refuse(spellings(suite.refuse)), timeout=60.0)
        student = Student(transport, deadline=time.monotonic() + 120.0)
        message = examine(suite, check, student, transport, seed=0)
        total += result(check, message).points
        if message:
            print(f"{check.title}: {message}")
    return total
