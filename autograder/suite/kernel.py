"""The checks of a graded cell, run by the hidden region of a notebook in its own kernel."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from autograder.inside import wire
from autograder.inside.runtime import Runtime
from autograder.inside.scan import spellings
from autograder.line.local import LocalTransport
from autograder.suite.desk import Desk
from autograder.suite.examine import examine, result
from autograder.suite.own import load_near
from autograder.suite.student import Student
from autograder.suite.suite import Suite, load_suite


def run_in_kernel(
    suite_name: str, grade_id: str, points: float, namespace: dict[str, Any]
) -> float:
    """Run the checks of one graded cell on a live namespace and return what it gets of `points`.

    This is what the hidden region of a source notebook calls, so that nbgrader's own autograde
    works too. It shares a process with student code, so its marks hold only for students
    nobody doubts.
    """
    suite = _load(suite_name).weighed({grade_id: points})
    total = 0.0
    desk = Desk()
    for check in suite.checks_for(grade_id):
        transport = LocalTransport(Runtime(namespace, interruptible=True))
        transport.request(wire.Refuse(spellings(suite.refused(grade_id))), timeout=60.0)
        student = Student(transport, deadline=time.monotonic() + 120.0, desk=desk)
        message = examine(suite, check, student, transport, seed=0)
        found = result(check, message)
        total += found.points
        if not found.passed:
            print(f"{check.title}: {found.message}")
    return round(total, 9)


def _load(name: str) -> Suite:
    return load_near(name, Path.cwd()) if name.endswith(".py") else load_suite(name)
