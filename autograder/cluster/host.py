"""What runs inside a Dask worker: it passes orders on to the process beside it that judges.

A worker with several threads has a station for each that is busy. A station serves one command,
and is closed when that command says that it is done, or when no order has come for a while because
it was killed. So what the next command finds on a machine is the code that lies there now, and
nobody has to start workers again after a hidden test was mended.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
from multiprocessing import Pipe

import msgspec

from autograder.cluster.terms import Answer, Facts, Failed, Result, Terms, fits
from autograder.errors import AutograderError

IDLE_S = 60.0  # how long to keep a station that gets no order
SPARE_S = 180.0  # on top of a job's time, which the station holds to by itself; it starts, too


class Station:
    """A process that judges, and the line to it."""

    def __init__(self, terms: Terms) -> None:
        self.run = terms.run
        self._line, theirs = Pipe()
        with theirs:
            number = theirs.fileno()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "autograder.cluster.station", str(number)],
                pass_fds=[number],
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C at the worker ends the worker, and that ends it
            )
        self.orders = 0
        try:
            self._line.send_bytes(msgspec.msgpack.encode(terms))
            self.facts = msgspec.msgpack.decode(self._line.recv_bytes(), type=Facts)
        except (EOFError, OSError):
            self.close()
            raise AutograderError(
                "the process that should judge ends as soon as it is started",
                f"{sys.executable} on {socket.gethostname()}",
                "Look at the worker's log: it says why.",
            ) from None

    def ask(self, order: bytes, seconds: float) -> Result:
        """Have an order carried out."""
        try:
            self._line.send_bytes(order)
            if not self._line.poll(seconds):
                return Failed("TimeoutError", f"no answer within {seconds:.0f} s")
            answer: Result = msgspec.msgpack.decode(self._line.recv_bytes(), type=Result)
        except (EOFError, OSError):
            return Failed("JudgeDied", "the process that judged it has ended")
        return answer

    def kill(self) -> None:
        """End the process, and its sandbox with it; whoever waits for an answer gets none."""
        self._process.kill()

    def close(self) -> None:
        self.kill()
        self._process.wait()
        self._line.close()


_idle: list[Station] = []
_busy: list[Station] = []
_lock = threading.Lock()


def judge(terms: bytes, order: bytes, seconds: float) -> bytes:
    """Have one submission judged on this machine. What Dask calls, with bytes and for bytes."""
    from distributed import get_worker

    asked = msgspec.msgpack.decode(terms, type=Terms)
    station = _taken(asked)
    result = station.ask(order, seconds + SPARE_S) if fits(asked, station.facts) else None
    _give_back(station, keep=result is not None and not isinstance(result, Failed))
    return msgspec.msgpack.encode(Answer(get_worker().address, station.facts, result))


async def prepare(terms: bytes) -> bytes:
    """Let a station start, and say what this machine is like."""
    asked = msgspec.msgpack.decode(terms, type=Terms)
    station = await asyncio.to_thread(_taken, asked)
    _give_back(station, keep=fits(asked, station.facts))
    return msgspec.msgpack.encode(station.facts)


async def leave(run: str) -> None:
    """End the stations of a command that is done, also those at work."""
    with _lock:
        idle = [station for station in _idle if station.run == run]
        for station in idle:
            _idle.remove(station)
        for station in _busy:
            if station.run == run:
                station.kill()  # and who is waiting for it closes it
    for station in idle:
        station.close()


def _taken(terms: Terms) -> Station:
    with _lock:
        for station in _idle:
            if station.run == terms.run:
                _idle.remove(station)
                _busy.append(station)
                return station
    station = Station(terms)
    with _lock:
        _busy.append(station)
    return station


def _give_back(station: Station, *, keep: bool) -> None:
    with _lock:
        _busy.remove(station)
        if keep:
            _idle.append(station)
            station.orders += 1
            patience = threading.Timer(IDLE_S, _let_go, [station, station.orders])
            patience.daemon = True
            patience.start()
            return
    station.close()


def _let_go(station: Station, orders: int) -> None:
    """Close a station that has done nothing since its last order."""
    with _lock:
        if station not in _idle or station.orders != orders:
            return
        _idle.remove(station)
    station.close()
