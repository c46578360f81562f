"""What runs inside a Dask worker: it starts, keeps and ends the processes that judge."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from multiprocessing import Pipe
from typing import Any

import msgspec
import pytest

from autograder.cluster import host
from autograder.cluster.terms import Facts, Failed, Terms

ASK: Any = host.Station.ask  # the real one
FITS = Facts([], "bwrap")


class Station:
    """A station without a process."""

    def __init__(self, terms: Terms) -> None:
        self.run, self.facts, self.orders = terms.run, FITS, 0
        self.is_closed = self.is_killed = False

    def kill(self) -> None:
        self.is_killed = True

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture(autouse=True)
def no_processes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(host, "Station", Station)
    yield
    assert not host._busy
    host._idle.clear()


def terms(run: str = "run") -> Terms:
    return Terms(run, "tiny", {}, "/course", False)


def test_a_station_is_used_again_by_its_own_command() -> None:
    first = host._taken(terms())
    second = host._taken(terms())  # another thread of the same worker
    assert first is not second
    host._give_back(first, keep=True)
    assert host._taken(terms("another command")) not in (first, second)
    assert host._taken(terms()) is first
    for station in list(host._busy):
        host._give_back(station, keep=False)
    assert first.is_closed
    assert not host._idle


def test_a_command_that_is_done_ends_its_own_stations() -> None:
    idle, busy, others = (host._taken(terms(run)) for run in ("run", "run", "other"))
    host._give_back(idle, keep=True)
    host._give_back(others, keep=True)
    asyncio.run(host.leave("run"))
    assert (idle.is_closed, busy.is_killed, others.is_closed) == (True, True, False)
    assert host._idle == [others]
    host._give_back(busy, keep=False)  # by who waited for it


def test_a_station_that_nobody_asks_is_let_go() -> None:
    station = host._taken(terms())
    host._give_back(station, keep=True)
    host._give_back(host._taken(terms()), keep=True)
    host._let_go(station, orders=1)  # it has had an order since
    assert not station.is_closed
    host._let_go(station, orders=2)
    assert station.is_closed
    host._let_go(station, orders=2)
    assert not host._idle


def test_a_machine_that_does_not_fit_keeps_no_station(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "fits", lambda terms, facts: False)
    facts = asyncio.run(host.prepare(msgspec.msgpack.encode(terms())))
    assert msgspec.msgpack.decode(facts, type=Facts) == FITS
    assert not host._idle


class Silent:
    """The worker's end of a line on which nothing is said."""

    def __init__(self) -> None:
        self._line, self.theirs = Pipe()


def test_a_judge_that_ends_or_says_nothing_is_told() -> None:
    station = Silent()
    assert ASK(station, b"", 0.01) == Failed("TimeoutError", "no answer within 0 s")
    station.theirs.close()
    assert ASK(station, b"", 1.0) == Failed("JudgeDied", "the process that judged it has ended")
