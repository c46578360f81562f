"""A NamedTuple of the student's, as a check holds it."""

from __future__ import annotations

from typing import Any

from autograder.errors import CheckFailure, MissingName
from autograder.inside import values


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


def as_record(record: values.RecordV, items: list[Any]) -> Record:
    """Return the record that came over the wire; raise WireError when it is not one."""
    if len(record.fields) != len(items):
        raise values.WireError("a record with more values than fields")
    if any(field.startswith("_") for field in record.fields):
        raise values.WireError("a record with a field that no NamedTuple can have")
    return Record(items, tuple(record.fields), record.name[:100], record.cls)
