"""Whole notebooks: every submission gets the mark it earned and a reason."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import nbformat.v4 as v4
import pytest
import torch

from autograder.checks import Student, Suite, expect_close
from autograder.errors import AutograderError
from autograder.judge import judge_notebook, plain
from autograder.limits import Limits
from autograder.sandbox import Sandbox
from autograder.transport import LocalSpawner, Spawner
from autograder.verdict import Verdict, decode, encode

suite = Suite("small", refuse=["torch.nn.Linear", "torch.nn.RNN", "torch.nn.RNNBase"])


@suite.check("scale-test", points=2, title="multiplies by two")
def scales(student: Student, rng: torch.Generator) -> None:
    x = torch.randn(5, generator=rng)
    expect_close(student.scale(x), 2 * x, atol=1e-6, hint="Is the factor right?")


@suite.check("scale-test", points=1, title="passes the gradient on")
def scale_gradient(student: Student, rng: torch.Generator) -> None:
    x = torch.randn(5, generator=rng, requires_grad=True)
    student.scale(x).sum().backward()
    expect_close(x.grad, torch.full((5,), 2.0), atol=1e-6)


@suite.check("layer-test", points=3, title="is affine")
def affine(student: Student, rng: torch.Generator) -> None:
    layer = student.Layer(3, 2)
    x = torch.randn(4, 3, generator=rng)
    state = layer.state_dict()
    expect_close(layer(x), x @ state["w"].T + state["b"], atol=1e-6)


@suite.check("layer-test", points=1, title="has a bias that starts at zero")
def bias(student: Student, rng: torch.Generator) -> None:
    expect_close(student.Layer(3, 2).state_dict()["b"], torch.zeros(2), atol=0)


SCALE = "def scale(x):\n    return 2 * x"
LAYER = """
class Layer(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.w = nn.Parameter(torch.randn(o, i))
        self.b = nn.Parameter(torch.zeros(o))

    def forward(self, x):
        return x @ self.w.T + self.b
"""


def cell(source: str, grade_id: str = "", **meta: Any) -> Any:
    nbgrader = {"grade_id": grade_id, "solution": False, "grade": False} | meta
    return v4.new_code_cell(source, metadata={"nbgrader": nbgrader} if grade_id else {})


def notebook(scale: str, layer: str, *, scale_test: str, before: tuple[Any, ...] = ()) -> Any:
    return v4.new_notebook(
        cells=[
            cell("import torch\nfrom torch import nn"),
            *before,
            cell(scale, "scale", solution=True),
            cell(scale_test, "scale-test", grade=True, points=3),
            cell(layer, "layer", solution=True),
            cell("print(Layer(1, 1))", "layer-test", grade=True, points=4),
        ]
    )


VISIBLE = "assert scale(1) == 2"
SOURCE = notebook(
    SCALE,
    LAYER,
    scale_test=f"{VISIBLE}\n### BEGIN HIDDEN TESTS\nsecret_line()\n### END HIDDEN TESTS",
)


def submitted(scale: str = SCALE, layer: str = LAYER, *before: Any, test: str = VISIBLE) -> Any:
    return notebook(scale, layer, scale_test=test, before=before)


def judge(
    submission: Any, sandbox: Spawner | None = None, seed: int = 1, limits: Limits | None = None
) -> Verdict:
    verdict = judge_notebook(
        SOURCE,
        submission,
        suite,
        sandbox or LocalSpawner(),
        student="ada",
        assignment="a1",
        notebook="a1",
        seed=seed,
        fingerprint="f",
        limits=limits,
    )
    assert decode(encode(verdict)) == verdict
    assert "secret_line" not in encode(verdict).decode()
    return verdict


def points(verdict: Verdict) -> list[float]:
    return [part.points for part in verdict.parts]


def messages(verdict: Verdict) -> dict[str, str]:
    return {check.name: check.message for part in verdict.parts for check in part.checks}


def statuses(verdict: Verdict) -> dict[str, str]:
    return {done.cell_id: done.status for done in verdict.cells}


# --- in this process: what the judge decides ---


def test_a_right_submission_gets_everything() -> None:
    verdict = judge(submitted())
    assert verdict.points == verdict.max_points == 7.0
    assert set(statuses(verdict).values()) == {"ok"}
    assert verdict.problems == []
    assert verdict.isolation == "none"
    assert (verdict.student, verdict.assignment, verdict.fingerprint) == ("ada", "a1", "f")
    assert verdict.cells[-1].stdout == "Layer()\n"


def test_credit_is_per_check() -> None:
    verdict = judge(
        submitted("def scale(x):\n    return 2 * x + 1", LAYER.replace("zeros", "ones"))
    )
    assert points(verdict) == [1.0, 3.0]
    assert "differs by up to 1 at index" in messages(verdict)["scales"]
    assert messages(verdict)["scales"].endswith("Is the factor right?")
    assert messages(verdict)["scale_gradient"] == ""


def test_the_same_seed_gives_the_same_verdict() -> None:
    wrong = submitted("def scale(x):\n    return x + torch.rand(5)")
    assert messages(judge(wrong)) == messages(judge(wrong))
    assert messages(judge(wrong)) != messages(judge(wrong, seed=2))


def test_a_blank_submission_is_told_what_is_missing() -> None:
    verdict = judge(submitted("# YOUR CODE HERE\nraise NotImplementedError()", ""))
    assert verdict.points == 0
    assert messages(verdict)["scales"] == (
        "`scale` is not defined: its cell `scale` is not filled in yet"
    )
    assert messages(verdict)["bias"] == "`Layer` is not defined: is its cell filled in?"


def test_one_broken_cell_costs_only_what_depends_on_it() -> None:
    verdict = judge(submitted("def scale(x:\n"))
    assert points(verdict) == [0.0, 4.0]
    assert statuses(verdict)["scale"] == "error"
    assert "SyntaxError" in messages(verdict)["scales"]
    assert "SyntaxError" in next(c.error for c in verdict.cells if c.cell_id == "scale")


def test_a_helper_outside_the_solution_cells_is_explained() -> None:
    helper = cell("def helper(x): return 2 * x")
    verdict = judge(submitted("def scale(x):\n    return helper(x)", LAYER, helper))
    assert points(verdict) == [0.0, 4.0]
    assert (
        "`helper` is defined in a cell of your own, which grading does not run; "
        "move it into the cell `scale`"
    ) in messages(verdict)["scales"]
    at_top = judge(submitted(f"helper(1)\n{SCALE}", LAYER, helper))
    assert "move it into the cell `scale`" in messages(at_top)["scales"]


def test_cells_added_by_the_student_do_not_run() -> None:
    verdict = judge(submitted("", LAYER, cell("def scale(x): return 2 * x")))
    assert points(verdict) == [0.0, 4.0]
    assert "cell of your own" in messages(verdict)["scales"]


def test_edited_and_deleted_tests_change_nothing() -> None:
    edited = judge(submitted("def scale(x): return x", test="pass"))
    assert points(edited) == [0.0, 4.0]
    assert edited.problems == ["the test cell `scale-test` was changed; the original was used"]
    assert statuses(edited)["scale-test"] == "error"
    deleted = submitted()
    deleted.cells = [c for c in deleted.cells if "test" not in str(c.metadata)]
    verdict = judge(deleted)
    assert verdict.points == 7.0
    assert len(verdict.problems) == 2


def test_differing_twins_count_for_nothing_and_the_rest_still_does() -> None:
    verdict = judge(submitted(SCALE, LAYER, cell("x = 1", "scale", solution=True)))
    assert points(verdict) == [0.0, 4.0]
    assert "differ" in verdict.problems[0]
    assert statuses(verdict)["scale"] == "missing"
    assert "missing or unclear" in messages(verdict)["scales"]


def test_a_notebook_without_metadata_is_one_clear_problem() -> None:
    verdict = judge(v4.new_notebook(cells=[cell(SCALE), cell(LAYER)]))
    assert verdict.points == 0
    assert len(verdict.problems) == 1
    assert all(messages(verdict).values())


@pytest.mark.parametrize(
    "source",
    [
        "Layer = nn.Linear",
        "class Layer(nn.Linear): pass",
        "from torch.nn import Linear as Layer",
        "Layer = getattr(nn, 'Linear')",
    ],
)
def test_ready_made_layers_are_refused_by_name(source: str) -> None:
    verdict = judge(submitted(layer=source))
    assert points(verdict) == [3.0, 0.0]
    assert messages(verdict)["bias"] == (
        "cell layer, line 1: torch.nn.Linear is ready made; "
        "this exercise is about writing it yourself"
    )


def test_ready_made_layers_are_refused_at_run_time() -> None:
    hidden = "Layer = vars(nn)['Lin' + 'ear']"
    verdict = judge(submitted(layer=hidden))
    assert points(verdict) == [3.0, 0.0]
    assert "ready made" in messages(verdict)["bias"]


def test_control_characters_do_not_get_out() -> None:
    verdict = judge(submitted("print('\\x1b[31mred\\x07')\nraise ValueError('\\x1b]0;title\\x07')"))
    assert "\\u001b" not in encode(verdict).decode()
    assert "ValueError" in messages(verdict)["scales"]
    assert plain("a\x1b\n\tb", 10) == "a\n\tb"
    assert plain("x" * 11, 10) == "x" * 10 + " [...]"


def test_suite_and_source_must_agree() -> None:
    few = Suite("few")
    few.check("scale-test", points=1, title="t")(scales)
    with pytest.raises(AutograderError, match="worth 3 points and its checks 1"):
        judge_with(few)
    stray = Suite("stray")
    stray.check("nowhere", points=1, title="t")(scales)
    with pytest.raises(AutograderError, match="'nowhere', which is no graded cell"):
        judge_with(stray)


def judge_with(other: Suite) -> Verdict:
    return judge_notebook(
        SOURCE,
        submitted(),
        other,
        LocalSpawner(),
        student="",
        assignment="",
        notebook="",
        seed=0,
        fingerprint="",
    )


# --- in the sandbox: what a submission may try ---

LIMITS = Limits(cell_s=2.0, call_s=1.0, total_s=60.0, memory_mb=512)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(LIMITS) as started:
        yield started


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
        "import msgspec, autograder.wire as w\n"
        "w._encoder = type('E', (), {'encode': lambda self, m: b'points'})()"
    ),
    "decoder patched": "import autograder.wire as w\nw._decoders.clear()",
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
        "from autograder import wire\n"
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
