"""The values that cross between the judge and the student's process, and their checks.

None, bool, int, float, str, plain tensors, and lists, tuples, dicts and records of those.
Everything else stays where it is and crosses as a handle. There is no pickle.

This file also runs beside student code, so it imports nothing but the standard library,
torch and msgspec.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec
import torch

MAX_DEPTH = 8
MAX_NODES = 100_000
MAX_DIMS = 16
MAX_BYTES = 64 * 2**20  # of one tensor, also of one that an empty dimension makes empty
DTYPES: dict[str, torch.dtype] = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        *(torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64),
        *(torch.float16, torch.bfloat16, torch.float32, torch.float64),
        *(torch.complex64, torch.complex128),
    )
}


class WireError(ValueError):
    """A value that cannot cross, or a frame that is not what it should be."""


# --- on the wire ------------------------------------------------------------------------------


class TensorV(msgspec.Struct, frozen=True, array_like=True, tag="t"):
    """A tensor; its bytes are next in the payload."""

    dtype: str
    shape: list[int]
    requires_grad: bool = False


class ListV(msgspec.Struct, frozen=True, array_like=True, tag="l"):
    items: list[Value]


class TupleV(msgspec.Struct, frozen=True, array_like=True, tag="u"):
    items: list[Value]


class DictV(msgspec.Struct, frozen=True, array_like=True, tag="d"):
    items: dict[str, Value]


class RecordV(msgspec.Struct, frozen=True, array_like=True, tag="r"):
    """A NamedTuple; `cls` is the handle of its class on the student's side."""

    cls: int
    name: str
    fields: list[str]
    items: list[Value]


class HandleV(msgspec.Struct, frozen=True, array_like=True, tag="h"):
    """An object that stays on the student's side."""

    id: int
    type_name: str = ""
    callable: bool = False


Value: TypeAlias = (
    bool | int | float | str | TensorV | ListV | TupleV | DictV | RecordV | HandleV | None
)

# --- to and from Python -----------------------------------------------------------------------


class Encoder:
    """Turns Python values into wire values and collects the bytes of their tensors.

    `keep` answers for what does not cross as a value: it returns a handle, or a record for a
    NamedTuple. `tensors` lists the tensors met, in order; `wants_grad` says which of them to mark.
    """

    def __init__(
        self,
        keep: Callable[[Any, Encoder], Value],
        wants_grad: Callable[[torch.Tensor], bool],
    ) -> None:
        self._keep = keep
        self._wants_grad = wants_grad
        self._depth = 0
        self.buffers: list[bytes] = []
        self.marked: list[torch.Tensor] = []

    def encode(self, value: Any) -> Value:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, (int, float, str)):
            return _plain(value)
        if type(value).__module__ == "numpy":
            value = torch.as_tensor(value)
        if isinstance(value, torch.Tensor):
            return self._tensor(value)
        if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
            items = self.all(value)
            return ListV(items) if isinstance(value, list) else TupleV(items)
        if isinstance(value, dict) and all(isinstance(key, str) for key in value):
            values = self.all(value.values())
            return DictV(dict(zip(map(str, value), values, strict=True)))
        return self._keep(value, self)

    def all(self, values: Any) -> list[Value]:
        if self._depth >= MAX_DEPTH:
            raise WireError(f"nested deeper than {MAX_DEPTH} levels")
        self._depth += 1
        encoded = [self.encode(value) for value in values]
        self._depth -= 1
        return encoded

    def _tensor(self, tensor: torch.Tensor) -> TensorV:
        name = str(tensor.dtype).removeprefix("torch.")
        if name not in DTYPES or tensor.layout != torch.strided or tensor.device.type != "cpu":
            raise WireError(
                f"a tensor of dtype {name}, layout {tensor.layout} on {tensor.device}; "
                "a dense CPU tensor was expected"
            )
        marked = self._wants_grad(tensor)
        if marked:
            self.marked.append(tensor)
        plain = tensor.detach().resolve_conj().resolve_neg()
        # Not .contiguous(): it leaves a tensor of one element its odd stride, and view() refuses.
        plain = plain.clone(memory_format=torch.contiguous_format).reshape(-1)
        self.buffers.append(plain.view(torch.uint8).numpy().tobytes())
        return TensorV(name, list(tensor.shape), marked)


def _plain(value: int | float | str) -> int | float | str:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float):
        return float(value)
    if not -(2**63) <= value < 2**64:
        raise WireError("an int that does not fit in 64 bits")
    return int(value)


class Decoder:
    """Turns checked wire values into Python values, taking tensors from the payload in order."""

    def __init__(
        self,
        payload: memoryview,
        handle: Callable[[HandleV], Any],
        record: Callable[[RecordV, list[Any]], Any],
    ) -> None:
        self._payload = payload
        self._handle = handle
        self._record = record
        self._nodes = 0
        self.marked: list[torch.Tensor] = []
        self.tensors: list[torch.Tensor] = []

    def decode(self, value: Value, depth: int = 0) -> Any:
        self._nodes += 1
        if depth > MAX_DEPTH or self._nodes > MAX_NODES:
            raise WireError(f"more than {MAX_DEPTH} levels or {MAX_NODES} values")
        if isinstance(value, TensorV):
            return self._tensor(value)
        if isinstance(value, HandleV):
            return self._handle(value)
        if isinstance(value, DictV):
            return {key: self.decode(item, depth + 1) for key, item in value.items.items()}
        if isinstance(value, (ListV, TupleV, RecordV)):
            items = [self.decode(item, depth + 1) for item in value.items]
            if isinstance(value, RecordV):
                return self._record(value, items)
            return items if isinstance(value, ListV) else tuple(items)
        return value

    def all(self, values: list[Value]) -> list[Any]:
        return [self.decode(value) for value in values]

    def finish(self) -> None:
        """Raise WireError unless the tensors used the payload exactly."""
        if len(self._payload):
            raise WireError(f"{len(self._payload)} bytes that belong to no tensor")

    def _tensor(self, value: TensorV) -> torch.Tensor:
        dtype = DTYPES.get(value.dtype)
        if dtype is None:
            raise WireError(f"an unknown dtype {value.dtype[:40]!r}")
        if len(value.shape) > MAX_DIMS or min(value.shape, default=0) < 0:
            raise WireError("an impossible shape")
        # What a check sums over an empty dimension is as large as the others together.
        if math.prod(max(dim, 1) for dim in value.shape) * dtype.itemsize > MAX_BYTES:
            raise WireError(f"a tensor of more than {MAX_BYTES} bytes, or as good as that")
        size = math.prod(value.shape) * dtype.itemsize
        if size > len(self._payload):
            raise WireError(f"a tensor of {size} bytes with {len(self._payload)} bytes left")
        raw, self._payload = self._payload[:size], self._payload[size:]
        if not size:
            tensor = torch.empty(value.shape, dtype=dtype)
        elif dtype is torch.bool:  # any other byte than 0 or 1 in a bool tensor is undefined
            tensor = (torch.frombuffer(bytearray(raw), dtype=torch.uint8) != 0).view(value.shape)
        else:
            tensor = torch.frombuffer(bytearray(raw), dtype=dtype).view(value.shape)
        if value.requires_grad:
            if not (dtype.is_floating_point or dtype.is_complex):
                raise WireError(f"a {value.dtype} tensor that asks for gradients")
            self.marked.append(tensor)
        self.tensors.append(tensor)
        return tensor
