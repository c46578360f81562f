"""Run one check against the student's work, and say what came of it."""

from __future__ import annotations

import torch

from autograder.errors import CheckFailure
from autograder.inside import wire
from autograder.line.base import Transport
from autograder.suite.desk import seed_for
from autograder.suite.expect import explained
from autograder.suite.student import Student
from autograder.suite.suite import Check, Suite
from autograder.verdict import CheckResult

NO_WORDS = "This check did not pass, and gave no reason that can be shown."


def examine(
    suite: Suite, check: Check, student: Student, transport: Transport, seed: int
) -> str | None:
    """Run one check; return None when it passed and otherwise the message for the student.

    A message may hold what the student wrote, or nothing at all: it never decides.

    The judge's random numbers and the student's are seeded apart, so that neither depends on
    the checks before this one and the student's side cannot work out the judge's.
    """
    rng = torch.Generator().manual_seed(seed_for(seed, suite.name, check.name, "judge"))
    session = student._session
    try:
        with torch.random.fork_rng(devices=[]):
            session.ask(wire.Seed(seed_for(seed, suite.name, check.name, "student")), check.name)
            # Not torch.manual_seed: it writes down the call stack for each device there is not.
            torch.default_generator.manual_seed(seed_for(seed, suite.name, check.name, "oracle"))
            check.function(student, rng)
    except CheckFailure as failure:
        return str(failure)
    except Exception as error:
        # A bug of the check or an answer nobody thought of: no points, and it says so.
        return explained(error, session.last_label or "the answer", session.last_result)
    return None


def result(check: Check, message: str | None) -> CheckResult:
    """All of the check's points where there is no message; or none and the reason."""
    worth = float(check.points)
    if message is None:
        return CheckResult(check.name, check.title, worth, worth)
    said = message if message.strip() else NO_WORDS
    return CheckResult(check.name, check.title, 0.0, worth, said)
