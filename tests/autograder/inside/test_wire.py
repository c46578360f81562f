"""Only plain values cross the wire, and a forged frame is noticed."""

from __future__ import annotations

import math
import struct
from typing import Any

import msgspec
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.inside import values, wire

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text() | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(), inner, max_size=4)
    ),
    max_leaves=6,  # so never deeper than allowed
)


def keep(value: Any, encoder: values.Encoder) -> values.Value:
    return values.HandleV(7, type(value).__name__, callable(value))


def there_and_back(value: Any) -> Any:
    encoder = values.Encoder(keep, lambda tensor: tensor.requires_grad)
    done = wire.Done(encoder.encode(value))
    frame = wire.pack(wire.Reply("id", done), encoder.buffers)
    reply, payload = wire.unpack(frame, wire.Reply)
    assert reply.id == "id"
    decoder = values.Decoder(payload, lambda handle: handle, lambda record, items: (record, items))
    assert isinstance(reply.body, wire.Done)
    result = decoder.decode(reply.body.value)
    decoder.finish()
    return result


def same(a: Any, b: Any) -> bool:
    if isinstance(a, float) and math.isnan(a):
        return isinstance(b, float) and math.isnan(b)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return isinstance(b, dict) and list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    return type(a) is type(b) and a == b


@given(PLAIN)
@settings(deadline=None, max_examples=150)
def test_plain_values_come_back_as_they_were(value: Any) -> None:
    assert same(value, there_and_back(value))


@pytest.mark.parametrize("name", sorted(values.DTYPES))
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3, 0), (2, 1, 4)])
def test_every_dtype_and_shape(name: str, shape: tuple[int, ...]) -> None:
    tensor = (torch.arange(math.prod(shape)).reshape(shape) % 3).to(values.DTYPES[name])
    back = there_and_back(tensor)
    assert type(back) is torch.Tensor
    assert back.dtype == tensor.dtype
    assert back.shape == tensor.shape
    assert torch.equal(back, tensor)


def test_views_conjugates_and_parameters_cross_by_value() -> None:
    assert torch.equal(
        there_and_back(torch.arange(6.0).view(2, 3).T), torch.arange(6.0).view(2, 3).T
    )
    z = torch.tensor([1 + 2j, 3 - 1j])
    assert torch.equal(there_and_back(z.conj()), z.conj().resolve_conj())
    assert type(there_and_back(torch.nn.Parameter(torch.ones(2)))) is torch.Tensor


def test_a_tensor_subclass_loses_its_tricks() -> None:
    class AlwaysEqual(torch.Tensor):
        def __eq__(self, other: object) -> bool:  # type: ignore[override]
            return True

    back = there_and_back(torch.zeros(3).as_subclass(AlwaysEqual))
    assert type(back) is torch.Tensor
    assert not bool((back == torch.ones(3)).any())


def test_what_cannot_cross_says_so() -> None:
    deep: Any = 1
    for _ in range(values.MAX_DEPTH + 1):
        deep = [deep]
    for value in (deep, 2**64, torch.ones(2).to_sparse(), torch.ones(2, device="meta")):
        with pytest.raises(values.WireError):
            there_and_back(value)


def test_an_unknown_object_becomes_a_handle() -> None:
    assert there_and_back(print) == values.HandleV(7, "builtin_function_or_method", True)


def decode(value: values.Value, payload: bytes = b"") -> Any:
    decoder = values.Decoder(memoryview(payload), lambda h: h, lambda r, items: items)
    result = decoder.decode(value)
    decoder.finish()
    return result


@pytest.mark.parametrize(
    ("value", "payload"),
    [
        (values.TensorV("float32", [2]), b"1234"),  # too few bytes
        (values.TensorV("float32", [1]), b"12345"),  # too many
        (values.TensorV("object", [1]), b"12345678"),
        (values.TensorV("float32", [-1]), b""),
        (values.TensorV("float32", [0, 2**40]), b""),
        (values.TensorV("float32", [1] * 17), b"1234"),
        (values.TensorV("float32", [2**20, 2**20]), b""),
        (values.TensorV("int64", [1], True), bytes(8)),  # integers have no gradient
        (values.ListV([0] * (values.MAX_NODES + 1)), b""),
    ],
)
def test_forged_values_are_refused(value: values.Value, payload: bytes) -> None:
    with pytest.raises(values.WireError):
        decode(value, payload)


def test_a_bool_tensor_holds_nothing_but_zero_and_one() -> None:
    forged = decode(values.TensorV("bool", [3]), bytes([0, 1, 77]))
    assert forged.view(torch.uint8).tolist() == [0, 1, 1]


def header(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\0\0",
        struct.pack(">I", 2**31) + b"x",
        struct.pack(">I", 50) + b"short",
        header(b"\xc1"),
        header(b"\x91" * 5000),
        header(msgspec.msgpack.encode({"id": "x"})),
        header(msgspec.msgpack.encode({"id": "x", "body": {"type": "Done", "value": ["t", 3]}})),
        header(
            msgspec.msgpack.encode({"id": "x", "body": {"type": "Done", "value": ["l", [["l"]]]}})
        ),
        header(msgspec.msgpack.encode({"id": 5, "body": {"type": "Done"}})),
        header(msgspec.msgpack.encode({"id": "x", "body": {"type": "Exec", "cell": "a"}})),
    ],
)
def test_forged_frames_are_refused(frame: bytes) -> None:
    with pytest.raises(values.WireError):
        wire.unpack(frame, wire.Reply)


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_random_bytes_never_do_anything_else_than_fail(data: bytes) -> None:
    for frame in (data, header(data)):
        with pytest.raises(values.WireError):
            wire.unpack(frame, wire.Reply)


def test_sizes_are_limited_both_ways() -> None:
    reply = wire.Reply("id", wire.Done())
    with pytest.raises(values.WireError, match="too large"):
        wire.pack(reply, [bytes(2**20)], limit=2**20)
    with pytest.raises(values.WireError, match="too many"):
        wire.pack(wire.Reply("id", wire.Done("x" * (wire.MAX_HEADER + 1))), [])
    for length in (0, 3, 2**20 + 1):
        with pytest.raises(values.WireError):
            wire.frame_length(struct.pack(">I", length), 2**20)
    assert wire.frame_length(wire.with_length(b"abcde")[:4], 2**20) == 5
