"""Deep, wide, long and slow input at every door where the judge meets what a student wrote.

Each door gets as much as it lets in. It must come through, or refuse with its own kind of error,
within a processor time and a memory that leave ten times what it takes today: quadratic work,
recursion and copies of copies go beyond them, a slow machine does not.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import msgspec
import nbformat.v4 as v4
import pytest
import torch
from msgspec.structs import replace

from autograder.errors import CheckFailure, Unreadable
from autograder.inside import values, wire
from autograder.inside.scan import refused_in
from autograder.inside.source import MAX_CHARS, Unread
from autograder.judge.cells import plain
from autograder.judge.words import NotebookWords
from autograder.notebooks.assemble import dumps
from autograder.notebooks.marks import answers_of
from autograder.notebooks.names import defined_in
from autograder.notebooks.outline import outline
from autograder.notebooks.pairing import pair
from autograder.notebooks.read import MAX_BYTES, MAX_CELLS, read_submission
from autograder.steps.autograded import graded_notebook
from autograder.steps.feedback import page as feedback_page
from autograder.steps.report import site
from autograder.steps.site.people import Class, Person
from autograder.suite.expect import describe, explained
from autograder.suite.record import as_record
from autograder.verdict import CellResult, CheckResult, PartResult, Verdict
from tests.autograder.bounded import bounded
from tests.autograder.inside.test_source import DEEP
from tests.autograder.inside.test_wire_fuzz import decoded, framed
from tests.autograder.scored import scored
from tests.autograder.small import LAYER, SCALE, SOURCE, cell, judge, submitted

ROOM = MAX_BYTES - 2_000
START = b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": "x", "outputs": '


def test_the_limits_bite() -> None:
    def endless() -> None:
        while True:
            pass

    assert bounded(endless, cpu_s=1) == "SIGKILL"
    assert "MemoryError" in bounded(lambda: bytearray(2**30), memory_mb=512)
    assert "ZeroDivisionError" in bounded(lambda: 1 / 0)
    assert bounded(lambda: None) == ""


# --- the notebook reader ------------------------------------------------------------------------


def repeated(unit: bytes, end: bytes = b"0") -> bytes:
    return START + b"[" + unit * (ROOM // len(unit)) + end + b"]}]}"


def old(kind: str) -> bytes:
    output = {"output_type": kind, "stream": "stdout", "text": "x"}
    sheet = {"cells": [{"cell_type": "code", "input": "x", "outputs": [output] * 250_000}]}
    return json.dumps({"nbformat": 3, "worksheets": [sheet]}).encode()


FILES: dict[str, Callable[[], bytes]] = {
    "lists": lambda: repeated(b"[],", b"[]"),
    "dicts": lambda: repeated(b"{},"),
    "numbers": lambda: repeated(b"1e9,"),
    "infinities": lambda: repeated(b"1e999,"),
    "long numbers": lambda: repeated(b"9" * 4300 + b","),
    "one long number": lambda: START + b"9" * ROOM + b"}]}",
    "one long fraction": lambda: START + b"0." + b"9" * ROOM + b"}]}",
    "strings": lambda: repeated(b'"\\ud800",'),
    "keys": lambda: START + b"{%s}}]}" % b",".join(b'"%07d":0' % i for i in range(1_700_000)),
    "one key again and again": lambda: START + b"{%s}}]}" % b",".join([b'"a":0'] * 3_000_000),
    "deep lists": lambda: START + b"[" * ROOM,
    "deep dicts": lambda: START + b'{"a":' * (ROOM // 5),
    "nearly too deep": lambda: START + b"[" * 900 + b"]" * 900 + b"}]}",
    "a version nobody can name": lambda: b'{"nbformat": %s}' % (b"[" * 900 + b"]" * 900),
    "an old notebook's outputs": lambda: old("stream"),
    "a long line": lambda: json.dumps({"cells": [cell("x" * ROOM)]}).encode(),
    "short lines": lambda: json.dumps({"cells": [cell("x\n" * (ROOM // 3))]}).encode(),
    "a list of lines": lambda: (
        json.dumps({"cells": [cell("") | {"source": ["x"] * 5_000_000}]})
        .replace(" ", "")
        .encode()[:ROOM]
    ),
    "cells": lambda: json.dumps({"cells": [{"cell_type": "raw"}] * 700_000}).encode(),
    "spaces": lambda: b" " * ROOM,
}


@pytest.mark.parametrize("name", sorted(FILES))
def test_any_file_is_read_or_refused(name: str) -> None:
    def read() -> None:
        data = FILES[name]()
        assert len(data) <= MAX_BYTES
        with contextlib.suppress(Unreadable):
            read_submission(data)

    assert bounded(read) == ""


# --- cells: pairing, names, the writer's pages --------------------------------------------------


def many(source: str, grade_id: str = "", **marks: Any) -> Any:
    """Return a right notebook with as many cells on top as the reader lets through."""
    size = min(len(source), 5_000)
    more = [cell(f"{source[:size]}\n{i} = {i}", grade_id, **marks) for i in range(MAX_CELLS - 6)]
    notebook = submitted()
    notebook.cells += more
    return notebook


NOTEBOOKS: dict[str, Callable[[], Any]] = {
    "one id": lambda: many("x = 1\n" * 2_000, "scale", solution=True),
    "ids of one's own": lambda: many("x = 1\n" * 2_000, "y" * 200, solution=True),
    "test cells": lambda: many("x = 1\n" * 2_000, "scale-test", grade=True),
    "imports": lambda: many("from a import (\n" * 1_000),
    "targets": lambda: many("a, (b, " * 2_000),
    "long lines": lambda: many("a" * 9_000),
    "blank lines": lambda: many("\n" * 2_000),
    "markup": lambda: many("<script>&" * 1_000),
    "quotes": lambda: many("'''" * 3_000),
}


@pytest.mark.parametrize("name", sorted(NOTEBOOKS))
def test_any_cells_are_paired_and_shown(name: str) -> None:
    def show() -> None:
        data = json.dumps(NOTEBOOKS[name]()).encode()
        clean = read_submission(data)
        paired = pair(outline(SOURCE), clean)
        assert len(paired.cells) == len(outline(SOURCE))
        assert len(str(paired)) < 2**20
        assert all(len(text) < 2**19 for text in answers_of(clean).values())
        verdict = wide_verdict()
        dumps(graded_notebook(SOURCE, clean, verdict)).encode()
        feedback_page(verdict, scored(verdict), data).encode()

    assert bounded(show) == ""


@pytest.mark.parametrize("unit", ["a,", "(", "a = ", "import a, ", "from a import (\n", "a:", "\n"])
def test_names_are_found_in_linear_time(unit: str) -> None:
    assert bounded(lambda: list(defined_in(unit * (4_000_000 // len(unit))))) == ""


def wide_verdict(student: str = "ada") -> Verdict:
    """Return the largest verdict that a hostile submission can get."""
    noise = "<&>'\" \u2028é\n" * 2_500
    checks = [CheckResult(f"c{i}", "title", 0.0, 1.0, plain(noise, 1_500)) for i in range(60)]
    cells = [CellResult(name, "error", name, noise[:20_000], noise[:8_000]) for name in SHOWN]
    parts = [PartResult("scale-test", 60.0, checks), PartResult("layer-test", 60.0, checks)]
    return Verdict("a1", student, "bwrap", 1, "f", parts, cells, ["problem " * 40] * 20)


SHOWN = ["scale", "scale-test", "layer", "layer-test"]


def test_a_class_of_thousands_is_reported() -> None:
    def report() -> None:
        verdicts = {f"s{n}": wide_verdict(f"student-{n}") for n in range(300)}
        people = [Person(v, scored(v), v.student, file) for file, v in verdicts.items()]
        waiting = [f"waiting-{number}" for number in range(5_000)]
        found = Class("a1", people, waiting, [])
        assert "student-299" in "".join(
            page for name, page in site(found) if name == "students.html"
        )

    assert bounded(report) == ""


# --- the scan -----------------------------------------------------------------------------------

RIDDLES = DEEP | {
    "a path of imports": "import a" + ".a" * (MAX_CHARS // 2 - 10),
    "a path under another name": f"import a{'.a' * 150} as b\n" + "b.c\n" * 20_000,
    "names in names": "import torch as a0\n"
    + "".join(f"a{i + 1} = a{i}.b\n" for i in range(5_000)),
    "attributes of attributes": ("x = torch" + ".a" * 800 + "\n") * 60,
    "many names": "".join(f"import a{i}\n" for i in range(8_000)),
    "f-strings": 'f"' + "{a}" * 33_000 + '"',
    "stars": "from torch.nn import *\n" * 4_000,
}


@pytest.mark.parametrize("name", sorted(RIDDLES))
def test_any_source_is_scanned_or_unread(name: str) -> None:
    spellings = {f"torch.nn.name{i}": f"torch.nn.name{i}" for i in range(300)}

    def scan() -> None:
        with contextlib.suppress(Unread):
            refused_in(RIDDLES[name][:MAX_CHARS], spellings, {})

    assert bounded(scan) == ""


@pytest.mark.parametrize("name", sorted(DEEP))
def test_any_source_is_judged(name: str) -> None:
    def judged() -> None:
        own = submitted(SCALE, LAYER, cell(f"{DEEP[name]}\nx = 1"))
        assert judge(own).points == 7.0
        assert judge(submitted(f"{SCALE}\nx = lambda: 0\n{DEEP[name]}")).points >= 4.0

    assert bounded(judged) == ""


# --- the wire -----------------------------------------------------------------------------------


def header(value: Any, payload: bytes = b"", **more: Any) -> bytes:
    body = {"type": "Done", "value": value} | more
    return framed(msgspec.msgpack.encode({"id": "id", "body": body}), payload)


def nested(depth: int, tag: str) -> Any:
    value: Any = None
    for _ in range(depth):
        value = [tag, [value]]
    return value


FRAMES: dict[str, Callable[[], bytes]] = {
    "nothings": lambda: header(["l", [None] * 1_000_000]),
    "lists": lambda: header(["l", [["l", []]] * 250_000]),
    "as many lists as may be": lambda: header(["l", [["l", []]] * 99_000]),
    "tensors without numbers": lambda: header(["l", [["t", "bool", [0]]] * 90_000]),
    "tensors of one number": lambda: header(["l", [["t", "uint8", [1]]] * 90_000], bytes(90_000)),
    "large tensors": lambda: header(["t", "uint8", [60 * 2**20]], bytes(60 * 2**20)),
    "empty tensors as large as the earth": lambda: header(["t", "bool", [2**31 - 1] * 15 + [0]]),
    "an empty tensor with a large sum": lambda: header(["t", "float64", [2**30, 0]]),
    "negative sizes": lambda: header(["t", "float64", [-1, -1]]),
    "deep lists": lambda: header(nested(300, "l")),
    "deeper lists": lambda: framed(
        b"\x82\xa2id\xa0\xa4body\x82\xa4type\xa4Done\xa5value" + b"\x92\xa1l\x91" * 100_000, b""
    ),
    "deep arrays": lambda: framed(b"\x91" * 1_000_000, b""),
    "a long string": lambda: header("x" * 1_000_000),
    "keys": lambda: header(["d", {f"{i:06d}": None for i in range(99_000)}]),
    "one key again and again": lambda: framed(
        b"\x82\xa2id\xa0\xa4body\x82\xa4type\xa4Done\xa5value\x92\xa1d\xdf\x00\x03\x0d\x40"
        + b"\xa1a\xc0" * 200_000,
        b"",
    ),
    "fields": lambda: header(["r", 1, "R", [f"f{i}" for i in range(49_000)], [None] * 49_000]),
    "changes": lambda: header(None, changed=[2**63] * 100_000),
    "a length that is none": lambda: b"\xff\xff\xff\xff" + bytes(2**20),
}


@pytest.mark.parametrize("name", sorted(FRAMES))
def test_any_frame_is_a_value_or_an_error(name: str) -> None:
    def decode() -> None:
        try:
            value, _ = decoded(FRAMES[name]())
        except values.WireError:
            return
        assert len(describe(value)) < 500
        assert len(explained(AttributeError("x", name="y"), "f", value)) < 1_000
        if isinstance(value, torch.Tensor):
            value.sum(-1)

    assert bounded(decode) == ""


def test_a_record_of_many_fields_is_read_in_linear_time() -> None:
    def read() -> None:
        fields = [f"f{i}" for i in range(45_000)]
        record = as_record(values.RecordV(1, "R", fields, []), [0] * len(fields))
        assert record._replace(f9=1).f9 == 1
        with contextlib.suppress(CheckFailure):
            record.nothing  # noqa: B018

    assert bounded(read) == ""


# --- what is said -------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", ['File "<cell ', 'File "<cell a>", line 9', "\x1b[2J", "a ", "\n"])
def test_any_failure_is_told(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))

    def tell() -> None:
        words = NotebookWords(pair(outline(SOURCE), submitted()))
        failure = wire.Failure(text, text, text, "scale", -(2**60), text, text)
        failure = replace(failure, cell=text, way=[(text, -(2**60))] * 20)
        words.where(failure), words.why(failure)
        assert len(plain(words.told("scale", failure), 8_000)) < 9_000
        assert len(explained(ValueError(text), "f", None)) < 1_000

    assert bounded(tell) == ""


def test_a_right_notebook_of_every_size_is_right() -> None:
    assert bounded(lambda: judge(v4.new_notebook(cells=many("x = 1").cells)).points) == ""
