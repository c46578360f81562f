"""How a request reaches the student's side, whatever carries it."""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from typing import Protocol

from autograder.errors import MalformedReply
from autograder.inside import values, wire
from autograder.line.limits import Isolation
from autograder.stages import stage


class Transport(ABC):
    """A line to one student process: one request, one reply.

    ``cpu_s`` is the processor time of the process, seen from outside; complete once it has ended.
    """

    cpu_s: float = 0.0

    def request(
        self,
        body: wire.AnyBody,
        timeout: float,
        *,
        buffers: list[bytes] | None = None,
        forget_handles: list[int] | None = None,
        forget_calls: list[int] | None = None,
    ) -> tuple[wire.Done | wire.Failure, memoryview]:
        """Send a request and return the reply's body and the payload its tensors are in.

        Raises:
            StudentTimeout, StudentDied, MalformedReply: the process is gone afterwards.
        """
        identity = secrets.token_hex(16)
        message = wire.Request(identity, body, forget_handles or [], forget_calls or [])
        question = wire.pack(message, buffers or [])
        with stage("wait for answers"):
            frame = self.exchange(question, timeout)
        try:
            reply, payload = wire.unpack(frame, wire.Reply)
            if reply.id != identity:
                raise values.WireError("an answer to a question that was not asked")
        except values.WireError as error:
            self.kill()
            raise MalformedReply(str(error)) from None
        return reply.body, payload

    @abstractmethod
    def exchange(self, frame: bytes, timeout: float) -> bytes | bytearray:
        """Send one frame and return the next one that comes back."""

    @abstractmethod
    def kill(self) -> None:
        """End the student's process; harmless when it is gone already."""

    @property
    @abstractmethod
    def alive(self) -> bool:
        """Whether another request can be sent."""


class Spawner(Protocol):
    """Hands out fresh, empty student processes."""

    @property
    def level(self) -> Isolation: ...

    def spawn(self) -> Transport: ...
