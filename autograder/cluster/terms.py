"""What the grading command and the machines of a cluster say to each other: plain data only."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

import msgspec

from autograder.course.fingerprint import grader_key, hidden_key
from autograder.errors import AutograderError
from autograder.judge.worker import Job
from autograder.line.limits import Isolation
from autograder.stages import Spent


class Terms(msgspec.Struct, frozen=True):
    """What one grading command asks of every machine."""

    run: str  # this command, and no other
    suite: str
    code: dict[str, str]  # what must be the same on both sides, by what it is
    hide: str  # a directory student code must not see, if it is on that machine
    unsafe: bool  # whether to judge there without isolation if there is none


class Facts(msgspec.Struct, frozen=True):
    """What a machine is like."""

    differs: list[str]  # what is not the same there
    isolation: Isolation
    reason: str = ""  # why there is no isolation
    is_root: bool = False


def fits(terms: Terms, facts: Facts) -> bool:
    """Tell whether a machine may judge for a command."""
    walls = facts.isolation != "none" or (terms.unsafe and not facts.is_root)
    return walls and not facts.differs


class Order(msgspec.Struct, frozen=True):
    """Judge one submission, by a function that is known by its name."""

    work: bytes  # pickled: it holds names of functions of ours, and nothing of a student's
    job: Job


class Judged(msgspec.Struct, frozen=True, tag=True):
    result: bytes


class Measured(msgspec.Struct, frozen=True, tag=True):
    spent: Spent


class Failed(msgspec.Struct, frozen=True, tag=True):
    """The judge stopped; ``error`` is the exception's class."""

    error: str
    what: str
    where: str = ""
    todo: str = ""


Result = Judged | Measured | Failed


class Answer(msgspec.Struct, frozen=True):
    """What came of an order, and on which worker; without a result, the machine did not fit."""

    worker: str
    facts: Facts
    result: Result | None = None


def code_of(suite: str) -> dict[str, str]:
    """Return what decides about marks on this machine, by what it is.

    Raises AutograderError where there are no such hidden tests.
    """
    code = {
        "version of the grader": grader_key(),
        "Python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "torch": version("torch").partition("+")[0],  # what follows says for which processor
    }
    if not suite.endswith(".py"):  # an instructor's own hidden tests travel with each job
        code["version of the hidden tests"] = hidden_key(Path(), suite)
    return code


def differences(terms: Terms) -> list[str]:
    """Return what is not the same on this machine, as it is to be told to the other one."""
    try:
        here = code_of(terms.suite)
    except AutograderError as error:
        return [error.what]
    found = []
    for name, wanted in terms.code.items():
        if here[name] != wanted:
            is_number = len(wanted) < 20
            other = f"{name} {here[name]}, not {wanted}" if is_number else f"another {name}"
            found.append(other)
    return found
