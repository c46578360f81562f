"""A conversation with the student's side: time limits, bookkeeping, and errors in plain words."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NoReturn

import torch

from autograder.inside import values, wire
from autograder.line.transport import MalformedReply, StudentDied, StudentTimeout, Transport
from autograder.suite.failure import CheckFailure, MissingName


class Record(tuple[Any, ...]):
    """A NamedTuple of the student's: a tuple whose fields can be read by name."""

    _fields: tuple[str, ...]
    _name: str
    _cls: int

    def __new__(cls, items: list[Any], fields: tuple[str, ...], name: str, handle: int) -> Record:
        self = super().__new__(cls, items)
        self._fields, self._name, self._cls = fields, name, handle
        return self

    def __getattribute__(self, name: str) -> Any:
        # Before anything else: a field may be called `count` or `index`, like a tuple's methods.
        fields = object.__getattribute__(self, "__dict__").get("_fields", ())
        if name in fields:
            return self[fields.index(name)]
        return super().__getattribute__(name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        listed = ", ".join(self._fields)
        raise MissingName(f"{self._name} has no field `{name}`; its fields are: {listed}")

    def __repr__(self) -> str:
        inside = ", ".join(f"{k}={v!r}" for k, v in zip(self._fields, self, strict=True))
        return f"{self._name}({inside})"

    def _replace(self, **changes: Any) -> Record:
        items = [changes.pop(field, item) for field, item in zip(self._fields, self, strict=True)]
        if changes:
            raise CheckFailure(f"{self._name} has no field `{next(iter(changes))}`")
        return self._make(items)

    def _make(self, items: list[Any]) -> Record:
        return Record(list(items), self._fields, self._name, self._cls)

    def _asdict(self) -> dict[str, Any]:
        return dict(zip(self._fields, self, strict=True))


class Session:
    """One line to the student's side: time limits, bookkeeping, and errors in plain words."""

    def __init__(
        self,
        transport: Transport,
        call_s: float,
        deadline: float,
        explain: Callable[[wire.Failure], str],
        remote: Callable[[Session, values.HandleV, str], Any],
    ) -> None:
        self.transport = transport
        self.call_s = call_s
        self.deadline = deadline
        self.explain = explain
        self._remote = remote
        self.changed: list[int] = []
        self.last_label = ""
        self.last_result: Any = None
        self._forget_handles: list[int] = []
        self._forget_calls: list[int] = []

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
        return reply, values.Decoder(payload, lambda h: self._remote(self, h, what), _record)

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

    def forget_handle(self, handle: int) -> None:
        self._forget_handles.append(handle)

    def forget_call(self, call: int) -> None:
        self._forget_calls.append(call)

    def _keep(self, value: Any, encoder: values.Encoder) -> values.Value:
        if isinstance(value, Record):
            return values.RecordV(value._cls, "", [], encoder.all(value))
        handle = getattr(value, "_handle", None)
        if isinstance(handle, values.HandleV):
            return values.HandleV(handle.id)
        raise TypeError(f"a {type(value).__name__} cannot be sent to the student's side")

    def _fail(self, failure: wire.Failure, what: str) -> NoReturn:
        reason = self.explain(failure)
        if failure.kind == "NameError" and not failure.cell:
            # Asked for by the check itself, not by a line of the student's.
            raise MissingName(f"`{what}` is not defined: {reason or 'is its cell filled in?'}")
        if failure.kind == "WireError":
            raise CheckFailure(f"the result of {what} could not be handed over: {failure.message}")
        where = f" in cell {failure.cell}, line {failure.line}" if failure.cell else ""
        said = f": {failure.message}" if failure.message else ""
        if failure.kind == "NotImplementedError" and not said:
            raise CheckFailure(f"{what} is not written yet{where}")
        missing = failure.kind == "AttributeError" and not failure.cell
        raise (MissingName if missing else CheckFailure)(
            f"{what} raised {failure.kind}{said}{where}{reason and f'. {reason}'}"
        )


def _record(record: values.RecordV, items: list[Any]) -> Record:
    if len(record.fields) != len(items):
        raise values.WireError("a record with more values than fields")
    return Record(items, tuple(record.fields), record.name[:100], record.cls)
