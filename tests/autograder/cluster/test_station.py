"""The process beside a worker: what it says of its machine, and what becomes of an order."""

from __future__ import annotations

import os
import pickle
import re
import subprocess
import sys
from collections.abc import Callable
from multiprocessing import Pipe

import msgspec
import pytest

from autograder.cluster import station
from autograder.cluster.terms import Facts, Failed, Judged, Measured, Order, Terms, code_of, fits
from autograder.errors import AutograderError
from autograder.judge.worker import Job
from autograder.stages import Spent
from tests.autograder import tiny

JOB = Job("ada", tiny.NAME, b"", "{}", tiny.NAME, 1, "f", "bwrap", "/course")


def terms(**changes: object) -> Terms:
    made = Terms("run", tiny.NAME, code_of(tiny.NAME), "/course", False)
    return msgspec.structs.replace(made, **changes)


def other(name: str, value: str) -> dict[str, str]:
    return code_of(tiny.NAME) | {name: value}


def test_the_same_code_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(station, "available", lambda: (True, ""))
    facts = station.facts_of(terms())
    assert (facts.differs, facts.isolation) == ([], "bwrap")
    assert fits(terms(), facts)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (lambda: other("version of the grader", "0" * 64), "another version of the grader"),
        (lambda: other("version of the hidden tests", "0" * 64), "another version of the hidden"),
        (lambda: other("torch", "1.0"), "torch .*, not 1.0"),
        (lambda: other("Python", "2.7"), "Python .*, not 2.7"),
    ],
)
def test_other_code_does_not(
    code: Callable[[], dict[str, str]], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(station, "available", lambda: (True, ""))
    asked = terms(code=code())
    facts = station.facts_of(asked)
    (difference,) = facts.differs
    assert re.match(said, difference)
    assert not fits(asked, facts)


def test_hidden_tests_that_only_the_instructor_has_do_not_fit() -> None:
    facts = station.facts_of(terms(suite="nowhere"))
    assert facts.differs == ["there are no hidden tests called 'nowhere'"]


@pytest.mark.parametrize(
    ("unsafe", "is_root", "judges"),
    [(False, False, False), (True, False, True), (True, True, False)],
)
def test_a_machine_without_walls(unsafe: bool, is_root: bool, judges: bool) -> None:
    facts = Facts([], "none", "no bubblewrap.", is_root)
    assert fits(terms(unsafe=unsafe), facts) == judges


def isolation_of(job: Job) -> bytes:
    return job.isolation.encode()


def spend(job: Job) -> Spent:
    return Spent(b"verdict", {}, {})


def refuse(job: Job) -> bytes:
    raise AutograderError("no walls", "sandbox", "build some")


def want_memory(job: Job) -> bytes:
    raise MemoryError("too much")


def test_an_order_is_carried_out_with_the_walls_that_there_are() -> None:
    def done(work: object) -> object:
        return station.carried_out(Order(pickle.dumps(work), JOB), "none")

    assert done(isolation_of) == Judged(b"none")
    assert done(spend) == Measured(Spent(b"verdict", {}, {}))
    assert done(refuse) == Failed("AutograderError", "no walls", "sandbox", "build some")
    assert done(want_memory) == Failed("MemoryError", "too much")


def test_it_ends_with_the_worker_and_judges_nothing_where_it_does_not_fit() -> None:
    def started(asked: Terms) -> tuple[subprocess.Popen[bytes], object, Facts]:
        ours, theirs = Pipe()
        with theirs:
            command = [sys.executable, "-m", "autograder.cluster.station", str(theirs.fileno())]
            process = subprocess.Popen(command, pass_fds=[theirs.fileno()])
        ours.send_bytes(msgspec.msgpack.encode(asked))
        return process, ours, msgspec.msgpack.decode(ours.recv_bytes(), type=Facts)

    misfit, _, facts = started(terms(code=other("torch", "1.0")))
    assert facts.differs
    assert misfit.wait(60) == 0
    fit, line, facts = started(terms(unsafe=os.geteuid() != 0))
    assert not facts.differs
    line.close()  # type: ignore[attr-defined]
    assert fit.wait(60) in (0, 1)
