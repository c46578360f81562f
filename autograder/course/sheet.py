"""A table that another program wrote (CSV): read by the names of its columns, filled in place.

Platforms write CSV with or without a byte order mark, with commas, semicolons or tabs, with LF or
CRLF, and expect it back. So a cell is found together with the place in the file where it stands,
and filling it in changes those bytes and no others: encoding, quotes and line ends stay.
"""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import AutograderError

MAX_BYTES = 50 * 2**20
DELIMITERS = ",;\t"
BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True)
class Cell:
    """What a cell says, and where it stands in the text, quotes included."""

    value: str
    start: int
    end: int


@dataclass(frozen=True)
class Line:
    """A row of the table; ``number`` is that of its first line in the file, from 1."""

    number: int
    cells: list[Cell]

    def __getitem__(self, column: int) -> str:
        """Return what stands in a column, without white space around it; nothing past the end."""
        return self.cells[column].value.strip() if column < len(self.cells) else ""


class Sheet:
    """A CSV file with a head, and what is to be written into it."""

    def __init__(self, data: bytes, name: str) -> None:
        self.name = name
        self._bom, self.encoding, self._text = _decoded(data, name)
        self.delimiter = _delimiter(self._text)
        lines = list(_lines(self._text, self.delimiter, name))
        if not lines:
            raise AutograderError(
                "the table is empty", name, "Give a CSV file whose first line names the columns."
            )
        head, *self.lines = lines
        self.head = [cell.value.strip() for cell in head.cells]
        self._edits: dict[tuple[int, int], str] = {}

    @classmethod
    def read(cls, path: Path) -> Sheet:
        """Read a file; raise AutograderError for what is no table."""
        try:
            with path.open("rb") as stream:
                data = stream.read(MAX_BYTES + 1)
        except OSError as error:
            raise AutograderError(
                f"the file cannot be read: {error.strerror}", str(path), "Name a CSV file."
            ) from error
        if len(data) > MAX_BYTES:
            raise AutograderError(
                f"the file is larger than {MAX_BYTES // 2**20} MB",
                str(path),
                "A class list is smaller than that: name the CSV file.",
            )
        return cls(data, str(path))

    def column(self, *names: str) -> int | None:
        """Return the place of the first of these columns that is there; case does not matter."""
        heads = [_folded(head) for head in self.head]
        for name in names:
            if (wanted := _folded(name)) in heads:
                if heads.count(wanted) > 1:
                    raise AutograderError(
                        f"the table has two columns {name!r}",
                        self.name,
                        "Rename or delete the one that is not meant.",
                    )
                return heads.index(wanted)
        return None

    def fill(self, line: Line, column: int, value: str) -> None:
        """Write a value into a cell, when the sheet is asked for its bytes."""
        if column >= len(line.cells):
            raise AutograderError(
                f"line {line.number} has {len(line.cells)} cells, and the head has "
                f"{len(self.head)}",
                self.name,
                "Download the table again, and do not change its lines by hand.",
            )
        cell = line.cells[column]
        if cell.value != value:
            self._edits[cell.start, cell.end] = quoted(value, self.delimiter)

    @property
    def changes(self) -> int:
        """How many cells are to say something else than they did."""
        return len(self._edits)

    def bytes(self) -> bytes:
        """Return the file with all that was filled in, and nothing else changed."""
        pieces, at = [], 0
        for (start, end), value in sorted(self._edits.items()):
            pieces += [self._text[at:start], value]
            at = end
        text = "".join([*pieces, self._text[at:]])
        try:
            return self._bom + text.encode(self.encoding)
        except UnicodeEncodeError as error:
            raise AutograderError(
                f"{text[error.start : error.end]!r} cannot be written in the table's encoding, "
                f"{self.encoding}",
                self.name,
                "Save the table as UTF-8 and fill it in again.",
            ) from error


def quoted(value: str, delimiter: str = ",") -> str:
    """Return a cell as CSV has it."""
    if any(char in value for char in (delimiter, '"', "\r", "\n")) or value != value.strip():
        return '"' + value.replace('"', '""') + '"'
    return value


def repeated(values: Iterable[str]) -> set[str]:
    """Return the values, other than nothing, that occur more than once."""
    return {value for value, times in Counter(values).items() if value and times > 1}


def _folded(name: str) -> str:
    return " ".join(name.replace("_", " ").split()).casefold()


def _decoded(data: bytes, name: str) -> tuple[bytes, str, str]:
    marked = [(bom, encoding) for bom, encoding in BOMS if data.startswith(bom)]
    bom, encoding = marked[0] if marked else (b"", "utf-8")
    try:
        return bom, encoding, data.removeprefix(bom).decode(encoding)
    except UnicodeDecodeError as error:
        raise AutograderError(
            f"the table is not text in {encoding} (byte {error.start})",
            name,
            "Save it as CSV, encoding UTF-8. A spreadsheet (.xlsx) must be saved as CSV first.",
        ) from error


def _delimiter(text: str) -> str:
    """Return what stands between the columns of the head: what it has most of outside quotes."""
    outside = "".join(text.split("\n", 1)[0].split('"')[::2])
    return max(DELIMITERS, key=outside.count)


def _lines(text: str, delimiter: str, name: str) -> Iterator[Line]:
    """Go through the rows; those without any text are left out."""
    at = row = 0
    number = 1
    cells: list[Cell] = []
    while at < len(text) or cells:
        value, end = _cell(text, at, delimiter, name, number)
        cells.append(Cell(value, at, end))
        if end < len(text) and text[end] == delimiter:
            at = end + 1
            continue
        first, number = number, number + text.count("\n", row, end) + 1
        at = row = end + (2 if text[end : end + 2] == "\r\n" else 1)
        if any(cell.value.strip() for cell in cells):
            yield Line(first, cells)
        cells = []


def _cell(text: str, start: int, delimiter: str, name: str, number: int) -> tuple[str, int]:
    """Return the value of the cell that starts here, and where it ends."""
    if text[start : start + 1] != '"':
        end = start
        stops = (delimiter, "\n", "\r")
        while end < len(text) and text[end] not in stops:
            end += 1
        return text[start:end], end
    at = start + 1
    pieces = []
    while True:
        end = text.find('"', at)
        if end == -1:
            raise AutograderError(
                f"a quotation mark that opens in line {number} is never closed",
                name,
                "Download the table again.",
            )
        pieces.append(text[at:end])
        if text[end + 1 : end + 2] != '"':
            break
        pieces.append('"')
        at = end + 2
    if text[end + 1 : end + 2] not in ("", delimiter, "\n", "\r"):
        raise AutograderError(
            f"line {number} has text behind a closing quotation mark",
            name,
            "Download the table again, or save it as CSV from your spreadsheet.",
        )
    return "".join(pieces), end + 1
