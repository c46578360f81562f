"""Another program's table: read as it is, and filled in without touching the rest."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.course.sheet import MAX_BYTES, Sheet
from autograder.errors import AutograderError


def sheet(text: str, encoding: str = "utf-8") -> Sheet:
    return Sheet(text.encode(encoding), "table.csv")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_only_the_cell_changes(end: str, delimiter: str, bom: str) -> None:
    lines = [
        delimiter.join(['"Full name"', "ID", "Grade"]),
        delimiter.join(['"O""Neil, Jr."', "007", ""]),
        "",
        delimiter.join(['"two\nlines"', '"008"', '"1,50"']),
    ]
    text = bom + end.join(lines) + end
    table = sheet(text)
    assert table.head == ["Full name", "ID", "Grade"]
    assert [line.number for line in table.lines] == [2, 4]
    assert [(line[0], line[1]) for line in table.lines] == [
        ('O"Neil, Jr.', "007"),
        ("two\nlines", "008"),
    ]
    assert table.bytes() == text.encode()
    table.fill(table.lines[1], 2, "4.5")
    assert table.bytes().decode() == text.replace('"1,50"', "4.5")


def test_what_is_filled_in_is_quoted_where_it_must_be() -> None:
    table = sheet("a,b\n1,\n")
    table.fill(table.lines[0], 1, 'say "x", and\nmore')
    (_, row) = csv.reader(io.StringIO(table.bytes().decode()))
    assert row == ["1", 'say "x", and\nmore']


def test_filling_in_what_is_there_changes_nothing() -> None:
    table = sheet('a,b\n1,"2"\n')
    table.fill(table.lines[0], 1, "2")
    assert (table.changes, table.bytes()) == (0, b'a,b\n1,"2"\n')


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_encodings_that_spreadsheets_write(encoding: str) -> None:
    data = "Name;Grade\nZoë;\n".encode(encoding)
    table = Sheet(data, "table.csv")
    assert table.bytes() == data
    table.fill(table.lines[0], 1, "5")
    assert table.bytes().decode(encoding) == "Name;Grade\nZoë;5\n"


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=6)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=5))
def test_it_reads_what_csv_writes(rows: list[list[str]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(["a", "b", "c"])
    writer.writerows(rows)
    table = sheet(text.getvalue())
    wanted = [row for row in rows if any(cell.strip() for cell in row)]
    assert [[cell.value for cell in line.cells] for line in table.lines] == wanted
    assert table.bytes() == text.getvalue().encode()


def test_columns_are_found_by_name_whatever_the_case() -> None:
    table = sheet("First_Name, Email  Address ,x\n")
    assert (table.column("first name"), table.column("E-mail", "email address")) == (0, 1)
    assert table.column("Grade") is None


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b'a,b\n"1,2\n', "never closed"),
        (b'a,b\n"1"2,3\n', "behind a closing"),
        ("Zoë,b\n".encode("cp1252"), "not text in utf-8"),
        (b"PK\x03\x04\xff", "not text"),
        (b"a,a\n1,2\n", "two columns 'a'"),
    ],
)
def test_what_is_no_table_is_said(data: bytes, says: str) -> None:
    with pytest.raises(AutograderError, match=says):
        Sheet(data, "table.csv").column("a")


def test_a_line_that_is_too_short_cannot_be_filled_in() -> None:
    table = sheet("a,b,c\n1\n")
    with pytest.raises(AutograderError, match="line 2 has 1 cells"):
        table.fill(table.lines[0], 2, "x")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(AutograderError, match="cannot be read"):
        Sheet.read(tmp_path / "none.csv")
    large = tmp_path / "large.csv"
    with large.open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)
    with pytest.raises(AutograderError, match="larger than"):
        Sheet.read(large)
