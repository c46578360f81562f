"""Ask the student's side for something: every error becomes a sentence for the student."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any, NoReturn, Protocol

import torch

from autograder.errors import (
    CheckFailure,
    MalformedReply,
    MissingName,
    StudentDied,
    StudentTimeout,
)
from autograder.inside import values, wire
from autograder.line.base import Transport
from autograder.suite.asked import Asked
from autograder.suite.record import Record, as_record

TEXT_CHARS = 200
# What a tensor or a list of numbers looks like in print.
NUMBERS = re.compile(
    r"(?:tensor|array)\(.*|[\[(]\s*(?:[-+]?\d[\d.e+-]*(?:,\s*|\s+)){3,}.*", re.DOTALL
)


def brief(text: str) -> str:
    """Return what is shown of a text that student code made from the inputs of a check.

    Its first line, of usual length, without the numbers: those are what the check asks with.
    """
    first = NUMBERS.sub("[...]", text.strip()).partition("\n")[0].rstrip()
    return first if len(first) <= TEXT_CHARS else f"{first[:TEXT_CHARS].rstrip()} [...]"


class Words(Protocol):
    """What is known of a notebook's cells, for sentences about failures."""

    def where(self, failure: wire.Failure) -> str:
        """Name the place of a failure that was raised in a cell."""

    def why(self, failure: wire.Failure) -> str:
        """Give a reason that the failure itself does not, or nothing."""


class PlainWords:
    """Words of somebody who knows no more than the failure does."""

    def where(self, failure: wire.Failure) -> str:
        return f"cell {failure.cell}, line {failure.line}"

    def why(self, failure: wire.Failure) -> str:
        return ""


class Session:
    """The conversation of one check.

    Args:
        transport: the line to the process in which the cells ran.
        call_s: time limit of one request, in seconds.
        deadline: `time.monotonic()` after which nothing is asked any more.
        words: says where a failure was and why, as far as somebody knows.
        remote: makes the object that stands for something kept on the student's side.
    """

    def __init__(
        self,
        transport: Transport,
        call_s: float,
        deadline: float,
        words: Words,
        remote: Callable[[Session, values.HandleV, str], Any],
    ) -> None:
        self.transport = transport
        self.call_s = call_s
        self.deadline = deadline
        self.words = words
        self._remote = remote
        self.changed: list[int] = []
        self.last_label = ""
        self.last_result: Any = None
        self.asked = Asked()
        self._forget_handles: list[int] = []
        self._forget_calls: list[int] = []
        self.process = 0  # counts them: a number from an earlier one means nothing now

    def ask(
        self, body: wire.AnyBody, what: str, buffers: list[bytes] | None = None
    ) -> tuple[wire.Done, values.Decoder]:
        """Send a request; return the reply and a decoder for the tensors in it."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise CheckFailure("the time for the whole notebook was used up")
        handles, self._forget_handles = self._forget_handles, []
        calls, self._forget_calls = self._forget_calls, []
        timeout = min(self.call_s, left)
        try:
            reply, payload = self.transport.request(
                body, timeout, buffers=buffers, forget_handles=handles, forget_calls=calls
            )
        except StudentTimeout:
            raise CheckFailure(f"{what} took longer than {timeout:.3g} s") from None
        except StudentDied as error:
            raise CheckFailure(f"{what}: the process ended ({error})") from None
        except MalformedReply as error:
            raise CheckFailure(f"{what} gave an unreadable answer: {error}") from None
        if isinstance(reply, wire.Failure):
            self._fail(reply, what)
        return reply, values.Decoder(payload, lambda h: self._remote(self, h, what), as_record)

    def renew(self, transport: Transport) -> None:
        """Go on with another process; what was kept on the student's side is gone."""
        self.transport = transport
        self.process += 1
        self.changed, self.last_label, self.last_result = [], "", None
        self._forget_handles, self._forget_calls = [], []

    def value(self, body: wire.AnyBody, what: str, buffers: list[bytes] | None = None) -> Any:
        """Ask for something that carries no gradient."""
        reply, decoder = self.ask(body, what, buffers)
        return self.decoded(reply.value, decoder, what)

    def decoded(self, value: values.Value, decoder: values.Decoder, what: str) -> Any:
        try:
            result = decoder.decode(value)
            decoder.finish()
        except values.WireError as error:
            self.transport.kill()
            raise CheckFailure(f"{what} gave an unreadable answer: {error}") from None
        return result

    def encoder(self) -> values.Encoder:
        grad = torch.is_grad_enabled()
        return values.Encoder(self._keep, lambda tensor: grad and tensor.requires_grad)

    def forget_handle(self, handle: int, process: int) -> None:
        self._forget_handles += [handle] if process == self.process else []

    def forget_call(self, call: int, process: int) -> None:
        self._forget_calls += [call] if process == self.process else []

    def _keep(self, value: Any, encoder: values.Encoder) -> values.Value:
        if isinstance(value, Record):
            return values.RecordV(value._cls, "", [], encoder.all(value))
        handle = getattr(value, "_handle", None)
        if isinstance(handle, values.HandleV):
            return values.HandleV(handle.id)
        raise TypeError(f"a {type(value).__name__} cannot be sent to the student's side")

    def _fail(self, failure: wire.Failure, what: str) -> NoReturn:
        reason = self.words.why(failure)
        if failure.kind == "NameError" and not failure.cell:
            # Asked for by the check itself, not by a line of the student's.
            raise MissingName(f"`{what}` is not defined: {reason or 'is its cell filled in?'}")
        if failure.kind == "WireError":
            raise CheckFailure(
                f"the result of {what} could not be handed over: {brief(failure.message)}"
            )
        place = self.words.where(failure) if failure.cell else ""
        where = f" ({place})" if place else ""
        said = f": {brief(failure.message)}" if failure.message else ""
        if failure.kind == "NotImplementedError" and not said:
            raise CheckFailure(f"{what} is not filled in yet{where}")
        missing = failure.kind == "AttributeError" and not failure.cell
        raise (MissingName if missing else CheckFailure)(
            f"{what} raised {failure.kind}{said}{where}{reason and f'. {reason}'}"
        )
