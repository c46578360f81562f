"""One confined student process and the line to it, as the host sees them."""

from __future__ import annotations

import signal
import socket
import time
from typing import Protocol

from autograder.errors import MalformedReply, StudentDied, StudentTimeout
from autograder.inside import values, wire
from autograder.line.base import Transport

CHUNK = 2**16  # most answers are smaller, so one call gets them


class Server(Protocol):
    """Who started the process, and knows how it ended."""

    def end(self, pid: int) -> float: ...

    def status(self, pid: int, timeout: float) -> int | None: ...


class StudentProcess(Transport):
    """One confined process and the line to it."""

    def __init__(self, server: Server, pid: int, line: socket.socket, limit: int) -> None:
        self._server = server
        self._pid = pid
        self._line = line
        self._limit = limit
        self._rest = bytearray()  # came along with the last frame
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
            frame, self._rest = self._rest, bytearray()
            self._fill(frame, 4, deadline)
            length = wire.frame_length(bytes(frame[:4]), self._limit)
            self._fill(frame, 4 + length, deadline)
            self._rest = frame[4 + length :]
            return frame[4 : 4 + length]
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
            self.cpu_s = self._server.end(self._pid)

    @property
    def alive(self) -> bool:
        return self._alive

    def _fill(self, frame: bytearray, size: int, deadline: float) -> None:
        """Receive until the frame has at least this size."""
        while len(frame) < size:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._line.settimeout(left)
            data = self._line.recv(max(size - len(frame), CHUNK))
            if not data:
                raise ConnectionError
            frame += data

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
