"""Messages between the judge and the student's process.

A frame is ``header length (4 bytes) | header | payload``. The header is msgpack, checked by
msgspec against the types below, and small; the payload is the raw bytes of the tensors, in the
order in which the header names them. Whoever reads a frame checks its length and its header
here, and what is in it while decoding (`values.py`).

This file also runs beside student code, so it imports nothing but the standard library,
msgspec and `values`.
"""

from __future__ import annotations

import struct
from typing import Any, TypeAlias, TypeVar

import msgspec

from autograder.inside.values import Value, WireError

MAX_FRAME = 64 * 2**20  # bytes; both ways
MAX_HEADER = 2**20  # bounds the number of objects a frame can turn into
_LENGTH = struct.Struct(">I")

# --- requests ---------------------------------------------------------------------------------


class Body(msgspec.Struct, frozen=True, tag=True):
    """What the judge asks for."""


class Refuse(Body, frozen=True):
    """Make these raise when student code uses them: dotted path -> name to report.

    What is refused `elsewhere`, in other parts of the notebook, is only found by name.
    """

    spellings: dict[str, str]
    elsewhere: dict[str, str] = {}


class Seed(Body, frozen=True):
    seed: int


class Scan(Body, frozen=True):
    """Say where a cell names something refused. Asked before any cell has run."""

    source: str


class Exec(Body, frozen=True):
    cell: str
    source: str


class Get(Body, frozen=True):
    name: str


class Call(Body, frozen=True):
    target: int
    args: list[Value]
    kwargs: dict[str, Value]
    grad: bool


class Attr(Body, frozen=True):
    target: int
    name: str


class Vjp(Body, frozen=True):
    """Vector-Jacobian product of an earlier call: cotangents in, input gradients out."""

    call: int
    cotangents: list[Value]


class Commit(Body, frozen=True):
    """Add the parameter gradients found by the last Vjp of this call to `.grad`."""

    call: int


class StateDict(Body, frozen=True):
    target: int


class LoadStateDict(Body, frozen=True):
    target: int
    state: dict[str, Value]


class Grads(Body, frozen=True):
    target: int


class ZeroGrad(Body, frozen=True):
    target: int


class Convert(Body, frozen=True):
    target: int
    dtype: str


class Train(Body, frozen=True):
    target: int
    mode: bool


AnyBody: TypeAlias = (
    Refuse
    | Seed
    | Scan
    | Exec
    | Get
    | Call
    | Attr
    | Vjp
    | Commit
    | StateDict
    | LoadStateDict
    | Grads
    | ZeroGrad
    | Convert
    | Train
)


class Request(msgspec.Struct, frozen=True):
    """`id` cannot be guessed and must be echoed, so an answer sent in advance never counts."""

    id: str
    body: AnyBody
    forget_handles: list[int] = []
    forget_calls: list[int] = []


# --- replies ----------------------------------------------------------------------------------


class Done(msgspec.Struct, frozen=True, tag=True):
    value: Value = None
    stdout: str = ""
    call: int | None = None  # names the kept graph, for Vjp
    changed: list[int] = []  # which tensor arguments the call wrote into


class Failure(msgspec.Struct, frozen=True, tag=True):
    """Student code raised; `cell` and `line` say where, when it was in a cell.

    `way` has the last cells and lines that the error came through, `cell` and `line` at its end.
    """

    kind: str
    message: str
    traceback: str = ""
    cell: str = ""
    line: int = 0
    name: str = ""  # the missing name of a NameError
    stdout: str = ""
    way: list[tuple[str, int]] = []


class Reply(msgspec.Struct, frozen=True):
    id: str
    body: Done | Failure


# --- frames -----------------------------------------------------------------------------------

Message = TypeVar("Message", Request, Reply)
_decoders: dict[type, msgspec.msgpack.Decoder[Any]] = {
    kind: msgspec.msgpack.Decoder(kind) for kind in (Request, Reply)
}
_encoder = msgspec.msgpack.Encoder()


def pack(message: Request | Reply, buffers: list[bytes], limit: int = MAX_FRAME) -> bytes:
    """Return one frame; raise WireError when it would be larger than allowed."""
    try:
        header = _encoder.encode(message)
    except (OverflowError, UnicodeEncodeError) as error:
        raise WireError(str(error)) from None
    size = _LENGTH.size + len(header) + sum(map(len, buffers))
    if len(header) > MAX_HEADER:
        raise WireError(f"too many values: {len(header)} bytes of {MAX_HEADER} without tensors")
    if size > limit:
        raise WireError(f"too large: {size / 2**20:.1f} MiB, the limit is {limit / 2**20:.0f} MiB")
    return b"".join([_LENGTH.pack(len(header)), header, *buffers])


def unpack(frame: bytes | bytearray, kind: type[Message]) -> tuple[Message, memoryview]:
    """Split a frame into its checked header and the payload."""
    view = memoryview(frame)
    if len(view) < _LENGTH.size:
        raise WireError("a frame without a header")
    (length,) = _LENGTH.unpack_from(view)
    if length > MAX_HEADER or _LENGTH.size + length > len(view):
        raise WireError(f"a header of {length} bytes in a frame of {len(view)}")
    end = _LENGTH.size + length
    try:
        message: Message = _decoders[kind].decode(view[_LENGTH.size : end])
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise WireError(f"an unreadable header: {error}") from None
    return message, view[end:]


def frame_length(prefix: bytes, limit: int) -> int:
    """Read the 4 bytes before a frame on a stream."""
    (length,) = _LENGTH.unpack(prefix)
    if not _LENGTH.size <= length <= limit:
        raise WireError(f"a frame of {length} bytes, the limit is {limit}")
    return int(length)


def with_length(frame: bytes) -> bytes:
    """Put the 4 bytes before a frame that a stream needs."""
    return _LENGTH.pack(len(frame)) + frame
