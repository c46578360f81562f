"""The runtime answers, reports and never raises, whatever a cell does."""

from __future__ import annotations

import sys

import pytest

from autograder.inside import wire
from autograder.inside.cells import CappedText
from autograder.inside.runtime import Runtime
from autograder.inside.source import without_magics
from autograder.line.local import LocalTransport


@pytest.fixture
def line() -> LocalTransport:
    return LocalTransport()


def run(line: LocalTransport, source: str, cell: str = "part") -> wire.Done | wire.Failure:
    return line.request(wire.Exec(cell, source), timeout=5.0)[0]


def test_cells_share_a_namespace_that_looks_like_main(line: LocalTransport) -> None:
    before = sys.modules["__main__"]
    assert isinstance(run(line, "x = 2\nassert __name__ == '__main__'"), wire.Done)
    done = run(
        line,
        "import dataclasses, sys, typing\n"
        "@dataclasses.dataclass\nclass P:\n    a: 'int' = 1\n"
        "class N(typing.NamedTuple):\n    a: int\n"
        "assert typing.get_type_hints(P) == {'a': int}\n"
        "assert sys.modules['__main__'].x == 2\n"
        "print(x + P().a + N(4).a)",
    )
    assert done == wire.Done(stdout="7\n")
    assert sys.modules["__main__"] is before


def test_a_failure_shows_the_cells_and_nothing_of_ours(line: LocalTransport) -> None:
    run(line, "def f(x):\n    return 1 / x", "first")
    failure = run(line, "y = 1\nf(0)", "second")
    assert isinstance(failure, wire.Failure)
    assert (failure.kind, failure.cell, failure.line) == ("ZeroDivisionError", "first", 2)
    assert "return 1 / x" in failure.traceback
    assert '"<cell second>", line 2' in failure.traceback
    assert "runtime.py" not in failure.traceback


def test_syntax_errors_have_a_place(line: LocalTransport) -> None:
    failure = run(line, "x = 1\ndef f(:\n    pass")
    assert isinstance(failure, wire.Failure)
    assert (failure.kind, failure.cell, failure.line) == ("SyntaxError", "part", 2)
    assert "^" in failure.traceback


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("raise SystemExit(0)", "SystemExit"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("def f(): f()\nf()", "RecursionError"),
        ("nope", "NameError"),
        ("class E(Exception):\n def __str__(self): raise SystemExit\nraise E", "E"),
        ("raise type('E' * 9999, (Exception,), {})('m' * 10**6)", "E" * 100),
        ("x = '\\ud800'\nraise ValueError(x)", "ValueError"),
        ("\x00", "SyntaxError"),
    ],
)
def test_whatever_is_raised_becomes_a_failure(source: str, kind: str) -> None:
    failure = run(LocalTransport(Runtime()), source)
    assert isinstance(failure, wire.Failure)
    assert failure.kind == kind
    assert len(failure.message) <= 2_000
    assert len(failure.traceback) <= 6_000


def test_ctrl_c_reaches_the_student_at_their_own_terminal(line: LocalTransport) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(line, "raise KeyboardInterrupt")


def test_output_is_kept_up_to_a_limit() -> None:
    line = LocalTransport(Runtime(output_chars=10))
    done = run(line, "import sys\nprint('abc')\nprint('x' * 10**6, file=sys.stderr)")
    assert done.stdout.startswith("abc\nxxxxxx\n[999995 more")
    failure = run(line, "print('before')\n1/0")
    assert failure.stdout.startswith("before")


def test_capped_text_counts_what_it_drops() -> None:
    text = CappedText(3)
    assert text.write("ab") == 2
    assert text.write("cdef") == 4
    assert text.text() == "abc\n[3 more characters not kept]"


def test_notebook_commands_are_skipped_and_named(line: LocalTransport) -> None:
    done = run(line, "%matplotlib inline\nif True:\n    !ls\nx = 5 % 3\nprint(x)")
    assert isinstance(done, wire.Done)
    assert done.stdout.splitlines() == [
        "[notebook command skipped: %matplotlib inline]",
        "[notebook command skipped: !ls]",
        "2",
    ]
    plain = "x = '''\n%not a command\n'''"
    assert without_magics(plain) == (plain, "")


def test_lines_keep_their_numbers_around_notebook_commands(line: LocalTransport) -> None:
    failure = run(line, "%time 1\n\n1 / 0")
    assert failure.line == 3


def test_a_missing_name_is_named(line: LocalTransport) -> None:
    body, _ = line.request(wire.Get("RNNCell"), timeout=1.0)
    assert isinstance(body, wire.Failure)
    assert (body.kind, body.name) == ("NameError", "RNNCell")


def test_a_result_that_cannot_cross_is_a_failure() -> None:
    line = LocalTransport(Runtime(max_reply=2**20))
    run(line, "import torch\nbig = torch.zeros(2**20)\nmany = [1] * 2_000_000")
    for name in ("big", "many"):
        body, _ = line.request(wire.Get(name), timeout=1.0)
        assert isinstance(body, wire.Failure)
        assert body.kind == "WireError"


def test_the_seed_makes_every_generator_repeat(line: LocalTransport) -> None:
    source = (
        "import random, torch, numpy\nprint(random.random(), torch.rand(1), numpy.random.rand())"
    )
    outputs = []
    for _ in range(2):
        line.request(wire.Seed(5), timeout=1.0)
        outputs.append(run(line, source).stdout)
    assert outputs[0] == outputs[1]


def test_refused_layers_raise_in_cells_only(line: LocalTransport) -> None:
    import torch

    line.request(wire.Refuse({"torch.nn.RNN": "torch.nn.RNN"}), timeout=1.0)
    failure = run(line, "import torch\ntorch.nn.RNN(2, 3)")
    assert "ready made" in failure.message
    torch.nn.RNN(2, 3)  # the judge's own still works


MAKER = """
import weakref

class A:
    pass

def make():
    global reference
    made = A()
    reference = weakref.ref(made)
    return made
"""


def test_forgotten_objects_are_let_go(line: LocalTransport) -> None:
    run(line, MAKER)
    make = line.request(wire.Get("make"), 1.0)[0].value
    made = line.request(wire.Call(make.id, [], {}, False), 1.0)[0].value
    assert isinstance(run(line, "assert reference() is not None"), wire.Done)
    line.request(wire.Seed(0), 1.0, forget_handles=[made.id])
    assert isinstance(run(line, "import gc; gc.collect(); assert reference() is None"), wire.Done)


def test_a_failure_tells_the_cells_that_it_came_through() -> None:
    line = LocalTransport()
    run(line, "def given(x):\n    return x.shape", cell="helper")
    run(line, "def answer(x):\n    y = x\n    return given(y)", cell="answer")
    failure = run(line, "\nanswer(1)", cell="tests")
    assert isinstance(failure, wire.Failure)
    assert (failure.cell, failure.line) == ("helper", 2)
    assert failure.way == [("tests", 2), ("answer", 3), ("helper", 2)]
    run(line, "def down(n):\n    return down(n - 1) if n else given(n)", cell="deep")
    failure = run(line, "down(500)", cell="tests")
    assert isinstance(failure, wire.Failure)
    assert failure.way == [("deep", 2)] * 19 + [("helper", 2)]
