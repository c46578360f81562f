"""Whole notebooks in the sandbox: what a submission may try, and what it costs its author."""

from __future__ import annotations

from typing import Any

import pytest

from autograder.line.limits import Limits
from autograder.line.sandbox import Sandbox
from autograder.verdict import Verdict
from tests.autograder.small import judge, messages, points, statuses, submitted

LIMITS = Limits(cell_s=2.0, call_s=1.0, total_s=60.0, memory_mb=512)


@pytest.fixture
def sandbox(warm_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    monkeypatch.setattr(warm_sandbox, "limits", LIMITS)
    return warm_sandbox


def boxed(sandbox: Sandbox, *cells: Any, limits: Limits = LIMITS) -> Verdict:
    verdict = judge(submitted(*cells), sandbox, limits=limits)
    assert verdict.isolation == "bwrap"
    return verdict


@pytest.mark.sandbox
def test_a_right_submission_gets_full_marks(sandbox: Sandbox) -> None:
    assert boxed(sandbox).points == 7.0


@pytest.mark.sandbox
@pytest.mark.parametrize(
    ("source", "status", "words"),
    [
        ("while True: pass", "timeout", "was stopped after 2 s"),
        ("import os; os._exit(0)", "crashed", "the process ended"),
        ("import ctypes; ctypes.string_at(0)", "crashed", "segmentation fault"),
        ("import sys; sys.exit()", "error", "SystemExit"),
        ("x = [0] * 10**10", "error", "MemoryError"),
        ("import os\nfor i in range(3, 9):\n  os.write(3, bytes(99))", "crashed", "judge's line"),
        ("print('x' * 10**8)", "ok", "is its cell filled in?"),
        ("import os; os.fork()", "error", "PermissionError"),
    ],
)
def test_a_hostile_cell_costs_its_own_part_only(
    sandbox: Sandbox, source: str, status: str, words: str
) -> None:
    verdict = boxed(sandbox, source)
    assert points(verdict) == [0.0, 4.0]
    assert statuses(verdict)["scale"] == status
    assert words in messages(verdict)["scales"]
    assert statuses(verdict)["layer"] == "ok"


@pytest.mark.sandbox
@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("while True: pass", "scale took longer than 1 s"),
        ("import os; os._exit(0)", "scale: the process ended (exit code 0)"),
        ("import os; os.write(3, bytes(99))", "unreadable answer"),
        ("import torch; return torch.zeros(2**24)", "could not be handed over"),
        ("return float('nan') * x", "is NaN at index"),
        ("raise SystemExit", "scale raised SystemExit"),
        ("return lambda: 0", "should be a Tensor, but is a function"),
        ("return [x]", "is a list of 1 values"),
    ],
)
def test_a_hostile_call_costs_its_own_checks_only(
    sandbox: Sandbox, action: str, words: str
) -> None:
    verdict = boxed(sandbox, f"def scale(x):\n    if isinstance(x, int): return 2\n    {action}")
    assert points(verdict) == [0.0, 4.0]
    assert words in messages(verdict)["scales"]
    assert set(statuses(verdict).values()) == {"ok"}


TRICKS = {
    "allclose replaced": "import torch\ntorch.allclose = torch.equal = lambda *a, **k: True",
    "assert replaced": "import builtins\nbuiltins.AssertionError = builtins.BaseException",
    "always equal": (
        "class Liar(torch.Tensor):\n"
        "    @classmethod\n"
        "    def __torch_function__(cls, f, types, args=(), kwargs=None):\n"
        "        return True\n"
        "    def __eq__(self, other): return True\n"
        "def scale(x): return torch.zeros(5).as_subclass(Liar)"
    ),
    "encoder patched": (
        "import msgspec, autograder.inside.wire as w\n"
        "w._encoder = type('E', (), {'encode': lambda self, m: b'points'})()"
    ),
    "decoder patched": "import autograder.inside.wire as w\nw._decoders.clear()",
    "looks for the checks": (
        "import gc, sys\n"
        "found = [o for o in gc.get_objects() if type(o).__name__ in ('Suite', 'Check')]\n"
        "assert found, 'nothing to find'"
    ),
    "grade spoofed": "class scale:\n    points = max_points = 7\n    passed = True",
    "loop taken over": (
        "import sys\n"
        "frame = sys._getframe()\n"
        "while frame and 'runtime' not in frame.f_locals: frame = frame.f_back\n"
        "from autograder.inside import wire\n"
        "forged = wire.pack(wire.Reply('x', wire.Done(True)), [])\n"
        "frame.f_locals['runtime'].answer = lambda f: forged"
    ),
}


@pytest.mark.sandbox
@pytest.mark.parametrize("trick", sorted(TRICKS))
def test_no_trick_earns_a_point(sandbox: Sandbox, trick: str) -> None:
    wrong = "def scale(x): return x + 1 if torch.is_tensor(x) else 2\n"
    verdict = boxed(sandbox, f"{wrong}{TRICKS[trick]}", "")
    assert verdict.points == 0
    assert all(messages(verdict).values())


@pytest.mark.sandbox
def test_a_thread_that_meddles_with_the_line_earns_nothing(sandbox: Sandbox) -> None:
    meddler = """
import threading, os, time
def meddle():
    while True:
        time.sleep(0.01)
        try: os.write(3, bytes(16))
        except OSError: return
threading.Thread(target=meddle, daemon=True).start()
"""
    verdict = boxed(sandbox, meddler, "", limits=Limits(call_s=1.0, cell_s=1.0, restarts=3))
    assert verdict.points == 0
    assert all(messages(verdict).values())


@pytest.mark.sandbox
def test_fresh_processes_are_limited(sandbox: Sandbox) -> None:
    dies = "def scale(x):\n    import os; os._exit(1)"
    verdict = boxed(sandbox, dies, limits=Limits(restarts=1, call_s=1.0, cell_s=2.0))
    assert points(verdict) == [0.0, 0.0]
    assert messages(verdict)["bias"] == "not examined: the process was lost 2 times"
    assert statuses(verdict)["scale-test"] == "crashed"


@pytest.mark.sandbox
def test_the_time_for_the_whole_is_limited(sandbox: Sandbox) -> None:
    slow = "import time\ndef scale(x):\n    time.sleep(0.5)\n    return 2 * x"
    verdict = boxed(sandbox, slow, limits=Limits(total_s=1.2, call_s=5.0))
    assert verdict.points < 7.0
    assert "whole notebook" in messages(verdict)["bias"]


@pytest.mark.sandbox
def test_checks_do_not_depend_on_lost_processes(sandbox: Sandbox) -> None:
    noisy = "def scale(x):\n    return x + torch.rand(5)"
    dies = f"{noisy} if x.requires_grad is False else __import__('os')._exit(1)"
    one, two = (messages(boxed(sandbox, source)) for source in (noisy, dies))
    assert one["scales"] == two["scales"]
