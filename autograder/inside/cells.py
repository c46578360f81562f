"""What surrounds the running of a cell: printed text during, failures after."""

from __future__ import annotations

import io
import traceback

from msgspec.structs import replace

from autograder.inside import wire

MESSAGE_CHARS = 2_000
TRACEBACK_CHARS = 6_000
CELL = "<cell "  # how the file names of cells begin
WAY = 20  # places that are told of the way of an error


class CappedText(io.StringIO):
    """A text stream that keeps the first `limit` characters and counts the rest."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit
        self._size = self._lost = 0

    def write(self, text: str) -> int:
        room = self._limit - self._size
        super().write(text[:room])
        self._size += min(len(text), room)
        self._lost += max(0, len(text) - room)
        return len(text)

    def text(self) -> str:
        note = f"\n[{self._lost} more characters not kept]" if self._lost else ""
        return printable(self.getvalue()) + note


def printable(text: str) -> str:
    """The text with what UTF-8 cannot hold (lone surrogates) replaced."""
    return text.encode("utf-8", "replace").decode("utf-8")


def failure_of(error: BaseException) -> wire.Failure:
    """What the student may know about an exception: its own text and the cells it came through."""
    try:
        return _failure_of(error)
    except BaseException as broken:
        # A student's exception class may itself raise when it is printed.
        return wire.Failure(type(error).__name__[:100], f"(unprintable: {type(broken).__name__})")


def _failure_of(error: BaseException) -> wire.Failure:
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename.startswith(CELL)
    ]
    kind, text = type(error).__name__, str(error)
    lines = traceback.format_list(frames) + traceback.format_exception_only(error)
    way = [(_cell_of(frame.filename), frame.lineno or 0) for frame in frames[-WAY:]]
    cell, line = way[-1] if way else ("", 0)
    if isinstance(error, SyntaxError):
        text = str(error.msg)
        if (error.filename or "").startswith(CELL):
            cell, line = _cell_of(str(error.filename)), error.lineno or 0
    name = error.name if isinstance(error, NameError) and isinstance(error.name, str) else ""
    return wire.Failure(
        kind=printable(kind[:100]),
        message=printable(text[:MESSAGE_CHARS]),
        traceback=printable("".join(lines)[-TRACEBACK_CHARS:]),
        cell=cell,
        line=line,
        name=printable(name[:200]),
        way=way,
    )


def _cell_of(filename: str) -> str:
    return printable(filename[len(CELL) : -1][:200])


def with_stdout(body: wire.Done | wire.Failure, stdout: str) -> wire.Done | wire.Failure:
    if isinstance(body, wire.Done):
        return wire.Done(stdout=stdout)
    return replace(body, stdout=stdout)
