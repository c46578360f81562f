"""Frames that a hostile process could send: each is a value that crosses back, or a WireError.

The same examples every time, about twenty seconds of a processor.
"""

from __future__ import annotations

import contextlib
import struct
from typing import Any

import msgspec
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.errors import CheckFailure
from autograder.inside import values, wire
from autograder.line.base import Transport
from autograder.suite.record import Record, as_record
from autograder.suite.session import PlainWords, Session
from tests.autograder.mutating import mutated

FUZZ = settings(
    max_examples=1_000,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

# --- what may cross -----------------------------------------------------------------------------

DTYPES = st.sampled_from(sorted(values.DTYPES))
SHAPES = st.lists(st.integers(0, 4), max_size=4)
ODD_INTS = st.sampled_from([-(2**63), -1, 0, 1, 2, 2**31, 2**40, 2**63, 2**64 - 1]) | st.integers(
    -(2**63), 2**64 - 1
)
SCALARS = st.none() | st.booleans() | ODD_INTS | st.floats() | st.text(max_size=8)
NAMES = st.text("abc_", min_size=1, max_size=3)


@st.composite
def tensors(draw: st.DrawFn) -> torch.Tensor:
    dtype, shape = values.DTYPES[draw(DTYPES)], draw(SHAPES)
    empty = torch.empty(shape, dtype=dtype)
    size = empty.numel() * dtype.itemsize
    raw = bytearray(draw(st.binary(min_size=size, max_size=size)))
    if not size:
        return empty
    if dtype is torch.bool:
        return torch.frombuffer(bytearray(byte % 2 for byte in raw), dtype=dtype).view(shape)
    return torch.frombuffer(raw, dtype=dtype).view(shape)


def _record(fields: list[str], items: list[Any]) -> Record:
    return Record(items[: len(fields)], tuple(fields), "State", 3)


PLAIN = st.recursive(
    SCALARS | tensors() | st.builds(values.HandleV, ODD_INTS, NAMES, st.booleans()),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=4), inner, max_size=4)
        | st.builds(
            _record,
            st.lists(st.text("abc", min_size=1, max_size=3), max_size=3, unique=True),
            st.lists(inner, min_size=3, max_size=3),
        )
    ),
    max_leaves=8,
)

# --- what looks like it -------------------------------------------------------------------------

FORGED = st.recursive(
    SCALARS,
    lambda inner: (
        st.tuples(st.just("t"), DTYPES | st.text(max_size=6), st.lists(ODD_INTS, max_size=18))
        | st.tuples(st.just("t"), DTYPES, SHAPES, st.booleans())
        | st.tuples(st.sampled_from("luxd"), st.lists(inner, max_size=5))
        | st.tuples(st.just("d"), st.dictionaries(st.text(max_size=3), inner, max_size=3))
        | st.tuples(st.just("r"), ODD_INTS, NAMES, st.lists(NAMES, max_size=3), st.lists(inner))
        | st.tuples(st.just("h"), ODD_INTS, st.text(max_size=5), st.booleans())
        | st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)
BODIES = st.fixed_dictionaries(
    {"type": st.sampled_from([*["Done"] * 6, "Failure", "Exec", ""]), "value": FORGED},
    optional={
        "stdout": st.text(max_size=9) | FORGED,
        "call": st.none() | ODD_INTS | FORGED,
        "changed": st.lists(ODD_INTS, max_size=3) | FORGED,
        **dict.fromkeys(("kind", "message", "traceback", "cell", "line", "name"), FORGED),
    },
)
PAYLOADS = st.just(b"") | st.binary(max_size=64)


def framed(header: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(header)) + header + payload


# --- there and back -----------------------------------------------------------------------------


def encoded(value: Any, marked: list[torch.Tensor]) -> bytes:
    ids = {id(tensor) for tensor in marked}
    encoder = values.Encoder(_keep, lambda tensor: id(tensor) in ids)
    done = wire.Done(encoder.encode(value))
    return wire.pack(wire.Reply("id", done), encoder.buffers)


def _keep(value: Any, encoder: values.Encoder) -> values.Value:
    if isinstance(value, Record):
        return values.RecordV(value._cls, value._name, list(value._fields), encoder.all(value))
    assert isinstance(value, values.HandleV)
    return value


def decoded(frame: bytes) -> tuple[Any, list[torch.Tensor]]:
    reply, payload = wire.unpack(frame, wire.Reply)
    decoder = values.Decoder(payload, lambda handle: handle, as_record)
    value = decoder.decode(reply.body.value if isinstance(reply.body, wire.Done) else None)
    decoder.finish()
    return value, decoder.marked


@FUZZ
@given(PLAIN)
def test_what_is_sent_comes_back_byte_for_byte(value: Any) -> None:
    frame = encoded(value, [])
    assert encoded(*decoded(frame)) == frame


@FUZZ
@given(st.data(), PLAIN)
def test_a_damaged_frame_is_a_value_or_an_error(data: st.DataObject, value: Any) -> None:
    frame = mutated(data.draw, encoded(value, []))
    try:
        found = decoded(frame)
    except values.WireError:
        return
    again = encoded(*found)
    assert encoded(*decoded(again)) == again


@FUZZ
@given(BODIES, PAYLOADS)
def test_a_forged_frame_is_a_value_or_an_error(body: dict[str, Any], payload: bytes) -> None:
    frame = framed(msgspec.msgpack.encode({"id": "id", "body": body}), payload)
    try:
        found = decoded(frame)
    except values.WireError:
        return
    again = encoded(*found)
    assert encoded(*decoded(again)) == again


class Forger(Transport):
    """Answers every request with a body of the student's choice and the right id."""

    def __init__(self, body: Any, payload: bytes) -> None:
        self.body, self.payload = body, payload
        self.is_alive = True

    def exchange(self, frame: bytes, timeout: float) -> bytes:
        request, _ = wire.unpack(frame, wire.Request)
        header = msgspec.msgpack.encode({"id": request.id, "body": self.body})
        return framed(header, self.payload)

    def kill(self) -> None:
        self.is_alive = False

    @property
    def alive(self) -> bool:
        return self.is_alive


@FUZZ
@given(BODIES, PAYLOADS)
def test_a_check_meets_a_value_or_a_failure(body: dict[str, Any], payload: bytes) -> None:
    line = Forger(body, payload)
    session = Session(line, 1.0, float("inf"), PlainWords(), lambda session, handle, what: handle)
    with contextlib.suppress(CheckFailure):
        session.value(wire.Get("answer"), "answer")
