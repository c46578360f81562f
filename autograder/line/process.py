"""One confined student process and the line to it, as the host sees them."""

from __future__ import annotations

import signal
import socket
import time
from typing import Protocol

from autograder.errors import MalformedReply, StudentDied, StudentTimeout
from autograder.inside import values, wire
from autograder.line.base import Transport


class Server(Protocol):
    """Who started the process, and knows how it ended."""

    def end(self, pid: int) -> None: ...

    def status(self, pid: int, timeout: float) -> int | None: ...


class StudentProcess(Transport):
    """One confined process and the line to it."""

    def __init__(self, server: Server, pid: int, line: socket.socket, limit: int) -> None:
        self._server = server
        self._pid = pid
        self._line = line
        self._limit = limit
        self._alive = True

    def exchange(self, frame: bytes, timeout: float) -> bytes | bytearray:
        if not self._alive:
            raise StudentDied("it was ended before")
        deadline = time.monotonic() + timeout
        try:
            self._line.settimeout(max(timeout, 0.001))
            self._line.sendall(wire.with_length(frame))
        except TimeoutError:
            self.kill()
            raise StudentTimeout(f"{timeout:g} s") from None
        except OSError:
            raise self._died() from None
        return self.receive(deadline)

    def receive(self, deadline: float) -> bytearray:
        """The next frame. After any failure the process is gone."""
        try:
            length = wire.frame_length(bytes(self._exactly(4, deadline)), self._limit)
            return self._exactly(length, deadline)
        except TimeoutError:
            self.kill()
            raise StudentTimeout("no answer") from None
        except values.WireError as error:
            self.kill()
            raise MalformedReply(str(error)) from None
        except OSError:
            raise self._died() from None

    def kill(self) -> None:
        if self._alive:
            self._alive = False
            self._line.close()
            self._server.end(self._pid)

    @property
    def alive(self) -> bool:
        return self._alive

    def _exactly(self, size: int, deadline: float) -> bytearray:
        data = bytearray(size)
        view, have = memoryview(data), 0
        while have < size:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._line.settimeout(left)
            got = self._line.recv_into(view[have:])
            if got == 0:
                raise ConnectionError
            have += got
        return data

    def _died(self) -> StudentDied:
        status = self._server.status(self._pid, 1.0)
        self.kill()
        return StudentDied("it closed its line" if status is None else _reason(status))


def _reason(status: int) -> str:
    match status - 128:
        case signal.SIGKILL:
            return "killed: memory or processor time limit?"
        case signal.SIGSEGV | signal.SIGBUS:
            return "segmentation fault: out of memory, or endless recursion?"
        case number if number > 0:
            return f"signal {number}"
    return f"exit code {status}"
