"""Run one check against the student's work, and say what came of it."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from autograder.errors import CheckFailure
from autograder.inside import wire
from autograder.line.base import Transport
from autograder.suite.asked import kind
from autograder.suite.desk import seed_for
from autograder.suite.expect import explained
from autograder.suite.student import Student
from autograder.suite.suite import Check, Suite
from autograder.verdict import CheckResult

NO_WORDS = "This check did not pass, and gave no reason that can be shown."


@dataclass(frozen=True)
class Failed:
    """What the student is told of a check that did not pass."""

    message: str
    examined: str = ""
    came_back: str = ""


def examine(
    suite: Suite, check: Check, student: Student, transport: Transport, seed: int
) -> Failed | None:
    """Run one check; return None when it passed and otherwise what the student is told.

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
        cause = _cause(failure)
        asked = session.asked.behind(cause.answer)
        last = kind(session.last_result) if asked and not session.asked.failed else ""
        return Failed(str(failure), asked, cause.came_back or last)
    except Exception as error:
        # A bug of the check or an answer nobody thought of: no points, and it says so.
        said = explained(error, session.last_label or "the answer", session.last_result)
        return Failed(said, session.asked.behind(session.last_result), kind(session.last_result))
    finally:
        # Its graph knows the session, which is to hear when it goes: each would keep the other.
        session.last_result = None
    return None


def _cause(failure: CheckFailure) -> CheckFailure:
    """Return the failure that knows what came back: this one, or one whose words it repeats."""
    cause: BaseException | None = failure
    while cause is not None:
        if isinstance(cause, CheckFailure) and cause.came_back and str(cause) in str(failure):
            return cause
        cause = cause.__cause__ or cause.__context__
    return failure


def result(check: Check, failed: Failed | None, help: str = "") -> CheckResult:
    """All of the check's points where nothing failed; or none, the reason, and where to look."""
    worth = float(check.points)
    if failed is None:
        return CheckResult(check.name, check.title, worth, worth)
    said = failed.message if failed.message.strip() else NO_WORDS
    told = (said, failed.examined, failed.came_back, help)
    return CheckResult(check.name, check.title, 0.0, worth, *told)
