"""What a check has asked the student's side: remembered in words, for when it fails.

Of what was given, kinds and shapes are told and never a number, so that no question can be
answered by rote.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import torch

from autograder.differences import kind_of
from autograder.suite.record import Record

KEPT = 64  # calls; a streaming check makes thousands
ITEMS = 4  # of a tuple or a list that are told one by one
DEPTH = 2
SOUGHT = 16  # of a tuple or a list, in which a tensor is looked for


class _Call(NamedTuple):
    label: str
    kinds: list[object]
    named: dict[str, object]
    memory: list[int]  # where the tensors of the answer lie


class Asked:
    """The calls of one check, the last ones, and what each gave."""

    def __init__(self) -> None:
        self._calls: deque[_Call] = deque(maxlen=KEPT)
        self.failed = False  # the last one gave no answer

    def note(
        self,
        label: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        result: object = None,
        *,
        failed: bool = False,
    ) -> None:
        """Remember a call."""
        self.failed = failed
        kinds = [_kind_given(value) for value in args]
        named = {name: _kind_given(value) for name, value in kwargs.items()} if kwargs else {}
        self._calls.append(_Call(label, kinds, named, list(_memory(result))))

    def behind(self, answer: object) -> str:
        """Return the call that an answer came from, or else the last one; nothing before any."""
        if not self._calls:
            return ""
        wanted = set(_memory(answer))
        calls = reversed(self._calls)
        call = next((each for each in calls if wanted.intersection(each.memory)), self._calls[-1])
        named = (f"{name}={_given(kind)}" for name, kind in call.named.items())
        return f"{call.label}({', '.join([*map(_given, call.kinds), *named])})"


def _kind_given(value: object) -> object:
    """Return what is kept of an argument: little, because hardly any call is ever told."""
    if isinstance(value, torch.Tensor):
        return value.shape
    if isinstance(value, Record):
        return value._name
    return value if value is None or isinstance(value, bool) else type(value)


def _given(kind: object) -> str:
    """Return the kind of an argument, as short as it can be: a tensor by its shape."""
    if isinstance(kind, torch.Size):
        return str(tuple(kind)) if kind else "a number"
    if kind in (int, float):
        return "a number"
    if isinstance(kind, type):
        return kind.__name__ if kind.__module__ == "builtins" else "an object of yours"
    return str(kind)


def kind(value: object, depth: int = DEPTH) -> str:
    """Return what a call gave, in words: kinds, shapes and dtypes."""
    if isinstance(value, torch.Tensor):
        return kind_of(value)
    if isinstance(value, (tuple, list, dict)) and depth:
        items = [*value.values()] if isinstance(value, dict) else [*value]
        inside = ", ".join(kind(item, depth - 1) for item in items[:ITEMS])
        more = ", ..." if len(items) > ITEMS else ""
        name = value._name if isinstance(value, Record) else type(value).__name__
        return f"{name} of {len(items)} ({inside}{more})" if items else f"empty {name}"
    handle = getattr(value, "_handle", None)
    return "None" if value is None else str(getattr(handle, "type_name", type(value).__name__))


def _memory(value: object) -> Iterator[int]:
    """Yield where the tensors of a value lie: a slice of an answer lies where the answer does."""
    if isinstance(value, torch.Tensor):
        if value.numel():
            yield value.untyped_storage().data_ptr()
    elif isinstance(value, (tuple, list)):
        for item in value[:SOUGHT]:
            yield from _memory(item)
